import RaftCore
import Testing

@Suite("Consensus")
struct ConsensusTests {
    @Test("a vote leaves only after its receipt")
    func voteWaitsForTheDisk() {
        var bench = Bench()
        bench.hear(.voteRequest(VoteRequest(term: Term(1), last: .zero)), from: 2)
        #expect(bench.sent.isEmpty)
        #expect(bench.effects.writes.last?.hardState == HardState(term: Term(1), vote: NodeID(2)))
        bench.persist()
        #expect(bench.sent == [.voteReply(VoteReply(term: Term(1), isGranted: true))])
    }

    @Test("one vote a term, also after a restart")
    func oneVote() {
        var bench = Bench(recovered: HardState(term: Term(4), vote: NodeID(2)))
        bench.hear(.voteRequest(VoteRequest(term: Term(4), last: .zero)), from: 3)
        #expect(bench.sent == [.voteReply(VoteReply(term: Term(4), isGranted: false))])
        #expect(bench.effects.writes.isEmpty)
        bench.hear(.voteRequest(VoteRequest(term: Term(4), last: .zero)), from: 2)
        #expect(bench.sent == [.voteReply(VoteReply(term: Term(4), isGranted: true))])
    }

    @Test("a pre-vote changes no term and writes nothing")
    func preVote() {
        var bench = Bench()
        bench.timeOut()
        #expect(bench.effects.writes.isEmpty)
        #expect(bench.core.status.term == .zero)
        #expect(bench.sent.count == 2)
        bench.hear(.preVoteRequest(VoteRequest(term: Term(1), last: .zero)), from: 3)
        #expect(bench.sent == [.preVoteReply(VoteReply(term: Term(1), isGranted: true))])
        #expect(bench.core.status.term == .zero)
    }

    @Test("while a leader is heard nobody helps to replace it; afterwards everybody may")
    func lease() {
        var bench = Bench()
        bench.hear(
            .append(AppendRequest(term: Term(1), previous: .zero, entries: [], commit: .zero, round: 1)),
            from: 2
        )
        bench.persist()
        bench.hear(.preVoteRequest(VoteRequest(term: Term(2), last: .zero)), from: 3)
        #expect(bench.sent == [.preVoteReply(VoteReply(term: Term(1), isGranted: false))])
        bench.hear(.voteRequest(VoteRequest(term: Term(2), last: .zero)), from: 3)
        #expect(bench.sent.isEmpty)
        #expect(bench.core.status.term == Term(1))
        bench.now += 300_000_000
        bench.hear(.preVoteRequest(VoteRequest(term: Term(2), last: .zero)), from: 3)
        #expect(bench.sent == [.preVoteReply(VoteReply(term: Term(2), isGranted: true))])
    }

    @Test("votes are asked for only when the candidate's own is durable")
    func candidacyWaitsForTheDisk() {
        var bench = Bench()
        bench.timeOut()
        bench.hear(.preVoteReply(VoteReply(term: Term(1), isGranted: true)), from: 2)
        #expect(bench.sent.isEmpty)
        #expect(bench.core.status.role == .candidate)
        bench.persist()
        #expect(bench.sent.count == 2)
        #expect(bench.core.status.role == .candidate)
    }

    @Test("a sole member leads by itself once its vote is durable, and commits once its entry is")
    func alone() {
        var bench = Bench(members: 1)
        bench.timeOut()
        #expect(bench.core.status.role == .candidate)
        bench.persist()
        #expect(bench.core.status.role == .leader)
        #expect(bench.effects.committed == nil)
        bench.persist()
        #expect(bench.effects.committed == LogIndex(1))
    }

    @Test("a proposal is completed when a majority holds it durably, the leader's own disk included or not")
    func proposal() {
        var bench = Bench()
        bench.win()
        #expect(bench.core.status.role == .leader)
        bench.step(.proposals([Proposal(id: ProposalID(9), payload: [1])], time: LogTime(milliseconds: 5)))
        let write = bench.effects.writes
        #expect(write.last?.entries.map(\.index) == [LogIndex(2)])
        let reply = AppendReply(term: Term(1), round: 1, outcome: .accepted(match: LogIndex(2)))
        bench.hear(.appendReply(reply), from: 2)
        #expect(bench.effects.completed.isEmpty, "only one disk has it")
        bench.hear(.appendReply(reply), from: 3)
        #expect(bench.effects.completed.map(\.proposal) == [ProposalID(9)])
        #expect(bench.effects.committed == LogIndex(2))
    }

