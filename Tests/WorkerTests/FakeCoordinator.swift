import ClusterAPI
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

@testable import Worker

/// A server that takes registrations and heartbeats over real connections, and answers as a test says.
final class FakeCoordinator: Sendable {
    struct Call: Sendable {
        let path: String
        let key: String?
        let body: String
        let received = ContinuousClock.now

        func decoded<Body: Decodable>(_ type: Body.Type = Body.self) throws -> Body {
            try APIJSON.decode(type, from: self.body.utf8)
        }
    }

    let url: String
    private let server: Task<Void, any Error>
    private let calls: AsyncStream<Call>

    private final class Script: Sendable {
        let isUnknown = Atomic(false)
        /// Nothing but registrations is answered, as without a quorum.
        let isSilent = Atomic(false)
        /// Of heartbeats; 0 for none.
        let leaseMilliseconds = Atomic<UInt32>(0)
        let assignments = Mutex<[String: Assignment]>([:])
    }

    private let script: Script

    init(interval: UInt32 = 1, leaseMilliseconds: UInt32? = nil) async throws {
        let (calls, continuation) = AsyncStream<Call>.makeStream()
        let script = Script()
        self.script = script
        self.calls = calls
        let router = Router()
        router.post("api/v1/cluster/workers/**") { request, _ -> Response in
            let body = String(buffer: try await request.body.collect(upTo: 1 << 20))
            let isRegistration = request.uri.path.hasSuffix("/register")
            // First, so that who hears of the registration may have it forgotten.
            if isRegistration { script.isUnknown.store(false, ordering: .relaxed) }
            continuation.yield(Call(path: request.uri.path, key: request.headers[KeyGate.header], body: body))
            if isRegistration {
                return .json(
                    .created,
                    RegisterResponse(
                        workerID: "w",
                        heartbeatIntervalSeconds: interval,
                        leaseMilliseconds: leaseMilliseconds
                    )
                )
            }
            guard !script.isSilent.load(ordering: .relaxed) else { return Self.noQuorum }
            if script.isUnknown.load(ordering: .relaxed) {
                return .json(.notFound, ErrorBody(error: "Worker not found", code: .status(404)))
            }
            let lease = script.leaseMilliseconds.load(ordering: .relaxed)
            return .json(.ok, HeartbeatResponse(confirmed: true, leaseMilliseconds: lease == 0 ? nil : lease))
        }
        router.get("api/v1/cluster/placements/:group/:pipeline") { request, context -> Response in
            guard !script.isSilent.load(ordering: .relaxed) else { return Self.noQuorum }
            let names = ["group", "pipeline"].map { context.parameters.get($0)?.removingPercentEncoding ?? "" }
            if let assignment = script.assignments.withLock({ $0[names.joined(separator: "/")] }) {
                return .json(.ok, assignment)
            }
            return .json(.notFound, ErrorBody(error: "Placement not found", code: .placementNotFound))
        }
        let listening = Promise<Int>()
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { listening.fulfil($0.localAddress?.port ?? 0) },
            logger: TestWorker.quiet
        )
        // Ends with the test: `stop` cancels it and waits for it.
        self.server = Task { try await application.run() }
        struct DoesNotStart: Error {}
        guard let port = await listening.value(within: .seconds(20)) else { throw DoesNotStart() }
        self.url = "http://127.0.0.1:\(port)"
    }

    private static var noQuorum: Response {
        .json(.misdirectedRequest, ErrorBody(error: "Not the leader coordinator", code: .notLeader))
    }

    /// Whether heartbeats and questions are answered from now on.
    func answers(_ isAnswering: Bool) {
        self.script.isSilent.store(!isAnswering, ordering: .relaxed)
    }

    /// What heartbeats are answered with from now on.
    func leases(milliseconds: UInt32) {
        self.script.leaseMilliseconds.store(milliseconds, ordering: .relaxed)
    }

    /// Gives a place to a worker's process, or to nobody.
    func assign(_ pipeline: String, of group: String, epoch: UInt64, to worker: RegisterRequest?) {
        let assignment = Assignment(
            groupID: group,
            pipeline: pipeline,
            epoch: epoch,
            workerID: worker?.workerID,
            incarnation: worker?.incarnation,
            status: .deploying
        )
        self.script.assignments.withLock { $0["\(group)/\(pipeline)"] = assignment }
    }

    /// From now on until the next registration, heartbeats are answered with 404.
    func forgetWorkers() {
        self.script.isUnknown.store(true, ordering: .relaxed)
    }

    func stop() async {
        self.server.cancel()
        _ = await self.server.result
    }

    /// The first call from now on that fits; nil when none comes in 20 seconds.
    func call(where fits: @escaping @Sendable (Call) -> Bool) async -> Call? {
        await withTaskGroup(of: Call?.self) { group in
            group.addTask {
                for await call in self.calls where fits(call) { return call }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(20))
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    func registration() async throws -> RegisterRequest? {
        try await self.call { $0.path.hasSuffix("/register") }?.decoded()
    }

    func heartbeat(
        where fits: @escaping @Sendable (HeartbeatRequest) -> Bool = { _ in true }
    ) async throws
        -> HeartbeatRequest?
    {
        let call = await self.call { call in
            guard call.path.hasSuffix("/heartbeat"), let beat = try? call.decoded(HeartbeatRequest.self) else {
                return false
            }
            return fits(beat)
        }
        return try call?.decoded()
    }
}
