import HTTPTypes
import NIOCore

/// A response as it goes out, head and body in one piece.
struct ResponseBytes {
    private var bytes: [UInt8] = []

    static func of(_ answer: Answer, named requestID: String) -> [UInt8] {
        var response = Self()
        response.bytes.reserveCapacity(384 + answer.body.count)
        switch answer.status.code {
        case 200: response.append("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        case 201: response.append("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n")
        default: response.begin(answer.status, contentType: "application/json")
        }
        if let index = answer.index { response.add(number: index, "Varpulis-Index: ") }
        for field in answer.fields { response.add(field.name.rawName, field.value) }
        response.add(RequestID.header.rawName, requestID)
        response.end(bodyByteCount: answer.body.count)
        response.bytes.append(contentsOf: answer.body)
        return response.bytes
    }

    static func of(_ answer: ForwardedResponse, named requestID: String) -> [UInt8] {
        var response = Self()
        response.bytes.reserveCapacity(384 + answer.body.readableBytes)
        response.begin(HTTPResponse.Status(code: answer.status), contentType: answer.contentType)
        if answer.isReplayed { response.add(RequestKey.replayedHeader.rawName, "true") }
        if !answer.retryAfter.isEmpty { response.add("Retry-After", answer.retryAfter) }
        if !answer.index.isEmpty { response.add(WriteIndex.header.rawName, answer.index) }
        response.add(RequestID.header.rawName, requestID)
        response.end(bodyByteCount: answer.body.readableBytes)
        response.bytes.append(contentsOf: answer.body.readableBytesView)
        return response.bytes
    }

    private mutating func begin(_ status: HTTPResponse.Status, contentType: String) {
        self.append("HTTP/1.1 ")
        self.append(number: UInt64(status.code))
        self.append(" ")
        self.append(text: status.reasonPhrase)
        self.append("\r\n")
        if !contentType.isEmpty { self.add("Content-Type", contentType) }
    }

    private mutating func add(_ name: String, _ value: String) {
        self.append(text: name)
        self.append(": ")
        self.append(text: value)
        self.append("\r\n")
    }

    /// `opening`: name, colon and blank.
    private mutating func add(number: UInt64, _ opening: StaticString) {
        self.append(opening)
        self.append(number: number)
        self.append("\r\n")
    }

    private static let server = Array("Server: \(CoordinatorServer.serverName)\r\n\r\n".utf8)

    private mutating func end(bodyByteCount: Int) {
        self.add(number: UInt64(bodyByteCount), "Content-Length: ")
        self.bytes.append(contentsOf: HTTPDate.line)
        self.bytes.append(contentsOf: Self.server)
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { self.bytes.append(contentsOf: $0) }
    }

    private mutating func append(text: String) { self.bytes.append(contentsOf: text.utf8) }

    private mutating func append(number: UInt64) {
        var unit: UInt64 = 1
        while number / unit >= 10 { unit *= 10 }
        while unit > 0 {
            self.bytes.append(UInt8(ascii: "0") + UInt8(number / unit % 10))
            unit /= 10
        }
    }
}
