import Raft
import RaftCore
import RaftTestSupport
import RaftTransport
import Testing

@Suite("Leaders that go")
struct SuccessionTests {
    @Test("a leader hands its office to whom it is told to")
    func transfer() async throws {
        let cluster = try await TestCluster.started(size: 3)
        for _ in 0..<3 {
            let leader = try #require(try await cluster.leader())
            let target = try #require(cluster.members.last { $0 != leader.identity.node })
            let term = leader.status.consensus.term
            #expect(await leader.transfer(to: target, timeout: .seconds(30)) == target)
            #expect(try await cluster.append("\(target)") != nil)
            let successor = try #require(cluster.node(target))
            #expect(successor.status.consensus.role == .leader)
            #expect(successor.status.consensus.term == term.next)  // one election, which nobody contested
        }
        await cluster.stopAll()
    }

    @Test("a transfer to somebody who can't take over leaves the leader where it is")
    func vainTransfer() async throws {
        let cluster = try await TestCluster.started(size: 3)
        let leader = try #require(try await cluster.leader())
        #expect(await leader.transfer(to: NodeID(9), timeout: .seconds(30)) == nil)
        #expect(leader.status.consensus.role == .leader)
        let follower = try #require(cluster.running.first { $0.identity.node != leader.identity.node })
        #expect(await follower.transfer(timeout: .seconds(30)) == leader.identity.node)
        await cluster.stopAll()
    }

    /// The election timeout is so long that a test which waits for one does not end well.
    @Test("a leader that shuts down in good order leaves a successor behind")
    func handOver() async throws {
        let cluster = try await TestCluster.started(size: 3, patience: .seconds(3))
        let leader = try #require(try await cluster.leader())
        #expect(try await cluster.append("a") == 1)
        let term = leader.status.consensus.term
        await cluster.stop(leader.identity.node, handingOver: true)
        // No pause at all: when the old leader is gone, the new one serves already.
        let successor = try #require(cluster.running.first { $0.status.consensus.role == .leader })
        #expect(successor.status.consensus.term == term.next)
        #expect(try await successor.propose(Array("b".utf8), timeout: .seconds(2)) == 2)
        await cluster.stopAll()
    }

    @Test("a leader without anybody to hand over to shuts down all the same")
    func handOverToNobody() async throws {
        let cluster = try await TestCluster.started(size: 1)
        #expect(try await cluster.append("a") == 1)
        await cluster.stop(NodeID(1), handingOver: true)
        await cluster.stopAll()
    }

    /// The second member, left to itself, helps nobody to replace the first one for half a minute. The third one has a
    /// shorter election timeout, so that a split vote does not take as long.
    @Test("when the leader's process ends, the others don't wait out the election timeout")
    func connectionsCut() async throws {
        let cluster = try await TestCluster(size: 3)
        let leader = try await cluster.start(NodeID(1))
        try await cluster.start(NodeID(2), patience: .seconds(30))
        try await cluster.start(NodeID(3), patience: .seconds(3))
        #expect(try await cluster.append("a") == 1)
        try #require(leader.status.consensus.role == .leader)
        await cluster.stop(NodeID(1))
        let others = cluster.running
        #expect(
            await eventually(within: .seconds(25)) {
                others.contains { $0.status.consensus.role == .leader }
            }
        )
        await cluster.stopAll()
    }
}
