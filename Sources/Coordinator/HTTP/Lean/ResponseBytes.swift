import HTTPTypes
import NIOCore

/// A response as it goes out, head and body in one piece.
struct ResponseBytes {
    private var bytes: [UInt8] = []

    static func of(_ answer: Answer) -> [UInt8] {
        var response = Self(answer.status, contentType: "application/json", byteCount: answer.body.count)
        for field in answer.fields { response.add(field.name.rawName, field.value) }
        response.end()
        response.bytes.append(contentsOf: answer.body)
        return response.bytes
    }

    static func of(_ answer: ForwardedResponse) -> [UInt8] {
        let status = HTTPResponse.Status(code: answer.status)
        var response = Self(status, contentType: answer.contentType, byteCount: answer.body.readableBytes)
        if answer.isReplayed { response.add(RequestKey.replayedHeader.rawName, "true") }
        if !answer.retryAfter.isEmpty { response.add("Retry-After", answer.retryAfter) }
        if !answer.index.isEmpty { response.add(WriteIndex.header.rawName, answer.index) }
        response.end()
        response.bytes.append(contentsOf: answer.body.readableBytesView)
        return response.bytes
    }

    private init(_ status: HTTPResponse.Status, contentType: String, byteCount: Int) {
        self.bytes.reserveCapacity(256 + byteCount)
        self.append("HTTP/1.1 ")
        self.append(String(status.code))
        self.append(" ")
        self.append(status.reasonPhrase)
        self.append("\r\n")
        if !contentType.isEmpty { self.add("Content-Type", contentType) }
        self.add("Content-Length", String(byteCount))
    }

    private mutating func add(_ name: String, _ value: String) {
        self.append(name)
        self.append(": ")
        self.append(value)
        self.append("\r\n")
    }

    private mutating func end() {
        self.add("Date", HTTPDate.now)
        self.add("Server", CoordinatorServer.serverName)
        self.append("\r\n")
    }

    private mutating func append(_ text: String) { self.bytes.append(contentsOf: text.utf8) }
}
