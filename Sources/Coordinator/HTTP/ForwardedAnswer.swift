import HTTPTypes
import Hummingbird
import NIOCore

/// The leader's word on a request that was passed on to it. Layout: 1 (u8) and a response, or why there is none yet
/// (u8): 2 nothing was done, 3 undecided, 4 the session is unknown or full.
enum ForwardedAnswer: Equatable {
    case response(ForwardedResponse)
    case unsettled(Unsettled)

    init?(_ bytes: ByteBuffer) {
        var bytes = bytes
        guard let first = bytes.readInteger(as: UInt8.self) else { return nil }
        if first == 1 {
            guard let response = ForwardedResponse(bytes.slice()) else { return nil }
            self = .response(response)
        } else {
            guard let reason = Unsettled(rawValue: first), bytes.readableBytes == 0 else { return nil }
            self = .unsettled(reason)
        }
    }

    func encoded() -> ByteBuffer {
        switch self {
        case .unsettled(let reason): return ByteBuffer(integer: reason.rawValue)
        case .response(let response):
            var out = ByteBuffer(integer: UInt8(1))
            response.write(into: &out)
            return out
        }
    }
}

/// Layout: status (u16), given before (u8: 0 or 1), content type, retry-after and the write's index in decimal with their
/// lengths, body. What is absent has length 0.
struct ForwardedResponse: Equatable {
    var status: Int
    var isReplayed: Bool
    var contentType: String
    var retryAfter: String
    var index: String
    var body: ByteBuffer

    init(_ answer: Answer) {
        self.status = answer.status.code
        self.isReplayed = false
        self.contentType = "application/json"
        self.retryAfter = answer.fields.first { $0.name == .retryAfter }?.value ?? ""
        self.index = answer.index.map { String($0) } ?? ""
        self.body = ByteBuffer(bytes: answer.body)
    }

    init(_ response: Response) async throws {
        self.status = response.status.code
        self.isReplayed = response.headers[RequestKey.replayedHeader] != nil
        self.contentType = response.headers[.contentType] ?? ""
        self.retryAfter = response.headers[.retryAfter] ?? ""
        self.index = response.headers[WriteIndex.header] ?? ""
        let collector = Collector()
        try await response.body.write(collector)
        self.body = collector.bytes
    }

    init?(_ bytes: ByteBuffer) {
        var bytes = bytes
        guard let status = bytes.readInteger(as: UInt16.self), (200..<600).contains(status),
            let replayed = bytes.readInteger(as: UInt8.self), replayed <= 1,
            let contentType = bytes.readSized(), let retryAfter = bytes.readSized(), let index = bytes.readSized()
        else { return nil }
        self.status = Int(status)
        self.isReplayed = replayed == 1
        self.contentType = contentType
        self.retryAfter = retryAfter
        self.index = index
        self.body = bytes.slice()
    }

    func write(into out: inout ByteBuffer) {
        out.writeInteger(UInt16(self.status))
        out.writeInteger(UInt8(self.isReplayed ? 1 : 0))
        out.writeSized(self.contentType)
        out.writeSized(self.retryAfter)
        out.writeSized(self.index)
        out.writeImmutableBuffer(self.body)
    }

    var response: Response {
        var response = Response(
            status: HTTPResponse.Status(code: self.status),
            body: ResponseBody(byteBuffer: self.body)
        )
        if self.isReplayed { response.headers[RequestKey.replayedHeader] = "true" }
        if !self.contentType.isEmpty { response.headers[.contentType] = self.contentType }
        if !self.retryAfter.isEmpty { response.headers[.retryAfter] = self.retryAfter }
        if !self.index.isEmpty { response.headers[WriteIndex.header] = self.index }
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
