import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird

extension Routes {
    /// The keys in the replicated state: each holds on every member as soon as that has applied its entry, and holds no
    /// more as soon as it has applied its revocation.
    func addKeys(to router: RouterGroup<APIContext>) {
        let led = router.add(middleware: LeaderGate(plane: self.plane, readsAnywhere: true))
        led.post("keys") { request, context -> Response in
            try context.require(.admin)
            let wish = try await request.body(of: CreateKeyRequest.self)
            return .json(.created, try await self.createKey(wish, for: context.attempt))
        }
        led.get("keys") { request, context -> Response in
            try context.require(.admin)
            let state = try await self.state(for: request)
            return .json(.ok, Page(try request.page, of: state.keys.map(KeyInfo.init)))
        }
        led.delete("keys/:id") { _, context -> Response in
            try context.require(.admin)
            let id = KeyID(try context.parameter("id"))
            try await self.plane.propose(
                .revokeKey(.init(key: id)),
                for: context.attempt,
                answering: context.attempt?.answer(.ok, DeletedResponse())
            ).check()
            return .json(.ok, DeletedResponse())
        }
    }

    private func createKey(_ wish: CreateKeyRequest, for attempt: Attempt?) async throws -> KeyInfo {
        guard let role = Role(named: wish.role) else {
            throw APIError(.badRequest, "Invalid request body: `role` must be viewer, operator or admin")
        }
        let now = WallClock.milliseconds
        let expiry = try wish.expiresInSeconds.map { seconds throws(APIError) in
            guard (1...Self.lifeSecondsMax).contains(seconds) else {
                throw APIError(
                    .badRequest,
                    "Invalid request body: `expires_in_secs` must be 1 to \(Self.lifeSecondsMax)"
                )
            }
            return now + seconds * 1_000
        }
        while true {
            let key = try NewKey()
            var info = KeyInfo(
                id: key.id.rawValue,
                name: wish.name,
                role: role.name,
                createdMilliseconds: now,
                expiresMilliseconds: expiry
            )
            let answer = try await self.plane.propose(
                .putKey(
                    .init(
                        key: key.id,
                        name: wish.name,
                        role: role.stored,
                        verifier: key.verifier,
                        expiresMilliseconds: expiry
                    )
                ),
                for: attempt,
                // What is kept in the log for whoever asks again has no key in it.
                answering: attempt?.answer(.created, info)
            )
            try answer.check()
            if case .key(key.id, _) = answer {
                info.key = key.text
                return info
            }
            // An earlier try has put another key there, whose text is lost with that try.
            guard case .key(let lost, _) = answer else { throw APIError.unexpected }
            _ = try await self.plane.propose(.revokeKey(.init(key: lost)), for: attempt)
        }
    }

    /// A hundred years.
    private static let lifeSecondsMax: UInt64 = 100 * 366 * 86_400
}

extension KeyInfo {
    init(_ key: ClusterState.AccessKey) {
        self.init(
            id: key.id.rawValue,
            name: key.name,
            role: Role(key.role).name,
            createdMilliseconds: key.createdMilliseconds,
            expiresMilliseconds: key.expiresMilliseconds
        )
    }
}
