import Testing

@testable import RaftCore

@Suite("Snapshots")
struct SnapshotTests {
    private func snapshot(_ index: UInt64, _ term: UInt64 = 1, digest: UInt8 = 0) -> Snapshot {
        Snapshot(
            position: LogPosition(index: LogIndex(index), term: Term(term)),
            time: LogTime(milliseconds: index),
            membership: Membership(voters: [NodeID(1), NodeID(2), NodeID(3)]),
            size: 1,
            chunkCount: 1,
            digest: Array(repeating: digest, count: Snapshot.digestBytes)
        )
    }

    private func entry(_ index: UInt64, _ term: UInt64 = 1) -> Entry {
        Entry(
            position: LogPosition(index: LogIndex(index), term: Term(term)),
            time: .zero,
            kind: .command,
            payload: [UInt8(index)]
        )
    }

    /// A leader of three that has committed `count` entries and keeps none behind a snapshot.
    private func leader(committed count: UInt64) -> Bench {
        var settings = Settings()
        settings.trailingEntries = 0
        var bench = Bench(settings: settings)
        bench.win()
        for id in 2...count {
            bench.step(.proposals([Proposal(id: ProposalID(id), payload: [])], time: .zero))
        }
        bench.commitAll()
        return bench
    }

    @Test("a description comes out of its bytes as it went in, and damaged bytes give none or another")
    func coding() {
        let snapshot = self.snapshot(7)
        let bytes = snapshot.encoded()
        #expect(Snapshot(decoding: bytes) == snapshot)
        for length in 0..<bytes.count { #expect(Snapshot(decoding: bytes[..<length]) == nil) }
        let wrongCount = snapshot.sized(snapshot.size, chunks: 2)
        #expect(Snapshot(decoding: wrongCount.encoded()) == nil)
    }

    @Test("a snapshot cuts the log, but not what a follower that is alive still needs")
    func compaction() throws {
        var bench = self.leader(committed: 10)
        bench.step(.captured(self.snapshot(8)))
        #expect(bench.core.status.base.index == LogIndex(8))
        #expect(bench.effects.writes.last?.snapshot == self.snapshot(8))
        #expect(bench.effects.writes.last?.base?.index == LogIndex(8))
        #expect(bench.core.entry(at: LogIndex(8)) == nil)
        let about = try #require(bench.core.description(at: LogIndex(9)))
        #expect(about.position == LogPosition(index: LogIndex(9), term: Term(1)))

        var late = self.leader(committed: 4)
        late.step(.proposals([Proposal(id: ProposalID(90), payload: [])], time: .zero))
        late.persist()
        late.accept(from: 3)
        #expect(late.core.status.commit == LogIndex(5))
        late.step(.captured(self.snapshot(5)))
        #expect(late.core.status.base.index == LogIndex(4), "member 2 has got no further")
        late.step(.captured(self.snapshot(3)))
        #expect(late.effects.writes.isEmpty, "older than the one there is")
        late.step(.captured(self.snapshot(9)))
        #expect(late.effects.writes.isEmpty, "beyond what is committed")
    }

    @Test(
        "a follower that the log no longer reaches is offered the snapshot, again with each heartbeat, and then appends"
    )
    func offering() {
        var bench = self.leader(committed: 10)
        bench.step(.captured(self.snapshot(8)))
        bench.step(.change(.add(nil, incarnation: nil, asVoter: false, replacing: nil), ProposalID(99), time: .zero))
        // The newcomer has nothing.
        let hint = AppendReply.Outcome.rejected(previous: LogIndex(11), hint: .zero)
        bench.hear(.appendReply(AppendReply(term: Term(1), round: 0, outcome: hint)), from: 4)
        let offers = bench.sent.compactMap { if case .offer(let offer) = $0 { offer.snapshot } else { nil } }
        #expect(offers == [self.snapshot(8)])
        #expect(bench.core.status.followers.last?.isFetchingSnapshot == true)
        bench.timeOut()
        #expect(bench.sent.contains { if case .offer = $0 { true } else { false } })
        bench.hear(.appendReply(AppendReply(term: Term(1), round: 1, outcome: .fetching(nil))), from: 4)
        bench.hear(
            .appendReply(AppendReply(term: Term(1), round: 0, outcome: .accepted(match: LogIndex(8)))),
            from: 4
        )
        #expect(bench.core.status.followers.last?.isFetchingSnapshot == false)
        let appends = bench.sent.compactMap {
            if case .append(let request) = $0 { request.previous.index } else { nil }
        }
        #expect(appends == [LogIndex(8)])
    }

    @Test("a follower pulls what it is offered, installs it once it is whole, and answers once that is durable")
    func installing() {
        var bench = Bench(id: 2)
        bench.hear(
            .append(.init(term: Term(1), previous: .zero, entries: [self.entry(1)], commit: .zero, round: 1)),
            from: 1
        )
        bench.persist()
        bench.hear(.offer(SnapshotOffer(term: Term(1), snapshot: self.snapshot(5), round: 2)), from: 1)
        #expect(bench.effects.fetch?.snapshot == self.snapshot(5))
        #expect(bench.effects.fetch?.from == NodeID(1))
        #expect(
            bench.sent == [.appendReply(AppendReply(term: Term(1), round: 2, outcome: .fetching(self.snapshot(5).id)))]
        )
        #expect(bench.core.fetching == self.snapshot(5))

        // Another one is declined once, then pulled.
        let other = self.snapshot(6, digest: 1)
        bench.hear(.offer(SnapshotOffer(term: Term(1), snapshot: other, round: 3)), from: 1)
        #expect(bench.effects.fetch == nil)
        #expect(
            bench.sent == [.appendReply(AppendReply(term: Term(1), round: 3, outcome: .fetching(self.snapshot(5).id)))]
        )
        bench.hear(.offer(SnapshotOffer(term: Term(1), snapshot: other, round: 4)), from: 1)
        #expect(bench.effects.fetch?.snapshot == other)

