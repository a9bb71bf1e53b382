import Coordinator
import RaftCore
import RaftTestSupport
import Testing

@Suite("Reads by the leader's lease", .serialized)
struct LeaseTests {
    private static let connectors = "\(TestCoordinator.prefix)/connectors"
    /// One path that the router answers, and one that is answered ahead of it.
    private static let paths = [connectors, "\(connectors)/c"]

    @Test("with leases, a leader that reaches nobody answers such reads, and those alone, until its lease ends")
    func leases() async throws {
        // Long enough for a busy machine, and so that a read times out before the lease does.
        let patience = Duration.seconds(3)
        try await TestCoordinatorCluster.run {
            $0.raft.allowsLeases = true
            $0.raft.electionTimeoutMin = patience
            $0.raft.electionTimeoutMax = patience * 2
        } _: { (cluster) async throws in
            let leader = try await cluster.leader()
            let coordinator = try #require(cluster.running[leader])
            try await Self.write(coordinator)
            for each in cluster.running.values {
                for path in Self.paths { #expect(try await each.get("\(path)?consistency=lease").status == 200) }
            }
            for member in cluster.members { cluster.mute(member) }
            for path in Self.paths {
                let answer = try await coordinator.get("\(path)?consistency=lease")
                #expect(answer.status == 200 && answer.body.contains(#""name":"c""#), "\(answer.body)")
            }
            for path in Self.paths { #expect(try await coordinator.get(path).status == 421) }
            for path in Self.paths { #expect(try await coordinator.get("\(path)?consistency=lease").status == 421) }
        }
    }

    @Test("without leases such reads are answered like any other, on every member")
    func noLeases() async throws {
        try await TestCoordinatorCluster.run { (cluster) async throws in
            let leader = try await cluster.leader()
            let coordinator = try #require(cluster.running[leader])
            try await Self.write(coordinator)
            for each in cluster.running.values {
                for path in Self.paths { #expect(try await each.get("\(path)?consistency=lease").status == 200) }
            }
            for member in cluster.members { cluster.mute(member) }
            for path in Self.paths { #expect(try await coordinator.get("\(path)?consistency=lease").status == 421) }
        }
    }

    private static func write(_ coordinator: TestCoordinator) async throws {
        let connector = #"{"name":"c","connector_type":"http","params":{"url":"http://h"}}"#
        #expect(try await coordinator.post(Self.connectors, connector).status == 201)
    }
}
