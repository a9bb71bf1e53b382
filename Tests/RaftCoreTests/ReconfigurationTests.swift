import Testing

@testable import RaftCore

@Suite("Reconfiguration")
struct ReconfigurationTests {
    /// A leader of three that has committed in its own term.
    private func leader() -> Bench {
        var bench = Bench()
        bench.win()
        bench.commitAll()
        return bench
    }

    @Test("the first entry of all is the membership")
    func firstEntry() {
        var bench = Bench()
        bench.win()
        #expect(bench.core.entry(at: LogIndex(1))?.kind == .membership)
        #expect(Membership(decoding: bench.core.entry(at: LogIndex(1))?.payload ?? []) == bench.core.status.membership)
    }

    @Test("no change before the leader has committed in its own term, and none beside another")
    func oneByOne() {
        var bench = Bench()
        bench.win()
        bench.step(.change(.remove(NodeID(3)), ProposalID(1), time: .zero))
        #expect(bench.effects.refused.map(\.error) == [.changeRefused(.underWay)])
        bench.commitAll()
        bench.step(.change(.remove(NodeID(3)), ProposalID(2), time: .zero))
        #expect(bench.effects.refused.isEmpty)
        #expect(bench.core.status.membership.isJoint, "in force from the moment it is appended")
        bench.step(.change(.remove(NodeID(2)), ProposalID(3), time: .zero))
        #expect(bench.effects.refused.map(\.error) == [.changeRefused(.underWay)])
    }

    @Test("a change that would leave too few voters that answer is refused")
    func wouldLoseQuorum() {
        var bench = self.leader()
        bench.now += 500_000_000
        bench.hear(.appendReply(AppendReply(term: Term(1), round: 1, outcome: .accepted(match: LogIndex(1)))), from: 2)
        bench.now += 500_000_000
        bench.step(.change(.remove(NodeID(2)), ProposalID(1), time: .zero))
        #expect(bench.effects.refused.map(\.error) == [.changeRefused(.wouldLoseQuorum)])
    }

    @Test("a follower says who leads when it is asked for a change")
    func notLeader() {
        var bench = Bench()
        bench.hear(.append(.init(term: Term(1), previous: .zero, entries: [], commit: .zero, round: 1)), from: 3)
        bench.step(.change(.remove(NodeID(2)), ProposalID(1), time: .zero))
        #expect(bench.effects.refused.map(\.error) == [.notAccepted(leader: NodeID(3))])
    }

    @Test("the joint phase is left once it is committed, and a leader that removed itself hands over and goes")
    func leaderLeaves() {
        var bench = self.leader()
        bench.step(.change(.remove(NodeID(1)), ProposalID(1), time: .zero))
        #expect(bench.core.status.membership.voters == .joint(old: bench.voters(1, 2, 3), new: bench.voters(2, 3)))
        bench.persist()
        for member: UInt32 in [2, 3] { bench.accept(from: member) }
        #expect(bench.core.status.membership.voters == .stable(bench.voters(2, 3)))
        #expect(bench.core.status.role == .leader)
        bench.persist()
        bench.accept(from: 2)
        #expect(bench.core.status.role == .leader, "its own disk does not count any more")
        bench.accept(from: 3)
        #expect(bench.core.status.role == .follower)
        #expect(bench.sent.contains(.timeoutNow(TimeoutNow(term: Term(1)))))
        #expect(bench.core.admission(of: NodeID(1), Incarnation(1)) == .removed)
        bench.timeOut()
        #expect(bench.core.status.role == .follower, "who is removed for good does not stand")
    }

    @Test("a membership is taken back with the entry that brought it")
    func rollBack() throws {
        var bench = Bench(id: 2)
        let two = Membership(voters: [NodeID(1), NodeID(2)])
        let changed = Entry(
            position: LogPosition(index: LogIndex(1), term: Term(1)),
            time: .zero,
            kind: .membership,
            payload: two.encoded()
        )
        bench.hear(.append(.init(term: Term(1), previous: .zero, entries: [changed], commit: .zero, round: 1)), from: 1)
        #expect(bench.core.status.membership == two)
        let other = Entry(
            position: LogPosition(index: LogIndex(1), term: Term(2)),
            time: .zero,
            kind: .noop,
            payload: []
        )
        bench.hear(.append(.init(term: Term(2), previous: .zero, entries: [other], commit: .zero, round: 1)), from: 3)
        #expect(bench.core.status.membership.futureVoters.count == 3)
    }

    @Test("a membership that can't be read stops the member")
    func unreadable() {
        var bench = Bench(id: 2)
        let entry = Entry(
            position: LogPosition(index: LogIndex(1), term: Term(1)),
            time: .zero,
            kind: .membership,
            payload: [9]
        )
        bench.hear(.append(.init(term: Term(1), previous: .zero, entries: [entry], commit: .zero, round: 1)), from: 1)
        #expect(bench.effects.violation != nil)
    }

    @Test("a member that its own log removes stands until it knows that this is committed")
    func standsThoughRemoved() {
        let without = Membership(voters: [NodeID(2), NodeID(3)])
        let entries = [
            Entry(
                position: LogPosition(index: LogIndex(1), term: Term(1)),
                time: .zero,
                kind: .membership,
                payload: Membership(voters: [NodeID(1), NodeID(2), NodeID(3)]).encoded()
            ),
            Entry(
                position: LogPosition(index: LogIndex(2), term: Term(1)),
                time: .zero,
                kind: .membership,
                payload: without.encoded()
            ),
        ]
        var bench = Bench(recovered: HardState(term: Term(1)), entries: entries)
        bench.timeOut()
        #expect(bench.core.status.role == .preCandidate)
        #expect(bench.effects.messages.map(\.to) == [NodeID(2), NodeID(3)])
        bench.hear(.preVoteReply(VoteReply(term: Term(2), isGranted: true)), from: 2)
        #expect(bench.core.status.role == .preCandidate, "its own vote does not count")
        bench.hear(.preVoteReply(VoteReply(term: Term(2), isGranted: true)), from: 3)
        #expect(bench.core.status.role == .candidate)
    }

    @Test("a learner is promoted after a short round, and a new disk under its id is not welcome")
    func promotion() throws {
        var bench = self.leader()
        bench.step(.met(NodeID(2), Incarnation(12)))
        bench.commitAll()
        #expect(bench.core.status.membership.member(NodeID(2))?.incarnation == Incarnation(12))
        #expect(bench.core.admission(of: NodeID(2), Incarnation(12)) == .welcome)
        #expect(bench.core.admission(of: NodeID(2), Incarnation(13)) == .otherDisk)
        #expect(bench.core.admission(of: NodeID(9), Incarnation(1)) == .welcome)
        bench.step(.change(.add(nil, incarnation: nil, asVoter: true, replacing: nil), ProposalID(1), time: .zero))
        bench.commitAll()
        #expect(bench.core.status.membership.learners.map(\.id) == [NodeID(4)])
        bench.accept(from: 4)
        bench.timeOut()
        bench.commitAll()
        #expect(bench.core.status.membership.isVoter(NodeID(4)))
        bench.step(.change(.promote(NodeID(4)), ProposalID(2), time: .zero))
        #expect(!bench.effects.refused.isEmpty)
    }
}