        bench.step(.fetched(self.snapshot(5)))
        #expect(bench.effects.install == nil, "not the one it pulls now")
        bench.step(.fetched(other))
        #expect(bench.effects.install == other)
        #expect(bench.effects.writes.last?.replacesLog == true)
        #expect(bench.sent.isEmpty)
        #expect(bench.core.status.base == other.position && bench.core.status.last == other.position)
        #expect(bench.core.status.commit == LogIndex(6))
        bench.persist()
        #expect(
            bench.sent == [.appendReply(AppendReply(term: Term(1), round: 0, outcome: .accepted(match: LogIndex(6))))]
        )

        // What comes late changes nothing: it is all committed here.
        let entries = [self.entry(1), self.entry(2)]
        bench.hear(.append(.init(term: Term(1), previous: .zero, entries: entries, commit: .zero, round: 5)), from: 1)
        #expect(bench.effects.violation == nil && bench.effects.writes.isEmpty)
        #expect(
            bench.sent == [.appendReply(AppendReply(term: Term(1), round: 5, outcome: .accepted(match: LogIndex(6))))]
        )
        bench.hear(.offer(SnapshotOffer(term: Term(1), snapshot: self.snapshot(5), round: 6)), from: 1)
        #expect(bench.effects.fetch == nil)
        #expect(
            bench.sent == [.appendReply(AppendReply(term: Term(1), round: 6, outcome: .accepted(match: LogIndex(5))))]
        )
    }

    @Test("a log that goes on from the snapshot is kept")
    func matchingLog() {
        var bench = Bench(id: 2)
        let entries = (1...4).map { self.entry($0) }
        bench.hear(.append(.init(term: Term(1), previous: .zero, entries: entries, commit: .zero, round: 1)), from: 1)
        bench.persist()
        bench.hear(.offer(SnapshotOffer(term: Term(1), snapshot: self.snapshot(3), round: 2)), from: 1)
        #expect(bench.effects.fetch == nil && bench.effects.committed == LogIndex(3))
        #expect(bench.core.status.last.index == LogIndex(4))
    }

    @Test("an offer of an older term is answered as stale")
    func staleOffer() {
        var bench = Bench(id: 2)
        bench.hear(.append(.init(term: Term(3), previous: .zero, entries: [], commit: .zero, round: 1)), from: 1)
        bench.hear(.offer(SnapshotOffer(term: Term(2), snapshot: self.snapshot(3), round: 9)), from: 3)
        #expect(bench.sent == [.appendReply(AppendReply(term: Term(3), round: 9, outcome: .stale))])
    }

    @Test("the next start begins with the newest snapshot and the log behind it")
    func restart() {
        let recovered = Recovered(
            hardState: HardState(term: Term(1)),
            entries: (6...9).map { self.entry($0) },
            base: LogPosition(index: LogIndex(5), term: Term(1)),
            snapshots: [self.snapshot(3), self.snapshot(5), self.snapshot(7)],
            membership: .unknown
        )
        let bench = Bench(id: 2, recovered)
        #expect(bench.core.status.commit == LogIndex(7))
        #expect(bench.core.status.snapshot.index == LogIndex(7))
        #expect(bench.core.status.membership.futureVoters.count == 3)
        #expect(bench.core.snapshots.map(\.index) == [LogIndex(5), LogIndex(7)])
    }

    @Test("a snapshot is due by weight or by count, and at the same entries wherever the log is applied")
    func schedule() {
        var settings = Settings()
        settings.snapshotEntries = 3
        var schedule = SnapshotSchedule(settings, last: nil)
        #expect((1...6).map { schedule.applied(self.entry($0)) } == [false, false, true, false, false, true])
        settings.snapshotEntries = 1_000
        settings.snapshotWeight = 130
        schedule = SnapshotSchedule(settings, last: nil)
        #expect((1...4).map { schedule.applied(self.entry($0)) } == [false, true, false, true])
        schedule.captured(self.snapshot(4).sized(1_000, chunks: 1))
        #expect(
            (5...12).map { schedule.applied(self.entry($0)) }.filter { $0 }.count == 1,
            "not before half the last one"
        )
    }
}

extension Snapshot {
    fileprivate func sized(_ size: UInt64, chunks: UInt32) -> Snapshot {
        Snapshot(
            position: self.position,
            time: self.time,
            membership: self.membership,
            size: size,
            chunkCount: chunks,
            digest: self.digest
        )
    }
}
