// Fixed widths, most significant byte first; see `docs/formats.md`, section "Session table".

extension SessionTable {
    /// The first byte of the encoding. Tables of another version are refused.
    public static let formatVersion: UInt8 = 1

    /// The whole table as bytes. Equal tables give equal bytes in every process.
    public func encoded() -> [UInt8] {
        var writer = FieldWriter()
        writer.number(Self.formatVersion)
        writer.number(self.timeMilliseconds)
        writer.number(UInt32(self.sessions.count))
        for (id, session) in self.sessions.sorted(by: { $0.key < $1.key }) {
            writer.number(id.rawValue)
            writer.number(session.lastUsedMilliseconds)
            writer.number(session.lowest)
            writer.number(UInt32(session.replies.count))
            for (sequence, replies) in session.replies.sorted(by: { $0.key < $1.key }) {
                writer.number(sequence)
                writer.replies(replies)
            }
        }
        writer.number(UInt32(self.keys.count))
        for (key, record) in self.keys.inOrder {
            writer.digest(key)
            writer.digest(record.fingerprint)
            writer.number(record.timeMilliseconds)
            writer.replies(record.replies)
        }
        return writer.bytes
    }

    /// Reads a table back, and refuses one that no commands could have made. Costs no more than the bytes are long.
    public init(decoding bytes: [UInt8], limits: SessionLimits = SessionLimits()) throws(SessionDecodingFailure) {
        var reader = FieldReader(bytes)
        guard try reader.number(UInt8.self) == Self.formatVersion else {
            throw reader.failure("tables of another version than \(Self.formatVersion) are not known here")
        }
        self.init(limits: limits)
        self.timeMilliseconds = try reader.number()
        try self.readSessions(&reader)
        try self.readKeys(&reader)
        guard reader.isAtEnd else { throw reader.failure("bytes are left over") }
    }

    private mutating func readSessions(_ reader: inout FieldReader) throws(SessionDecodingFailure) {
        var last: SessionID?
        for _ in 0..<(try reader.number(UInt32.self)) {
            let id = SessionID(try reader.number())
            if let last, id <= last { throw reader.failure("the sessions are not in order") }
            last = id
            var session = Session(lastUsedMilliseconds: try reader.number())
            guard session.lastUsedMilliseconds <= self.timeMilliseconds else {
                throw reader.failure("session \(id) was used in the future")
            }
            session.lowest = try reader.number()
            try Self.readReplies(of: &session, &reader)
            self.sessionsWeight += session.weight
            self.sessions[id] = session
        }
    }

    private static func readReplies(
        of session: inout Session,
        _ reader: inout FieldReader
    ) throws(SessionDecodingFailure) {
        var last: UInt64?
        for _ in 0..<(try reader.number(UInt32.self)) {
            let sequence: UInt64 = try reader.number()
            guard sequence >= session.lowest else { throw reader.failure("a reply is kept that was let go") }
            if let last, sequence <= last { throw reader.failure("the replies are not in order") }
            last = sequence
            let replies = try reader.replies()
            session.replies[sequence] = replies
            session.replyCount += replies.items.count
            session.weight += replies.weight
        }
    }

    private mutating func readKeys(_ reader: inout FieldReader) throws(SessionDecodingFailure) {
        var last: UInt64 = 0
        for _ in 0..<(try reader.number(UInt32.self)) {
            let key = try reader.digest()
            let fingerprint = try reader.digest()
            let time: UInt64 = try reader.number()
            guard time >= last, time <= self.timeMilliseconds else {
                throw reader.failure("the times of the keys are not in order")
            }
            last = time
            var record = KeyTable.Record(fingerprint: fingerprint, timeMilliseconds: time)
            record.replies = try reader.replies()
            guard self.keys.append(key, record) else { throw reader.failure("a key is there twice") }
        }
    }
}
