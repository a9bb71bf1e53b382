import ClusterAPI
import Coordinator
import RaftCore
import RaftTestSupport
import Testing

@Suite("Coordinators that leave")
struct LeavingTests {
    @Test("one that comes back without its disk ends, and says how to bring it back")
    func wiped() async throws {
        try await TestCoordinatorCluster.run { cluster in
            let leader = try await cluster.leader()
            let leading = try #require(cluster.running[leader])
            // The leader has met the others by now. It ties them to their disks with its next commit, and what is
            // committed after that is committed behind it.
            for name in ["a", "b", "c"] {
                let body = "{\"name\":\"\(name)\",\"connector_type\":\"http\",\"params\":{\"url\":\"http://x\"}}"
                #expect(try await leading.post("\(TestCoordinator.prefix)/connectors", body).status == 201)
            }
            let lost = try #require(cluster.members.last { $0 != leader })
            await cluster.stop(lost)
            try cluster.wipe(lost)
            try await cluster.start(lost)
            let failure = await cluster.running[lost]?.failure()
            #expect("\(failure ?? CancellationError())".contains("varpulis raft replace \(lost)"))
            #expect((failure as? Expulsion)?.reason == .otherDisk)
        }
    }
}
