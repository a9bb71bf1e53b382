import Testing

@testable import RaftCore

@Suite("Reads, transfers and the leader's health")
struct OfficeTests {
    private func follower() -> Bench {
        var bench = Bench(id: 2)
        bench.hear(.append(.init(term: Term(1), previous: .zero, entries: [], commit: .zero, round: 1)), from: 1)
        return bench
    }

    private func question(_ bench: Bench) -> ReadRequest? {
        for case .readRequest(let request) in bench.sent { return request }
        return nil
    }

    @Test("reads at a follower share questions to the leader, each with an id of its own")
    func followerReads() throws {
        var bench = self.follower()
        bench.step(.read(ReadID(1), .index))
        let first = try #require(self.question(bench))
        bench.step(.read(ReadID(2), .index))
        bench.step(.read(ReadID(3), .index))
        #expect(bench.sent.isEmpty)
        bench.hear(.readReply(ReadReply(term: Term(1), id: first.id &+ 1, index: LogIndex(9))), from: 1)
        #expect(bench.effects.grantedReads.isEmpty, "the answer to another question")
        bench.hear(.readReply(ReadReply(term: Term(1), id: first.id, index: LogIndex(4))), from: 1)
        #expect(bench.effects.grantedReads == [.init(read: ReadID(1), index: LogIndex(4))])
        let second = try #require(self.question(bench))
        #expect(second.id != first.id)
        bench.timeOut()
        let again = try #require(self.question(bench))
        #expect(again.id != second.id, "an answer to the second question may be older than what was asked since")
        bench.hear(.readReply(ReadReply(term: Term(1), id: again.id, index: nil)), from: 1)
        #expect(bench.effects.refusedReads.map(\.read) == [ReadID(2), ReadID(3)])
    }

    @Test("reads at a follower end with its leader, and none begins without one")
    func readsWithoutLeader() {
        var bench = self.follower()
        bench.step(.read(ReadID(1), .index))
        bench.step(.lost(NodeID(1)))
        #expect(bench.effects.refusedReads == [.init(read: ReadID(1), leader: nil)])
        bench.step(.read(ReadID(2), .index))
        #expect(bench.effects.refusedReads == [.init(read: ReadID(2), leader: nil)])
        bench.timeOut()
        #expect(bench.core.status.role == .preCandidate)
        bench.step(.read(ReadID(3), .index))
        #expect(bench.effects.refusedReads == [.init(read: ReadID(3), leader: nil)])
    }

