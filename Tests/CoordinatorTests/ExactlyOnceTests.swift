import ClusterAPI
import NIOHTTP1
import RaftCore
import RaftTestSupport
import Synchronization
import Testing

/// Clients make a connector, numbered, and delete it again, over and over. A making that is lost, or a deletion that
/// takes effect twice or late, shows in the next answer: 404 instead of 200, or 409 instead of 201.
@Suite("Requests through members that lose their leader", .serialized)
struct ExactlyOnceTests {
    private static let connectors = "\(TestCoordinator.prefix)/connectors"

    /// What the clients saw.
    private final class Tally: Sendable {
        private struct State {
            var done = 0
            var unknown = 0
            var replayed = 0
            var isOver = false
        }
        private let state = Mutex(State())
        func countDone() { self.state.withLock { $0.done += 1 } }
        func countUnknown() { self.state.withLock { $0.unknown += 1 } }
        func countReplayed() { self.state.withLock { $0.replayed += 1 } }
        func end() { self.state.withLock { $0.isOver = true } }
        var done: Int { self.state.withLock { $0.done } }
        var unknown: Int { self.state.withLock { $0.unknown } }
        var replayed: Int { self.state.withLock { $0.replayed } }
        var isOver: Bool { self.state.withLock { $0.isOver } }
    }

    private struct Client {
        let name: String
        let isNaming: Bool
        let cluster: TestCoordinatorCluster
        let tally: Tally
        /// The members that are not stopped, so that no answer is lost between them and the client.
        let entrances: @Sendable () -> [TestCoordinator]

        func run() async throws {
            var number = 0
            while !self.tally.isOver {
                number += 1
                let body = """
                    {"name":"\(self.name)","connector_type":"http","params":{"url":"http://\(number)"}}
                    """
                guard try await self.ask(.POST, "", body, expecting: 201, number) else { return }
                guard try await self.ask(.DELETE, "/\(self.name)", nil, expecting: 200, number) else { return }
            }
        }

        /// False if nobody knows what became of the request.
        private func ask(
            _ method: HTTPMethod,
            _ path: String,
            _ body: String?,
            expecting status: Int,
            _ number: Int
        )
            async throws -> Bool
        {
            var headers: HTTPHeaders = [:]
            if self.isNaming { headers.add(name: "idempotency-key", value: "\(self.name)-\(method)-\(number)") }
            let deadline = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < deadline {
                guard let entrance = self.entrances().randomElement() else { continue }
                let answer = try await entrance.request(method, connectors + path, body, headers: headers)
                if answer.headers.first(name: "idempotency-replayed") != nil { self.tally.countReplayed() }
                switch answer.status {
                case 421, 503:
                    #expect(answer.error?.outcome == ErrorBody.Outcome.none, "\(answer.body)")
                    #expect(answer.headers.first(name: "retry-after") != nil)
                case 504:
                    #expect(answer.error?.outcome == .unknown)
                    self.tally.countUnknown()
                    if !self.isNaming { return false }
                default:
                    #expect(answer.status == status, "\(self.name) \(number) \(method): \(answer.body)")
                    self.tally.countDone()
                    return answer.status == status
                }
            }
            Issue.record("\(self.name) \(number) \(method): no answer")
            return false
        }
    }

    @Test(
        "each takes effect once and gets one answer, while leaders are stopped under them",
        arguments: [false, true]
    )
    func failover(isNaming: Bool) async throws {
        try await TestCoordinatorCluster.run { (cluster) async throws in
            let tally = Tally()
            // The member that is about to be stopped, or is.
            let avoided = Mutex<NodeID?>(try await cluster.leader())
            let entrances = { @Sendable in
                cluster.running.filter { $0.key != avoided.withLock { $0 } }.map(\.value)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<12 {
                    let client = Client(
                        name: "c\(number)",
                        isNaming: isNaming,
                        cluster: cluster,
                        tally: tally,
                        entrances: entrances
                    )
                    group.addTask { try await client.run() }
                }
                for _ in 0..<2 {
                    let leader = try await cluster.leader()
                    avoided.withLock { $0 = leader }
                    // Requests that came in at the leader itself have had their answer by then.
                    let before = tally.done
                    #expect(await eventually(within: .seconds(30)) { tally.done > before + 60 })
                    await cluster.stop(leader)
                    let without = tally.done
                    #expect(await eventually(within: .seconds(30)) { tally.done > without + 60 })
                    try await cluster.start(leader)
                }
                tally.end()
                try await group.waitForAll()
            }
            #expect(tally.done > 240)
            // Members that lose their leader find the next one within the time they take for it.
            #expect(tally.unknown <= 12, "\(tally.unknown) unknown")
            let left = try await cluster.follower(of: cluster.leader()).get(Self.connectors)
                .decoded(Page<Connector>.self)
            if tally.unknown == 0 { #expect(left.items.isEmpty) }
        }
    }
}
