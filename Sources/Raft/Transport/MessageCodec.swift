import NIOCore
import RaftCore

// Raft messages as bytes. Integers are big-endian. The layout is described in docs/formats.md.

extension ByteBuffer {
    mutating func writeMessage(_ message: Message) {
        switch message {
        case .preVoteRequest(let request): self.writeVoteRequest(1, request)
        case .preVoteReply(let reply): self.writeVoteReply(2, reply)
        case .voteRequest(let request): self.writeVoteRequest(3, request)
        case .voteReply(let reply): self.writeVoteReply(4, reply)
        case .append(let request): self.writeAppend(request)
        case .appendReply(let reply): self.writeAppendReply(reply)
        case .offer(let offer): self.writeOffer(offer)
        case .readRequest(let request): self.writeReadRequest(request)
        case .readReply(let reply): self.writeReadReply(reply)
        case .timeoutNow(let request):
            self.writeInteger(UInt8(10))
            self.writeInteger(request.term.rawValue)
        }
    }

    mutating func readMessage() throws(WireError) -> Message {
        let kind: UInt8 = try self.readWord()
        switch kind {
        case 1: return .preVoteRequest(try self.readVoteRequest())
        case 2: return .preVoteReply(try self.readVoteReply())
        case 3: return .voteRequest(try self.readVoteRequest())
        case 4: return .voteReply(try self.readVoteReply())
        case 5: return .append(try self.readAppend())
        case 6: return .appendReply(try self.readAppendReply())
        case 7: return .offer(try self.readOffer())
        case 8: return .readRequest(ReadRequest(term: try self.readTerm(), id: try self.readWord()))
        case 9: return .readReply(try self.readReadReply())
        case 10: return .timeoutNow(TimeoutNow(term: try self.readTerm()))
        default: throw .unknown("message", kind)
        }
    }

    // MARK: Votes

    private mutating func writeVoteRequest(_ kind: UInt8, _ request: VoteRequest) {
        self.writeInteger(kind)
        self.writeInteger(request.term.rawValue)
        self.writePosition(request.last)
        self.writeInteger(UInt8(request.isTransfer ? 1 : 0))
    }

    private mutating func readVoteRequest() throws(WireError) -> VoteRequest {
        VoteRequest(term: try self.readTerm(), last: try self.readPosition(), isTransfer: try self.readFlag())
    }

    private mutating func writeVoteReply(_ kind: UInt8, _ reply: VoteReply) {
        self.writeInteger(kind)
        self.writeInteger(reply.term.rawValue)
        self.writeInteger(UInt8(reply.isGranted ? 1 : 0))
    }

    private mutating func readVoteReply() throws(WireError) -> VoteReply {
        let term = try self.readTerm()
        return VoteReply(term: term, isGranted: try self.readFlag())
    }

    // MARK: Appends

    private mutating func writeAppend(_ request: AppendRequest) {
        self.writeInteger(UInt8(5))
        self.writeInteger(request.term.rawValue)
        self.writePosition(request.previous)
        self.writeInteger(request.commit.rawValue)
        self.writeInteger(request.round)
        self.writeInteger(UInt32(request.entries.count))
        for entry in request.entries {
            self.writeInteger(entry.term.rawValue)
            self.writeInteger(entry.time.milliseconds)
            self.writeInteger(entry.kind.rawValue)
            self.writeInteger(UInt32(entry.payload.count))
            self.writeBytes(entry.payload)
        }
    }

    private mutating func readAppend() throws(WireError) -> AppendRequest {
        var request = AppendRequest(
            term: try self.readTerm(),
            previous: try self.readPosition(),
            entries: [],
            commit: try self.readIndex(),
            round: try self.readNumber()
        )
        let count: UInt32 = try self.readWord()
        guard count <= WireLimits.entries else { throw .tooLong("an append") }
        var index = request.previous.index
        for _ in 0..<count {
            index = index.next
            request.entries.append(try self.readEntry(at: index))
        }
        return request
    }

    private mutating func readEntry(at index: LogIndex) throws(WireError) -> Entry {
        let term = try self.readTerm()
        let time = LogTime(milliseconds: try self.readNumber())
        let kind = EntryKind(rawValue: try self.readWord())
        let length: UInt32 = try self.readWord()
        guard length <= Entry.payloadBytesMax else { throw .tooLong("an entry") }
        guard let payload = self.readBytes(length: Int(length)) else { throw .truncated }
        return Entry(position: LogPosition(index: index, term: term), time: time, kind: kind, payload: payload)
    }

