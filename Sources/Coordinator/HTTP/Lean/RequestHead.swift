import HTTPTypes

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
    var key: [UInt8]?
    var contentType: String?

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
        guard let methodEnd = line.firstIndex(of: 0x20), let targetEnd = line.lastIndex(of: 0x20),
            line[(targetEnd + 1)...].elementsEqual("HTTP/1.1".utf8), targetEnd > methodEnd + 1
        else { return nil }
        let target = line[(methodEnd + 1)..<targetEnd]
        guard target.first == UInt8(ascii: "/"), target.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        switch line[..<methodEnd] {
        case let name where name.elementsEqual("GET".utf8): self.method = .get
        case let name where name.elementsEqual("PUT".utf8): self.method = .put
        case let name where name.elementsEqual("POST".utf8): self.method = .post
        case let name where name.elementsEqual("DELETE".utf8): self.method = .delete
        default: return nil
        }
        self.target = String(decoding: target, as: UTF8.self)
        self.byteCount = 0
    }

    // MARK: Headers

    /// Headers that say nothing about how the request is framed or answered.
    private static let harmless = ["user-agent", "accept", "accept-encoding", "accept-language"].map { Array($0.utf8) }
    /// Headers that change how the connection or the body is to be read.
    private static let framing = [
        "transfer-encoding", "upgrade", "expect", "te", "trailer", "proxy-connection", "keep-alive", "http2-settings",
    ].map { Array($0.utf8) }

    /// False if the line is not understood.
    private mutating func take(_ line: UnsafeRawBufferPointer, _ hosts: inout Int) -> Bool {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
        let name = UnsafeRawBufferPointer(rebasing: line[..<colon])
        guard name.allSatisfy(Self.isToken) else { return false }
        let value = Self.trimmed(line[(colon + 1)...])
        guard value.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 }) else { return false }
        switch name.count {
        case 4 where Self.isSame(name, "host"): hosts += 1
        case 9 where Self.isSame(name, "x-api-key"):
            if self.key != nil { self.isPlain = false }
            self.key = Array(value)
        case 10 where Self.isSame(name, "connection"): return Self.isSame(.init(rebasing: value), "keep-alive")
        case 12 where Self.isSame(name, "content-type"):
            if self.contentType != nil { self.isPlain = false }
            self.contentType = String(decoding: value, as: UTF8.self)
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

    private static func trimmed(_ value: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        var value = value
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        return value
    }

    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int? {
        digits.reduce(Int?(0)) { number, byte in
            guard let number, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            return number * 10 + Int(byte - UInt8(ascii: "0"))
        }
    }

    /// Compares without regard to the case of letters; `other` is in lower case.
    private static func isSame(_ name: UnsafeRawBufferPointer, _ other: StaticString) -> Bool {
        other.withUTF8Buffer { self.isSame(name, $0) }
    }

    private static func isSame(_ name: UnsafeRawBufferPointer, _ other: some Collection<UInt8>) -> Bool {
        name.count == other.count
            && zip(name, other).allSatisfy { byte, wanted in
                byte == wanted || ((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) && byte | 0x20 == wanted)
            }
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
        guard let end = self.bytes[self.offset...].firstIndex(of: 0x0A) else { return .end }
        guard end > self.offset, self.bytes[end - 1] == 0x0D else { return .broken }
        let line = UnsafeRawBufferPointer(rebasing: self.bytes[self.offset..<(end - 1)])
        self.offset = end + 1
        return line.contains(0x0D) ? .broken : .line(line)
    }
}
