import HTTPTypes
import Security

#if canImport(Glibc)
    import Glibc
#endif

/// The head of a request as its bytes say it, with just what tells where the request ends and whether it is as plain as
/// most are.
///
/// Stricter than a general parser: what it does not understand to the last byte is left to one.
///
///     GET /api/v1/cluster/connectors/c HTTP/1.1␍␊host: h␍␊x-api-key: k␍␊␍␊
struct RequestHead: Equatable {
    enum Reading: Equatable {
        /// The head's end has not come yet.
        case incomplete
        case head(RequestHead)
        /// Not understood. Where this request ends, and what follows it, is for the general parser to say.
        case foreign
    }

    var method: HTTPRequest.Method
    /// Path and query.
    var target: String
    /// Up to the blank line, and with it.
    var byteCount: Int
    var bodyByteCount = 0
    /// Whether it has only headers that are known to change nothing, or that are read here.
    var isPlain = true
    /// Whether the host that is asked for is this machine, by one of the names of loopback.
    var isForLoopback = false
    var key: [UInt8]?
    var contentType: String?
    /// The sender's name for the request, if it is a sane one.
    var requestID: String?

    /// A longer head is left to the general parser.
    static let byteCountMax = 8_192

    static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
        var lines = Lines(bytes)
        switch lines.next() {
        case .end: return bytes.count < self.byteCountMax ? .incomplete : .foreign
        case .broken: return .foreign
        case .line(let line):
            guard var head = RequestHead(requestLine: line) else { return .foreign }
            var hosts = 0
            while true {
                switch lines.next() {
                case .end: return bytes.count < self.byteCountMax ? .incomplete : .foreign
                case .broken: return .foreign
                case .line(let line) where line.isEmpty:
                    head.byteCount = lines.offset
                    return hosts == 1 && head.byteCount <= self.byteCountMax ? .head(head) : .foreign
                case .line(let line):
                    guard head.take(line, &hosts) else { return .foreign }
                }
            }
        }
    }

    private init?(requestLine line: UnsafeRawBufferPointer) {
        guard let methodEnd = line.place(of: 0x20), line.count > methodEnd + 2,
            line[methodEnd + 1] == UInt8(ascii: "/")
        else { return nil }
        var targetEnd = methodEnd + 1
        while targetEnd < line.count, line[targetEnd] > 0x20, line[targetEnd] < 0x7F { targetEnd += 1 }
        guard Self.isExactly(line.part(from: targetEnd, to: line.count), " HTTP/1.1") else { return nil }
        switch line.part(from: 0, to: methodEnd) {
        case let name where Self.isExactly(name, "GET"): self.method = .get
        case let name where Self.isExactly(name, "PUT"): self.method = .put
        case let name where Self.isExactly(name, "POST"): self.method = .post
        case let name where Self.isExactly(name, "DELETE"): self.method = .delete
        default: return nil
        }
        self.target = String(decoding: line.part(from: methodEnd + 1, to: targetEnd), as: UTF8.self)
        self.byteCount = 0
    }

    // MARK: Headers

    /// Headers that say nothing about how the request is framed or answered.
    private static let harmless = [
        StaticString("user-agent"), "accept", "accept-encoding", "accept-language",
    ]
    /// Headers that change how the connection or the body is to be read.
    private static let framing = [
        StaticString("transfer-encoding"), "upgrade", "expect", "te", "trailer", "proxy-connection", "keep-alive",
        "http2-settings",
    ]

    /// False if the line is not understood.
    private mutating func take(_ line: UnsafeRawBufferPointer, _ hosts: inout Int) -> Bool {
        var colon = 0
        while colon < line.count, Self.isToken(line[colon]) { colon += 1 }
        guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else { return false }
        let name = line.part(from: 0, to: colon)
        let value = Self.trimmed(line, from: colon + 1)
        for byte in value where byte < 0x20 && byte != 0x09 || byte >= 0x7F { return false }
        switch name.count {
        case 4 where Self.isSame(name, "host"):
            hosts += 1
            self.isForLoopback = LoopbackPages.isLoopback(authority: value)
        case 9 where Self.isSame(name, "x-api-key"):
            if self.key != nil { self.isPlain = false }
            self.key = Array(value)
        case 10 where Self.isSame(name, "connection"): return Self.isSame(value, "keep-alive")
        case 12 where Self.isSame(name, "content-type"):
            if self.contentType != nil { self.isPlain = false }
            self.contentType = String(decoding: value, as: UTF8.self)
        case 12 where Self.isSame(name, "x-request-id"):
            if self.requestID != nil || !RequestID.isSane(value) { self.isPlain = false }
            self.requestID = String(decoding: value, as: UTF8.self)
        case 14 where Self.isSame(name, "content-length"):
            guard self.bodyByteCount == 0, (1...9).contains(value.count), let count = Self.number(value) else {
                return false
            }
            self.bodyByteCount = count
        default:
            if Self.framing.contains(where: { Self.isSame(name, $0) }) { return false }
            if !Self.harmless.contains(where: { Self.isSame(name, $0) }) { self.isPlain = false }
        }
        return true
    }

    private static func trimmed(_ line: UnsafeRawBufferPointer, from start: Int) -> UnsafeRawBufferPointer {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        var (start, end) = (start, line.count)
        while start < end, isBlank(line[start]) { start += 1 }
        while end > start, isBlank(line[end - 1]) { end -= 1 }
        return line.part(from: start, to: end)
    }

    private static func number(_ digits: UnsafeRawBufferPointer) -> Int? {
        var number = 0
        for byte in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }

    private static func isExactly(_ text: UnsafeRawBufferPointer, _ other: StaticString) -> Bool {
        guard let start = text.baseAddress, text.count == other.utf8CodeUnitCount else { return false }
        return memcmp(start, other.utf8Start, text.count) == 0
    }

    /// Compares without regard to the case of letters; `other` is in lower case.
    private static func isSame(_ name: UnsafeRawBufferPointer, _ other: StaticString) -> Bool {
        guard name.count == other.utf8CodeUnitCount else { return false }
        for place in 0..<name.count {
            let (byte, wanted) = (name[place], other.utf8Start[place])
            guard byte == wanted || ((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) && byte | 0x20 == wanted)
            else { return false }
        }
        return true
    }

    /// RFC 9110, section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

/// Takes bytes apart into lines that end with CR LF.
private struct Lines {
    enum Step {
        case line(UnsafeRawBufferPointer)
        case end
        /// A line feed without its carriage return, or the reverse.
        case broken
    }

    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> Step {
        let rest = self.bytes.part(from: self.offset, to: self.bytes.count)
        guard let end = rest.place(of: 0x0A) else { return .end }
        // The first carriage return, and so the only one.
        guard end > 0, rest.part(from: 0, to: end).place(of: 0x0D) == end - 1 else { return .broken }
        self.offset += end + 1
        return .line(rest.part(from: 0, to: end - 1))
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func part(from start: Int, to end: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[start..<end])
    }

    /// Where a byte comes first.
    fileprivate func place(of byte: UInt8) -> Int? {
        guard let start = self.baseAddress, let found = memchr(start, CInt(byte), self.count) else { return nil }
        return UnsafeRawPointer(found) - start
    }
}