    private mutating func writeAppendReply(_ reply: AppendReply) {
        self.writeInteger(UInt8(6))
        self.writeInteger(reply.term.rawValue)
        self.writeInteger(reply.round)
        switch reply.outcome {
        case .accepted(let match):
            self.writeInteger(UInt8(1))
            self.writeInteger(match.rawValue)
        case .rejected(let previous, let hint):
            self.writeInteger(UInt8(2))
            self.writeInteger(previous.rawValue)
            self.writePosition(hint)
        case .stale:
            self.writeInteger(UInt8(3))
        case .fetching(nil):
            self.writeInteger(UInt8(4))
        case .fetching(.some(let snapshot)):
            self.writeInteger(UInt8(5))
            self.writePosition(snapshot.position)
            self.writeBytes(snapshot.digest)
        }
    }

    private mutating func readAppendReply() throws(WireError) -> AppendReply {
        let term = try self.readTerm()
        let round = try self.readNumber()
        let outcome: UInt8 = try self.readWord()
        switch outcome {
        case 1: return AppendReply(term: term, round: round, outcome: .accepted(match: try self.readIndex()))
        case 2:
            let previous = try self.readIndex()
            return AppendReply(
                term: term,
                round: round,
                outcome: .rejected(previous: previous, hint: try self.readPosition())
            )
        case 3: return AppendReply(term: term, round: round, outcome: .stale)
        case 4: return AppendReply(term: term, round: round, outcome: .fetching(nil))
        case 5:
            let position = try self.readPosition()
            guard let digest = self.readBytes(length: Snapshot.digestBytes) else { throw .truncated }
            return AppendReply(term: term, round: round, outcome: .fetching(.init(position: position, digest: digest)))
        default: throw .unknown("outcome", outcome)
        }
    }

    // MARK: Snapshots and reads

    private mutating func writeOffer(_ offer: SnapshotOffer) {
        let snapshot = offer.snapshot.encoded()
        self.writeInteger(UInt8(7))
        self.writeInteger(offer.term.rawValue)
        self.writeInteger(offer.round)
        self.writeInteger(UInt32(snapshot.count))
        self.writeBytes(snapshot)
    }

    private mutating func readOffer() throws(WireError) -> SnapshotOffer {
        let term = try self.readTerm()
        let round = try self.readNumber()
        let length: UInt32 = try self.readWord()
        guard length <= Snapshot.encodedBytesMax else { throw .tooLong("a snapshot's description") }
        guard let bytes = self.readBytes(length: Int(length)) else { throw .truncated }
        guard let snapshot = Snapshot(decoding: bytes) else { throw .malformed("a snapshot's description") }
        return SnapshotOffer(term: term, snapshot: snapshot, round: round)
    }

    private mutating func writeReadRequest(_ request: ReadRequest) {
        self.writeInteger(UInt8(8))
        self.writeInteger(request.term.rawValue)
        self.writeInteger(request.id)
    }

    private mutating func writeReadReply(_ reply: ReadReply) {
        self.writeInteger(UInt8(9))
        self.writeInteger(reply.term.rawValue)
        self.writeInteger(reply.id)
        self.writeInteger(UInt8(reply.index == nil ? 0 : 1))
        if let index = reply.index { self.writeInteger(index.rawValue) }
    }

    private mutating func readReadReply() throws(WireError) -> ReadReply {
        let term = try self.readTerm()
        let id: UInt64 = try self.readWord()
        return ReadReply(term: term, id: id, index: try self.readFlag() ? try self.readIndex() : nil)
    }

    // MARK: Numbers

    private mutating func readFlag() throws(WireError) -> Bool {
        let flag: UInt8 = try self.readWord()
        guard flag <= 1 else { throw .unknown("flag", flag) }
        return flag == 1
    }

    mutating func writePosition(_ position: LogPosition) {
        self.writeInteger(position.index.rawValue)
        self.writeInteger(position.term.rawValue)
    }

    mutating func readPosition() throws(WireError) -> LogPosition {
        let index = try self.readIndex()
        return LogPosition(index: index, term: try self.readTerm())
    }

    private mutating func readTerm() throws(WireError) -> Term { Term(try self.readNumber()) }
    private mutating func readIndex() throws(WireError) -> LogIndex { LogIndex(try self.readNumber()) }

    private mutating func readNumber() throws(WireError) -> UInt64 {
        let number: UInt64 = try self.readWord()
        guard number < WireLimits.number else { throw .tooLong("a number") }
        return number
    }

    mutating func readWord<Word: FixedWidthInteger>() throws(WireError) -> Word {
        guard let word = self.readInteger(as: Word.self) else { throw .truncated }
        return word
    }
}