    @Test("a leader answers a follower's question once a majority has confirmed it; others say that they don't lead")
    func remoteReads() throws {
        var bench = Bench()
        bench.hear(.readRequest(ReadRequest(term: .zero, id: 5)), from: 3)
        #expect(bench.sent == [.readReply(ReadReply(term: .zero, id: 5, index: nil))])
        bench.win()
        bench.commitAll()
        bench.hear(.readRequest(ReadRequest(term: Term(1), id: 6)), from: 3)
        let round = try #require(
            bench.sent.compactMap { if case .append(let request) = $0 { request.round } else { nil } }.max()
        )
        bench.accept(from: 2, round: round)
        #expect(bench.sent.contains(.readReply(ReadReply(term: Term(1), id: 6, index: LogIndex(1)))))
        bench.hear(.readRequest(ReadRequest(term: .zero, id: 7)), from: 3)
        #expect(bench.sent == [.readReply(ReadReply(term: Term(1), id: 7, index: nil))])
        bench.hear(.readRequest(ReadRequest(term: Term(1), id: 8)), from: 3)
        bench.hear(.append(.init(term: Term(2), previous: .zero, entries: [], commit: .zero, round: 1)), from: 2)
        #expect(bench.sent.contains(.readReply(ReadReply(term: Term(2), id: 8, index: nil))))
    }

    @Test("a lease serves at once while it lasts, and not where it is not allowed")
    func leases() throws {
        for isAllowed in [true, false] {
            var settings = Settings()
            settings.allowsLeases = isAllowed
            var bench = Bench(settings: settings)
            bench.win()
            bench.commitAll()
            bench.timeOut()
            let sentAt = bench.now
            let round = bench.sent.compactMap { if case .append(let request) = $0 { request.round } else { nil } }.max()
            bench.accept(from: 2, round: try #require(round))
            bench.now = sentAt + 200_000_000
            bench.step(.read(ReadID(1), .lease))
            #expect(bench.effects.grantedReads.map(\.read) == (isAllowed ? [ReadID(1)] : []))
            bench.now = sentAt + 280_000_000
            bench.step(.read(ReadID(2), .lease))
            #expect(bench.effects.grantedReads.isEmpty)
        }
    }

    @Test("a member that was started anew may have backed a lease: it grants nothing at first")
    func leaseAfterRestart() {
        var settings = Settings()
        settings.allowsLeases = true
        var bench = Bench(settings: settings)
        bench.hear(.preVoteRequest(VoteRequest(term: Term(1), last: .zero)), from: 2)
        #expect(bench.sent == [.preVoteReply(VoteReply(term: .zero, isGranted: false))])
        bench.hear(.voteRequest(VoteRequest(term: Term(1), last: .zero)), from: 2)
        #expect(bench.core.status.term == .zero)
        bench.step(.lost(NodeID(2)))
        bench.now = 300_000_001
        bench.hear(.preVoteRequest(VoteRequest(term: Term(1), last: .zero)), from: 2)
        #expect(bench.sent == [.preVoteReply(VoteReply(term: Term(1), isGranted: true))])
    }

    @Test("a leader hands over to a voter that holds its whole log, and refuses writes meanwhile")
    func transfer() {
        var bench = Bench()
        bench.win()
        bench.commitAll()
        bench.step(.proposals([Proposal(id: ProposalID(1), payload: [])], time: .zero))
        bench.step(.transfer(to: NodeID(3)))
        #expect(bench.core.status.successor == NodeID(3))
        #expect(!bench.sent.contains(.timeoutNow(TimeoutNow(term: Term(1)))))
        bench.step(.proposals([Proposal(id: ProposalID(2), payload: [])], time: .zero))
        #expect(bench.effects.refused.map(\.error) == [.notAccepted(leader: NodeID(3))])
        bench.accept(from: 3)
        #expect(bench.sent.contains(.timeoutNow(TimeoutNow(term: Term(1)))))
        while bench.core.status.successor != nil {
            bench.accept(from: 2)
            bench.timeOut()
        }
        #expect(bench.core.status.role == .leader, "nothing came of it: it goes on")
    }

    @Test("the target stands at once, and the others don't refuse it for the leader that asked for it")
    func standingAtOnce() {
        var target = self.follower()
        target.hear(.timeoutNow(TimeoutNow(term: Term(1))), from: 1)
        #expect(target.core.status.role == .candidate && target.core.status.term == Term(2))
        target.persist()
        let request = VoteRequest(term: Term(2), last: .zero, isTransfer: true)
        #expect(target.sent.filter { $0 == .voteRequest(request) }.count == 2)

        var other = Bench(id: 3)
        other.hear(.append(.init(term: Term(1), previous: .zero, entries: [], commit: .zero, round: 1)), from: 1)
        other.hear(.voteRequest(VoteRequest(term: Term(2), last: .zero)), from: 2)
        #expect(other.core.status.term == Term(1))
        other.hear(.voteRequest(request), from: 2)
        #expect(other.core.status.vote == NodeID(2))
    }

    @Test("a leader whose disk does not answer steps down, and nobody stands without a disk")
    func stalledDisk() {
        var bench = Bench()
        bench.win()
        while bench.core.status.role == .leader && bench.now < 5_000_000_000 {
            bench.accept(from: 2)
            bench.timeOut()
        }
        #expect(bench.core.status.role == .follower)
        bench.timeOut()
        #expect(bench.core.status.role == .follower)
        bench.persist()
        bench.timeOut()
        #expect(bench.core.status.role == .preCandidate)
    }

    @Test("a leader that is gone is not waited for")
    func lostLeader() {
        var bench = self.follower()
        let patience = bench.core.deadline
        bench.step(.lost(NodeID(3)))
        #expect(bench.core.deadline == patience)
        bench.step(.lost(NodeID(1)))
        #expect(bench.core.deadline.nanoseconds <= bench.now + 50_000_000)
        #expect(bench.core.leader == nil)
        bench.hear(.preVoteRequest(VoteRequest(term: Term(2), last: .zero)), from: 3)
        #expect(bench.sent == [.preVoteReply(VoteReply(term: Term(2), isGranted: true))])
    }

    @Test("a member that comes back stands soon once it has met all other voters, but only once", arguments: [1, 2, 3])
    func back(_ which: Int) {
        let position = LogPosition(index: LogIndex(1), term: Term(1))
        let entry = Entry(position: position, time: .zero, kind: .noop, payload: [])
        var settings = Settings()
        settings.allowsLeases = which == 2
        var bench = Bench(
            recovered: HardState(term: Term(1)),
            entries: which == 1 ? [] : [entry],
            settings: settings
        )
        let patience = bench.core.deadline
        bench.step(.met(NodeID(2), Incarnation(12)))
        #expect(bench.core.deadline == patience)
        bench.step(.met(NodeID(3), Incarnation(13)))
        guard which == 3 else {
            #expect(bench.core.deadline == patience, "it is new, or leases count on the wait")
            return
        }
        #expect(bench.core.deadline.nanoseconds <= 50_000_000)
        bench.timeOut()
        #expect(bench.core.status.role == .preCandidate)
        #expect(bench.core.deadline.nanoseconds >= bench.now + 300_000_000)
        bench.step(.met(NodeID(3), Incarnation(13)))
        #expect(bench.core.deadline.nanoseconds >= bench.now + 300_000_000)
    }

    @Test("a member that comes back and hears a leader waits for it like any other")
    func backInOrder() {
        let position = LogPosition(index: LogIndex(1), term: Term(1))
        let entry = Entry(position: position, time: .zero, kind: .noop, payload: [])
        var bench = Bench(recovered: HardState(term: Term(1)), entries: [entry])
        bench.step(.met(NodeID(2), Incarnation(12)))
        let append = AppendRequest(term: Term(1), previous: position, entries: [], commit: .zero, round: 1)
        bench.hear(.append(append), from: 2)
        bench.step(.met(NodeID(3), Incarnation(13)))
        #expect(bench.core.deadline.nanoseconds >= 300_000_000)
    }
}
