import Raft
import RaftCore
import RaftTestSupport
import RaftTransport
import Testing

@Suite("Members that come and go")
struct MembershipTests {
    /// Snapshots after a few entries, and a log that keeps next to nothing behind them.
    private static func small(_ settings: inout Settings) {
        settings.snapshotEntries = 20
        settings.trailingEntries = 2
    }

    private static func change(_ cluster: TestCluster, _ change: MembershipChange) async throws -> Membership {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let leader = try #require(try await cluster.leader())
            do throws(ProposalError) {
                return try await leader.change(change, timeout: .seconds(30))
            } catch {
                // Another change is under way: members met for the first time are tied to their disks.
                let isEarly = error == .changeRefused(.underWay) || error == .notAccepted(leader: nil)
                guard isEarly, ContinuousClock.now < deadline else { throw error }
                await Task.yield()
            }
        }
    }

    private static func settles(_ cluster: TestCluster, voters: [UInt32]) async -> Bool {
        await eventually(within: .seconds(60)) {
            cluster.running.allSatisfy { $0.membership.voters == .stable(voters.map { NodeID($0) }) }
        }
    }

    @Test("a new member gets a snapshot, catches up, and is promoted to a voter")
    func joins() async throws {
        let cluster = try await TestCluster.started(size: 3, configure: Self.small)
        var items: [String] = []
        for number in 0..<100 {
            items.append("\(number)")
            #expect(try await cluster.append("\(number)") != nil)
        }
        let leader = try #require(try await cluster.leader())
        #expect(await eventually { leader.status.consensus.base.index > LogIndex(50) })
        let address = try await cluster.prepare(NodeID(4))
        let begun = try await Self.change(
            cluster,
            .add(address, incarnation: nil, asVoter: true, replacing: nil)
        )
        #expect(begun.member(NodeID(4))?.address == address)
        #expect(begun.learners.map(\.id) == [NodeID(4)])
        let newcomer = try await cluster.start(NodeID(4))
        #expect(await Self.settles(cluster, voters: [1, 2, 3, 4]))
        #expect(await cluster.agrees(on: items))
        #expect(newcomer.status.snapshots.installed == 1)
        #expect(newcomer.membership.members.allSatisfy { $0.incarnation != nil })
        #expect(try await newcomer.read(timeout: .seconds(30)).machine.items == items)
        // Its word counts: with one of the first three away it takes all of the others.
        await cluster.stop(try #require(cluster.members.first { $0 != leader.identity.node }))
        #expect(try await cluster.append("more") == 101)
        await cluster.stopAll()
    }

    @Test("a learner receives the log and decides nothing, until it is promoted")
    func learner() async throws {
        let cluster = try await TestCluster.started(size: 1, configure: Self.small)
        #expect(try await cluster.append("a") == 1)
        let address = try await cluster.prepare(NodeID(2))
        _ = try await Self.change(cluster, .add(address, incarnation: nil, asVoter: false, replacing: nil))
        let learner = try await cluster.start(NodeID(2))
        #expect(await cluster.agrees(on: ["a"]))
        #expect(try await learner.read(timeout: .seconds(30)).machine.items == ["a"])
        #expect(learner.membership.voters == .stable([NodeID(1)]))
        await cluster.stop(NodeID(2))
        #expect(try await cluster.append("b") == 2)
        try await cluster.start(NodeID(2))
        _ = try await Self.change(cluster, .promote(NodeID(2)))
        #expect(await Self.settles(cluster, voters: [1, 2]))
        #expect(await cluster.agrees(on: ["a", "b"]))
        await cluster.stopAll()
    }

    @Test("a voter whose disk is lost is replaced by a new member, and stays out under its old id")
    func replaced() async throws {
        let cluster = try await TestCluster.started(size: 3, configure: Self.small)
        for number in 0..<60 { #expect(try await cluster.append("\(number)") != nil) }
        let leader = try #require(try await cluster.leader())
        #expect(await eventually { leader.membership.members.allSatisfy { $0.incarnation != nil } })
        let lost = try #require(cluster.members.last { $0 != leader.identity.node })
        await cluster.stop(lost)
        try cluster.wipe(lost)
        let wiped = try await cluster.start(lost)
        #expect(await eventually(within: .seconds(60)) { wiped.status.expulsion == .otherDisk })
        let sentence = "a wiped or restored disk must come back as a new member: varpulis raft replace \(lost)"
        let told = cluster.complaints.filter { $0.contains(sentence) }
        #expect(told.contains { $0.hasPrefix("turned away by a peer") })
        // Each of the others says it once, however often it is knocked at: it was told by both of them by now.
        #expect(told.filter { $0.hasPrefix("peer turned away") }.count <= 2)
        #expect(await wiped.local().machine.items.isEmpty)
        await cluster.stop(lost)

        let address = try await cluster.prepare(NodeID(4))
        let change = MembershipChange.add(address, incarnation: nil, asVoter: true, replacing: lost)
        _ = try await Self.change(cluster, change)
        let newcomer = try await cluster.start(NodeID(4))
        let voters = ([1, 2, 3, 4] as [UInt32]).filter { $0 != lost.rawValue }
        #expect(await Self.settles(cluster, voters: voters))
        #expect(newcomer.status.snapshots.installed == 1)
        let late = try await cluster.start(lost)
        #expect(await eventually(within: .seconds(60)) { late.status.expulsion == .removed })
        await cluster.stop(lost)
        #expect(try await cluster.append("more") == 61)
        await cluster.stopAll()
    }

    @Test("two of three that come back without their disks both end, though they are a majority")
    func mostDisksLost() async throws {
        let cluster = try await TestCluster.started(size: 3)
        let leader = try #require(try await cluster.leader())
        let isBound = { (node: TestCluster.Node) in node.membership.members.allSatisfy { $0.incarnation != nil } }
        #expect(await eventually { isBound(leader) })
        // Bindings that come behind a commit are in every log, and count wherever they are.
        #expect(try await cluster.append("a") == 1)
        #expect(await eventually { cluster.running.allSatisfy(isBound) })
        #expect(cluster.running.allSatisfy { $0.status.hasBegunEmpty && $0.status.expulsion == nil })
        let lost = cluster.members.filter { $0 != leader.identity.node }
        for member in lost {
            await cluster.stop(member)
            try cluster.wipe(member)
        }
        for member in lost { try await cluster.start(member) }
        for member in lost {
            #expect(await eventually(within: .seconds(60)) { cluster.node(member)?.status.expulsion == .otherDisk })
        }
        #expect(leader.status.expulsion == nil)
        #expect(await leader.local().machine.items == ["a"])
        await cluster.stopAll()
    }

    @Test("a leader that is removed hands over, and learns that it is out")
    func leaderRemoved() async throws {
        let cluster = try await TestCluster.started(size: 3)
        #expect(try await cluster.append("a") == 1)
        let removed = try #require(try await cluster.leader())
        let id = removed.identity.node
        _ = try await Self.change(cluster, .remove(id))
        #expect(await eventually(within: .seconds(60)) { removed.status.expulsion == .removed })
        #expect(removed.status.consensus.role == .follower)
        await cluster.stop(id)
        #expect(try await cluster.append("b") == 2)
        #expect(await cluster.agrees(on: ["a", "b"]))
        #expect(await Self.settles(cluster, voters: ([1, 2, 3] as [UInt32]).filter { $0 != id.rawValue }))
        await cluster.stopAll()
    }

    @Test("a change that can't be made is refused with its reason")
    func refusals() async throws {
        let cluster = try await TestCluster.started(size: 2)
        let leader = try #require(try await cluster.leader())
        await #expect(throws: ProposalError.changeRefused(.unknownMember(NodeID(9)))) {
            try await Self.change(cluster, .remove(NodeID(9)))
        }
        await #expect(throws: ProposalError.changeRefused(.isVoterAlready(leader.identity.node))) {
            try await Self.change(cluster, .promote(leader.identity.node))
        }
        let follower = try #require(cluster.running.first { $0.identity.node != leader.identity.node })
        await #expect(throws: ProposalError.notAccepted(leader: leader.identity.node)) {
            try await follower.change(.remove(NodeID(1)), timeout: .seconds(30))
        }
        await cluster.stopAll()
    }
}
