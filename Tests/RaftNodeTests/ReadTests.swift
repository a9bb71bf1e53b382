import Raft
import RaftCore
import RaftTestSupport
import RaftTransport
import Testing

@Suite("Reads on every member")
struct ReadTests {
    @Test("a follower's read sees everything that was acknowledged before it began")
    func followers() async throws {
        let cluster = try await TestCluster.started(size: 3)
        let leader = try #require(try await cluster.leader())
        let followers = cluster.running.filter { $0.identity.node != leader.identity.node }
        for number in 1...50 {
            #expect(try await leader.propose(Array("\(number)".utf8), timeout: .seconds(30)) == number)
            let reader = followers[number % followers.count]
            #expect(try await reader.read(timeout: .seconds(30)).machine.items.count == number)
        }
        for node in cluster.running {
            let lease = try await node.read(.lease, timeout: .seconds(30))
            #expect(lease.machine.items.count == 50)
        }
        await cluster.stopAll()
    }

    @Test("a read can wait for an index, on any member")
    func index() async throws {
        let cluster = try await TestCluster.started(size: 3)
        let leader = try #require(try await cluster.leader())
        let reader = try #require(cluster.running.first { $0.identity.node != leader.identity.node })
        let before = leader.status.applied.index.rawValue
        async let reading = reader.read(atLeast: LogIndex(before + 30), timeout: .seconds(60))
        for number in 0..<30 { #expect(try await cluster.append("\(number)") != nil) }
        let found = try await reading
        #expect(found.index >= LogIndex(before + 30))
        // Nothing but these commands and the memberships that tie three members to their disks is in the log.
        #expect(found.machine.items.count >= 27)
        #expect(found.machine.items == (0..<found.machine.items.count).map(String.init))
        await #expect(throws: ReadError.timedOut) {
            try await reader.read(atLeast: LogIndex(1_000), timeout: .milliseconds(50))
        }
        await cluster.stopAll()
    }

    @Test("a member that is cut off from the others serves no reads but its own state")
    func alone() async throws {
        let cluster = try await TestCluster.started(size: 3)
        #expect(try await cluster.append("a") == 1)
        #expect(await cluster.agrees(on: ["a"]))
        let alone = try #require(cluster.running.first)
        for member in cluster.members where member != alone.identity.node { await cluster.stop(member) }
        await #expect(throws: ReadError.self) { try await alone.read(timeout: .seconds(3)) }
        #expect(await alone.local().machine.items == ["a"])
        await cluster.stopAll()
    }

    @Test("reads beyond the limit of open ones are refused at once, and served again when there is room")
    func overloaded() async throws {
        let cluster = try await TestCluster(size: 1)
        let node = try await cluster.start(NodeID(1), limits: { $0.openReadsMax = 2 })
        #expect(try await node.leader(waiting: .seconds(10)) == NodeID(1))
        #expect(try await node.propose(Array("a".utf8), timeout: .seconds(60)) == 1)
        // The entry that binds the member to its disk comes by itself, and must not be the one that is waited for.
        #expect(
            await eventually {
                let status = node.status.consensus
                return status.membership.members.first?.incarnation != nil && status.membershipIndex <= status.commit
            }
        )
        let next = await node.local().index.next
        async let first = node.read(atLeast: next, timeout: .seconds(300))
        async let second = node.read(atLeast: next, timeout: .seconds(300))
        #expect(await eventually { node.status.openReads == 2 })
        await #expect(throws: ReadError.overloaded) { try await node.read(timeout: .seconds(60)) }
        #expect(try await node.propose(Array("b".utf8), timeout: .seconds(60)) == 2)
        #expect(try await first.machine.items == ["a", "b"])
        #expect(try await second.machine.items == ["a", "b"])
        #expect(try await node.read(timeout: .seconds(60)).machine.items == ["a", "b"])
        await cluster.stopAll()
    }

    @Test("who waits for a leader, or for something to be applied, is refused beyond the limit")
    func overloadedWithWatchers() async throws {
        let cluster = try await TestCluster(size: 2)
        let node = try await cluster.start(NodeID(1), limits: { $0.openWatchersMax = 0 })
        await #expect(throws: ReadError.overloaded) { try await node.leader(waiting: .seconds(60)) }
        let next = LogIndex(1_000)
        await #expect(throws: ReadError.overloaded) { try await node.applied(beyond: next, waiting: .seconds(60)) }
        // What is known already takes no room.
        try await cluster.start(NodeID(2))
        #expect(await eventually { node.leadership.leader != nil && node.status.applied.index > .zero })
        #expect(try await node.leader(waiting: .seconds(60)) != nil)
        try await node.applied(beyond: .zero, waiting: .seconds(60))
        await cluster.stopAll()
    }

    @Test("proposals beyond the limit of open ones are refused for certain")
    func overloadedWithProposals() async throws {
        let cluster = try await TestCluster(size: 1)
        let node = try await cluster.start(NodeID(1), limits: { $0.openProposalsMax = 0 })
        #expect(try await node.leader(waiting: .seconds(60)) == NodeID(1))
        await #expect(throws: ProposalError.overloaded) { try await node.propose([], timeout: .seconds(60)) }
        await cluster.stopAll()
    }
}
