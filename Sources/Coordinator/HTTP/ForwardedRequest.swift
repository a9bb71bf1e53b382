import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// A request on its way from a follower to the leader: what was asked, and what the follower verified.
///
/// Layout: version 1 (u8), role (u8), then method, path with query, content type, each with its length (u32), and the
/// body to the end.
struct ForwardedRequest: Equatable {
    var role: Role
    var method: String
    var path: String
    var contentType: String
    var body: ByteBuffer

    static let version: UInt8 = 1

    init(role: Role, method: String, path: String, contentType: String, body: ByteBuffer) {
        self.role = role
        self.method = method
        self.path = path
        self.contentType = contentType
        self.body = body
    }

    init(_ request: Request, role: Role, body: ByteBuffer) {
        self.init(
            role: role,
            method: request.method.rawValue,
            path: request.head.path ?? "/",
            contentType: request.headers[.contentType] ?? "",
            body: body
        )
    }

    func encoded() -> ByteBuffer {
        var out = ByteBuffer()
        out.writeInteger(Self.version)
        out.writeInteger(self.role.rawValue)
        for text in [self.method, self.path, self.contentType] { out.writeSized(text) }
        out.writeImmutableBuffer(self.body)
        return out
    }

    /// Nil if the bytes are no request of this version.
    init?(_ bytes: ByteBuffer) {
        var bytes = bytes
        guard bytes.readInteger(as: UInt8.self) == Self.version,
            let role = bytes.readInteger(as: UInt8.self).flatMap(Role.init(rawValue:)),
            let method = bytes.readSized(), let path = bytes.readSized(), let contentType = bytes.readSized()
        else { return nil }
        self.role = role
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

/// The leader's answer on its way back. Layout: status (u16), content type and retry-after with their lengths, body.
struct ForwardedResponse: Equatable {
    var status: Int
    var contentType: String
    var retryAfter: String
    var body: ByteBuffer

    init(_ answer: Answer) {
        self.status = answer.status.code
        self.contentType = "application/json"
        self.retryAfter = answer.fields.first { $0.name == .retryAfter }?.value ?? ""
        self.body = ByteBuffer(bytes: answer.body)
    }

    init(_ response: Response) async throws {
        self.status = response.status.code
        self.contentType = response.headers[.contentType] ?? ""
        self.retryAfter = response.headers[.retryAfter] ?? ""
        let collector = Collector()
        try await response.body.write(collector)
        self.body = collector.bytes
    }

    init?(_ bytes: ByteBuffer) {
        var bytes = bytes
        guard let status = bytes.readInteger(as: UInt16.self), (200..<600).contains(status),
            let contentType = bytes.readSized(), let retryAfter = bytes.readSized()
        else { return nil }
        self.status = Int(status)
        self.contentType = contentType
        self.retryAfter = retryAfter
        self.body = bytes.slice()
    }

    func encoded() -> ByteBuffer {
        var out = ByteBuffer()
        out.writeInteger(UInt16(self.status))
        out.writeSized(self.contentType)
        out.writeSized(self.retryAfter)
        out.writeImmutableBuffer(self.body)
        return out
    }

    var response: Response {
        var response = Response(
            status: HTTPResponse.Status(code: self.status),
            body: ResponseBody(byteBuffer: self.body)
        )
        if !self.contentType.isEmpty { response.headers[.contentType] = self.contentType }
        if !self.retryAfter.isEmpty { response.headers[.retryAfter] = self.retryAfter }
        return response
    }

    /// Gathers a response's body. Used by one task, which awaits each write.
    // @unchecked: see above; the protocol asks for Sendable though a writer is never shared.
    private final class Collector: ResponseBodyWriter, @unchecked Sendable {
        var bytes = ByteBuffer()
        func write(_ buffer: ByteBuffer) async throws { self.bytes.writeImmutableBuffer(buffer) }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}

extension ByteBuffer {
    fileprivate mutating func writeSized(_ text: String) {
        self.writeInteger(UInt32(text.utf8.count))
        self.writeString(text)
    }

    fileprivate mutating func readSized() -> String? {
        guard let length = self.readInteger(as: UInt32.self), length <= 1 << 20 else { return nil }
        return self.readString(length: Int(length))
    }
}
