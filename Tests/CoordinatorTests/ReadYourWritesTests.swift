import ClusterAPI
import NIOHTTP1
import RaftTestSupport
import Testing

@Suite("Reads on every member", .serialized)
struct ReadYourWritesTests {
    private static let connectors = "\(TestCoordinator.prefix)/connectors"

    private static func body(_ name: String) -> String {
        #"{"name":"\#(name)","connector_type":"http","params":{"url":"http://h"}}"#
    }

    @Test("a write says where the log has it, and a read that wants that sees it on every member")
    func index() async throws {
        try await TestCoordinatorCluster.run { (cluster) async throws in
            let leader = try await cluster.leader()
            var last: UInt64 = 0
            // Frequent requests and named ones go different ways, at the leader and through another member.
            for coordinator in [cluster.running[leader], try cluster.follower(of: leader)] {
                for isNamed in [false, true] {
                    for _ in 0..<2 {  // a process's first write opens its session, on the slower way
                        let name = "c\(last)"
                        let written = try #require(
                            try await coordinator?.request(
                                .POST,
                                Self.connectors,
                                Self.body(name),
                                headers: isNamed ? ["Idempotency-Key": name] : [:]
                            )
                        )
                        #expect(written.status == 201)
                        let index = try #require(written.headers.first(name: "varpulis-index").flatMap { UInt64($0) })
                        #expect(index > last)
                        last = index
                        for other in cluster.running.values {
                            let seen = try await other.get("\(Self.connectors)/\(name)?min_index=\(index)")
                            #expect(seen.status == 200, "\(seen.body)")
                            let applied = seen.headers.first(name: "x-varpulis-applied-index").flatMap { UInt64($0) }
                            #expect((applied ?? 0) >= index)
                            #expect(try await other.get("\(Self.connectors)/\(name)").status == 200)
                        }
                    }
                }
            }
            let refused = try await cluster.follower(of: leader).request(.DELETE, "\(Self.connectors)/none")
            #expect(refused.status == 404)
        }
    }

    @Test("what is not there in time, or is no index, is refused")
    func beyond() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let beyond = try await coordinator.get("\(Self.connectors)?min_index=1000000")
            #expect(beyond.status == 504 && beyond.error?.code == .indexNotReached, "\(beyond.body)")
            #expect(beyond.headers.first(name: "retry-after") == "1")
            #expect(try await coordinator.get("\(Self.connectors)?min_index=x").status == 400)
            #expect(try await coordinator.get("\(TestCoordinator.prefix)/topology?min_index=1").status == 200)
        }
    }
}
