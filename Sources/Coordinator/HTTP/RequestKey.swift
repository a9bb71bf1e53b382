import HTTPTypes
import Hummingbird
import NIOCore
import OpenSSL
import RaftSessions

/// The header `Idempotency-Key`: a name that the sender gives a request, so as to be able to send it again.
enum RequestKey {
    static let header = HTTPField.Name("idempotency-key")!  // literal tokens, checked by tests
    /// On an answer that was given before.
    static let replayedHeader = HTTPField.Name("idempotency-replayed")!

    /// The digests of the name and of the request; nil if the request has none. See `docs/formats.md`, "Submission".
    static func stamp(of request: Request, body: ByteBuffer, role: Role) throws -> KeyStamp? {
        let names = request.headers[values: Self.header]
        guard let name = names.first else { return nil }
        guard names.count == 1, (1...255).contains(name.utf8.count),
            name.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw APIError(.badRequest, "Idempotency-Key must be one field of 1 to 255 visible ASCII characters") }
        let method = Array(request.method.rawValue.utf8)
        let path = Array((request.head.path ?? "/").utf8)
        var bytes = ByteBuffer(integer: role.rawValue)
        bytes.writeInteger(UInt32(method.count))
        bytes.writeInteger(UInt32(path.count))
        bytes.writeBytes(method)
        bytes.writeBytes(path)
        bytes.writeImmutableBuffer(body)
        return KeyStamp(
            key: try Self.digest(Array("varpulis request key".utf8) + Array(name.utf8)),
            fingerprint: try Self.digest(Array(bytes.readableBytesView))
        )
    }

    private static func digest(_ bytes: [UInt8]) throws -> Digest128 {
        let hash = try SHA256.hash(bytes)
        func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        return Digest128(high: word(hash[0..<8]), low: word(hash[8..<16]))
    }
}
