import RaftSessions

extension Submission {
    /// Tells a submission from a bare command, whose first byte is its own version.
    public static let formatVersion: UInt8 = 2

    /// The bytes of a log entry. A command without a token is written bare.
    public func encoded() -> [UInt8] {
        if case .command(let command) = self.act, self.token == nil, self.answer == nil { return command.encoded() }
        var writer = ByteWriter(capacity: 512)
        writer.byte(Self.formatVersion)
        writer.optional(self.token) { $0.value($1) }
        writer.optional(self.answer) { $0.value($1) }
        switch self.act {
        case .command(let command):
            writer.byte(1)
            writer.value(command)
        case .openSession: writer.byte(2)
        case .mark: writer.byte(3)
        }
        return writer.exactBytes
    }

    public init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        guard bytes.first == Self.formatVersion else {
            self.init(.command(try Command(decoding: bytes)))
            return
        }
        var reader = ByteReader(bytes)
        _ = try reader.byte()
        let token: CommandToken? = try reader.optional { reader throws(DecodingFailure) in try reader.value() }
        let answer: KeptAnswer? = try reader.optional { reader throws(DecodingFailure) in try reader.value() }
        let act: Act =
            switch try reader.byte() {
            case 1: .command(try reader.value())
            case 2: .openSession
            case 3: .mark
            case let tag: throw reader.failure(.unknown, "no act is numbered \(tag)")
            }
        if case .command = act, token == nil, answer == nil {
            throw reader.failure(.invalid, "a bare command is written as one")
        }
        try reader.end()
        self.init(act, token: token, answer: answer)
    }
}

extension CommandToken: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.byte(self.part)
        switch self.origin {
        case .session(let stamp):
            writer.byte(1)
            writer.number(stamp.session.rawValue)
            writer.number(stamp.sequence)
            writer.number(stamp.lowest)
        case .key(let stamp):
            writer.byte(2)
            for word in [stamp.key.high, stamp.key.low, stamp.fingerprint.high, stamp.fingerprint.low] {
                writer.word(word)
            }
        }
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        let part = try reader.byte()
        switch try reader.byte() {
        case 1:
            let session = SessionID(try reader.number())
            let stamp = SessionStamp(session: session, sequence: try reader.number(), lowest: try reader.number())
            self.init(.session(stamp), part: part)
        case 2:
            let key = Digest128(high: try reader.word(), low: try reader.word())
            let fingerprint = Digest128(high: try reader.word(), low: try reader.word())
            self.init(.key(KeyStamp(key: key, fingerprint: fingerprint)), part: part)
        case let tag: throw reader.failure(.unknown, "no kind of token is numbered \(tag)")
        }
    }
}

extension KeptAnswer: BinaryCoded {
    func encode(into writer: inout ByteWriter) {
        writer.number(self.status)
        writer.blob(self.body)
    }

    init(from reader: inout ByteReader) throws(DecodingFailure) {
        self.init(status: try reader.number32(), body: try reader.blob())
    }
}

/// What the session table keeps of a command: the response, and the answer made of it if that is known.
struct KeptReply {
    var response: Response
    var answer: KeptAnswer?

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.byte(Response.formatVersion)
        writer.value(self.response)
        writer.optional(self.answer) { $0.value($1) }
        return writer.bytes
    }

    init(response: Response, answer: KeptAnswer?) {
        self.response = response
        self.answer = answer
    }

    init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        var reader = ByteReader(bytes)
        let version = try reader.byte()
        guard version == Response.formatVersion else {
            throw reader.failure(.unknown, "replies of version \(version) are not known here")
        }
        self.response = try reader.value()
        self.answer = try reader.optional { reader throws(DecodingFailure) in try reader.value() }
        try reader.end()
    }
}
