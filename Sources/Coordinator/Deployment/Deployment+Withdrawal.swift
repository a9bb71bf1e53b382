import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird

extension Deployment {
    /// Takes back a group of which not all runs, and returns what the sender is told.
    ///
    /// A second try comes here as well, by the same two commands: it finds its group gone, and is answered as the first
    /// one was.
    ///
    /// - Parameter group: nil if it is gone.
    /// - Parameter isOurs: whether this request created it. What was there before is left as it is.
    func withdraw(_ id: GroupID, _ group: ClusterState.Group?, isOurs: Bool) async throws -> APIError {
        let why = group.map(self.trouble) ?? "the group was deleted before all of it ran"
        guard isOurs else { return Self.failure(why + ". The group existed before, and was left as it is") }
        let failure = Self.failure(group == nil ? why : why + ". The group was withdrawn")
        let withdrawal = Submission(
            .command(.deleteGroup(.init(group: id, generation: group?.generation))),
            token: self.attempt?.nextToken(),
            answer: KeptAnswer(status: UInt32(failure.status.code), body: try APIJSON.encode(failure.body))
        )
        let receipt = try await self.plane.submit(withdrawal, for: self.attempt)
        switch self.plane.applied(receipt, concernsPlacements: true) {
        case .refused(.groupNotFound): return failure
        case let answer:
            try answer.check()
            return failure
        }
    }

    static func failure(_ why: String) -> APIError {
        APIError(.internalServerError, .deployFailed, "Pipeline deployment failed: \(why)")
    }

    /// Which pipeline does not run, and why: one that failed before one that is only slow.
    private func trouble(with group: ClusterState.Group) -> String {
        let laggards = group.placements.filter { $0.status != .running }
        guard let placement = laggards.first(where: { $0.status.isFailure }) ?? laggards.first else {
            return "the group ran only after the time for it was up"
        }
        let key = group.key(of: placement)
        guard let worker = placement.worker else { return "pipeline \(key.name): no worker has room for it" }
        let name = "pipeline \(key.name) on worker \(worker)"
        switch placement.status {
        case .failed(let reason): return "\(name): \(reason)"
        case .pending, .running, .stopped:
            let reason = self.plane.troubles.reason(for: key, at: placement.epoch)
            return "\(name) did not run in time" + (reason.map { ": \($0)" } ?? "")
        }
    }
}

extension ClusterState.Group {
    /// Whether all of it runs. A group without pipelines has nothing that could not.
    var isComplete: Bool { self.placements.allSatisfy { $0.status == .running } }
}

extension Deployment.Wishes {
    /// `?wait=` in seconds, and `?atomic=true`.
    init(_ request: Request) throws(APIError) {
        self.init()
        let query = request.uri.queryParameters
        if let text = query["wait"] {
            guard let seconds = Int(text), (0...Self.secondsMax).contains(seconds) else {
                throw APIError(.badRequest, "Invalid query parameters: wait is a number of seconds up to 60")
            }
            self.patience = .seconds(seconds)
        }
        switch query["atomic"] {
        case nil, "false": break
        case "true": self.isAtomic = true
        default: throw APIError(.badRequest, "Invalid query parameters: atomic is true or false")
        }
    }
}