    @Test("a follower refuses proposals and names the leader it knows; for a read it asks that leader")
    func notLeader() {
        var bench = Bench()
        bench.hear(
            .append(AppendRequest(term: Term(1), previous: .zero, entries: [], commit: .zero, round: 1)),
            from: 3
        )
        bench.step(.proposals([Proposal(id: ProposalID(1), payload: [])], time: .zero))
        #expect(bench.effects.refused.map(\.error) == [.notAccepted(leader: NodeID(3))])
        bench.step(.read(ReadID(2), .index))
        #expect(bench.effects.refusedReads.isEmpty)
        let asked = bench.effects.messages.map(\.to)
        #expect(asked == [NodeID(3)])
    }

    @Test("a leader that hears nobody steps down, and its open proposals have an unknown outcome")
    func checkQuorum() {
        var bench = Bench()
        bench.win()
        bench.step(.proposals([Proposal(id: ProposalID(3), payload: [])], time: .zero))
        var unknown: [Effects.Refusal] = []
        for _ in 0..<20 where bench.core.status.role == .leader {
            bench.timeOut()
            unknown = bench.effects.refused
        }
        #expect(bench.core.status.role == .follower)
        #expect(unknown.map(\.error) == [.outcomeUnknown])
    }

    @Test("a read waits for the leader's own term and for a round that began after it")
    func readIndex() {
        var bench = Bench()
        bench.win()
        bench.step(.read(ReadID(1), .index))
        #expect(bench.effects.grantedReads.isEmpty && bench.effects.messages.isEmpty)
        bench.step(.persisted(Receipt(write: WriteID(2))))
        bench.hear(
            .appendReply(AppendReply(term: Term(1), round: 1, outcome: .accepted(match: LogIndex(1)))),
            from: 2
        )
        #expect(bench.effects.grantedReads.isEmpty, "the reply was sent before the read's round")
        bench.hear(
            .appendReply(AppendReply(term: Term(1), round: 2, outcome: .accepted(match: LogIndex(1)))),
            from: 2
        )
        #expect(bench.effects.grantedReads.map(\.index) == [LogIndex(1)])
    }

    @Test("the answer to an append of an older term confirms no read, whatever round it carries")
    func staleReply() {
        var bench = Bench()
        bench.win()
        bench.step(.persisted(Receipt(write: WriteID(2))))
        bench.hear(
            .appendReply(AppendReply(term: Term(1), round: 1, outcome: .accepted(match: LogIndex(1)))),
            from: 2
        )
        bench.step(.read(ReadID(1), .index))
        bench.hear(.appendReply(AppendReply(term: Term(1), round: 999, outcome: .stale)), from: 2)
        #expect(bench.effects.grantedReads.isEmpty)
        #expect(bench.effects.violation == nil)
    }

    @Test("more than the limit of uncommitted bytes is refused as overload")
    func overload() {
        var bench = Bench()
        bench.win()
        let large = Array(repeating: UInt8(0), count: 40 << 20)
        bench.step(
            .proposals(
                [Proposal(id: ProposalID(1), payload: large), Proposal(id: ProposalID(2), payload: large)],
                time: .zero
            )
        )
        #expect(bench.effects.refused.map(\.proposal) == [ProposalID(2)])
        #expect(bench.effects.refused.map(\.error) == [.overloaded])
    }

    @Test("the log's time never goes back")
    func logTime() {
        var bench = Bench()
        bench.win()
        bench.step(.proposals([Proposal(id: ProposalID(1), payload: [])], time: LogTime(milliseconds: 100)))
        bench.step(.proposals([Proposal(id: ProposalID(2), payload: [])], time: LogTime(milliseconds: 50)))
        #expect(bench.effects.writes.last?.entries.last?.time == LogTime(milliseconds: 100))
    }

    @Test("an append that would overwrite a committed entry is a violation, not a truncation")
    func overwriting() {
        func entry(_ index: UInt64, _ term: UInt64) -> Entry {
            Entry(
                position: LogPosition(index: LogIndex(index), term: Term(term)),
                time: .zero,
                kind: .command,
                payload: []
            )
        }
        var bench = Bench()
        bench.hear(
            .append(
                AppendRequest(
                    term: Term(1),
                    previous: .zero,
                    entries: [entry(1, 1)],
                    commit: LogIndex(1),
                    round: 1
                )
            ),
            from: 2
        )
        bench.persist()
        bench.hear(
            .append(
                AppendRequest(term: Term(2), previous: .zero, entries: [entry(1, 2)], commit: .zero, round: 1)
            ),
            from: 3
        )
        #expect(bench.effects.violation != nil)
    }
}
