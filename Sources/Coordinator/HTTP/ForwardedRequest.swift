import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import RaftSessions

/// A request on its way from a follower to the leader: what was asked, what the follower verified, and the token by
/// which it may be sent again.
///
/// Layout: version 3 (u8), role (u8), repeated (u8: 0 or 1), milliseconds left (u32), token, then method, path with
/// query, content type, each with its length (u32), and the body to the end. The token is a byte and: 0 nothing; 1
/// session, sequence, lowest unanswered (u64 each); 2 the digests of key and request (two u64 each).
struct ForwardedRequest: Equatable {
    var caller: Caller
    var passage: Passage
    var method: String
    var path: String
    var contentType: String
    var body: ByteBuffer

    static let version: UInt8 = 3

    init(_ request: Request, caller: Caller, passage: Passage, body: ByteBuffer) {
        self.caller = caller
        self.passage = passage
        self.method = request.method.rawValue
        self.path = request.head.path ?? "/"
        self.contentType = request.headers[.contentType] ?? ""
        self.body = body
    }

    init(_ work: LeanTable.Work, _ passage: Passage, _ body: ByteBuffer) {
        self.caller = work.caller
        self.passage = passage
        self.method = work.endpoint.method.rawValue
        self.path = work.target
        self.contentType = work.contentType ?? ""
        self.body = body
    }

    func encoded() -> ByteBuffer {
        var out = ByteBuffer()
        out.writeInteger(Self.version)
        out.writeInteger(self.caller.role.rawValue)
        out.writePassage(self.passage)
        for text in [self.method, self.path, self.contentType] { out.writeSized(text) }
        out.writeImmutableBuffer(self.body)
        return out
    }

    /// Nil if the bytes are no request of this version.
    init?(_ bytes: ByteBuffer) {
        var bytes = bytes
        guard bytes.readInteger(as: UInt8.self) == Self.version,
            let role = bytes.readInteger(as: UInt8.self).flatMap(Role.init(rawValue:)),
            let passage = bytes.readPassage(),
            let method = bytes.readSized(), let path = bytes.readSized(), let contentType = bytes.readSized()
        else { return nil }
        self.caller = Caller(role: role)
        self.passage = passage
        self.method = method
        self.path = path
        self.contentType = contentType
        self.body = bytes.slice()
    }

    /// The request as a handler expects it. Nil if the method is none.
    var request: Request? {
        guard let method = HTTPRequest.Method(rawValue: self.method) else { return nil }
        var head = HTTPRequest(method: method, scheme: "http", authority: nil, path: self.path)
        if !self.contentType.isEmpty { head.headerFields[.contentType] = self.contentType }
        return Request(head: head, body: RequestBody(buffer: self.body))
    }
}

extension ByteBuffer {
    fileprivate mutating func writePassage(_ passage: Passage) {
        self.writeInteger(UInt8(passage.isRepeated ? 1 : 0))
        self.writeInteger(UInt32(clamping: (passage.deadline - .now).milliseconds))
        switch passage.origin {
        case nil: self.writeInteger(UInt8(0))
        case .session(let stamp):
            self.writeMultipleIntegers(UInt8(1), stamp.session.rawValue, stamp.sequence, stamp.lowest)
        case .key(let stamp):
            self.writeMultipleIntegers(
                UInt8(2),
                stamp.key.high,
                stamp.key.low,
                stamp.fingerprint.high,
                stamp.fingerprint.low
            )
        }
    }

    fileprivate mutating func readPassage() -> Passage? {
        guard let repeated = self.readInteger(as: UInt8.self), repeated <= 1,
            let milliseconds = self.readInteger(as: UInt32.self), let kind = self.readInteger(as: UInt8.self)
        else { return nil }
        let origin: CommandToken.Origin?
        switch kind {
        case 0: origin = nil
        case 1:
            guard let (session, sequence, lowest) = self.readMultipleIntegers(as: (UInt64, UInt64, UInt64).self) else {
                return nil
            }
            origin = .session(SessionStamp(session: SessionID(session), sequence: sequence, lowest: lowest))
        case 2:
            guard let key = self.readDigest(), let fingerprint = self.readDigest() else { return nil }
            origin = .key(KeyStamp(key: key, fingerprint: fingerprint))
        default: return nil
        }
        return Passage(
            origin: origin,
            deadline: .now + .milliseconds(milliseconds),
            isRepeated: repeated == 1
        )
    }

    private mutating func readDigest() -> Digest128? {
        self.readMultipleIntegers(as: (UInt64, UInt64).self).map { Digest128(high: $0.0, low: $0.1) }
    }

    mutating func writeSized(_ text: String) {
        self.writeInteger(UInt32(text.utf8.count))
        self.writeString(text)
    }

    mutating func readSized() -> String? {
        guard let length = self.readInteger(as: UInt32.self), length <= 1 << 20 else { return nil }
        return self.readString(length: Int(length))
    }
}
