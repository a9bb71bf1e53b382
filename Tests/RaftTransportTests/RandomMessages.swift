import RaftCore
import RaftTestSupport

@testable import RaftTransport

/// A seeded stream of messages, small and extreme numbers alike.
struct RandomMessages {
    private var random: Seeded

    init(seed: UInt64) { self.random = Seeded(seed) }

    mutating func next() -> Message {
        switch Int.random(in: 0..<12, using: &self.random) {
        case 0: .preVoteRequest(VoteRequest(term: self.term(), last: self.position()))
        case 1: .preVoteReply(VoteReply(term: self.term(), isGranted: .random(using: &self.random)))
        case 2: .voteRequest(VoteRequest(term: self.term(), last: self.position()))
        case 3: .voteReply(VoteReply(term: self.term(), isGranted: .random(using: &self.random)))
        case 4, 5: .append(self.append())
        case 6: .offer(SnapshotOffer(term: self.term(), snapshot: self.snapshot(), round: self.number()))
        case 7: .readRequest(ReadRequest(term: self.term(), id: self.random.next()))
        case 8:
            .readReply(
                ReadReply(
                    term: self.term(),
                    id: self.random.next(),
                    index: .random(using: &self.random) ? self.index() : nil
                )
            )
        case 9: .timeoutNow(TimeoutNow(term: self.term()))
        default: .appendReply(AppendReply(term: self.term(), round: self.number(), outcome: self.outcome()))
        }
    }

    private mutating func append() -> AppendRequest {
        let previous = self.position()
        var index = previous.index
        let entries = (0..<Int.random(in: 0...4, using: &self.random)).map { _ -> Entry in
            index = index.next
            return Entry(
                position: LogPosition(index: index, term: self.term()),
                time: LogTime(milliseconds: self.number()),
                kind: EntryKind(rawValue: .random(in: 0 ... .max, using: &self.random)),
                payload: self.random.bytes(.random(in: 0...40, using: &self.random))
            )
        }
        return AppendRequest(
            term: self.term(),
            previous: previous,
            entries: entries,
            commit: self.index(),
            round: self.number()
        )
    }

    private mutating func snapshot() -> Snapshot {
        let chunks = UInt32.random(in: 0...70_000, using: &self.random)
        let voters = (1...UInt32.random(in: 1...5, using: &self.random)).map { NodeID($0) }
        return Snapshot(
            position: self.position(),
            time: LogTime(milliseconds: self.number()),
            membership: Membership(voters: voters),
            size: UInt64(chunks) * UInt64(Snapshot.chunkBytes),
            chunkCount: chunks,
            digest: self.random.bytes(Snapshot.digestBytes)
        )
    }

    private mutating func outcome() -> AppendReply.Outcome {
        switch Int.random(in: 0..<5, using: &self.random) {
        case 0: .accepted(match: self.index())
        case 1: .rejected(previous: self.index(), hint: self.position())
        case 2: .fetching(nil)
        case 3: .fetching(self.snapshot().id)
        default: .stale
        }
    }

    private mutating func number() -> UInt64 {
        switch Int.random(in: 0..<4, using: &self.random) {
        case 0: 0
        case 1: WireLimits.number - 1
        case 2: .random(in: 0..<1_000, using: &self.random)
        default: .random(in: 0..<WireLimits.number, using: &self.random)
        }
    }

    private mutating func term() -> Term { Term(self.number()) }
    private mutating func index() -> LogIndex { LogIndex(self.number()) }
    private mutating func position() -> LogPosition { LogPosition(index: self.index(), term: self.term()) }
}
