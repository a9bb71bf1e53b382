import HTTPTypes
import Testing

@testable import Coordinator

@Suite("Reading the head of a request")
struct RequestHeadTests {
    private static func read(_ text: String) -> RequestHead.Reading {
        Array(text.utf8).withUnsafeBytes(RequestHead.read)
    }

    private static func lines(_ lines: String...) -> String { (lines + ["", ""]).joined(separator: "\r\n") }

    @Test("a plain head is understood, whatever the case of its names and the blanks around its values")
    func plain() throws {
        let text = Self.lines(
            "PUT /a/b?c=d HTTP/1.1",
            "HOST: h",
            "x-api-KEY:\t k y ",
            "Content-Type:application/json",
            "content-length: 012",
            "connection: Keep-Alive",
            "User-Agent: x/1 (y; z)",
            "accept: */*"
        )
        guard case .head(let head) = Self.read(text + "body and more") else {
            Issue.record("not understood")
            return
        }
        #expect(head.method == .put && head.target == "/a/b?c=d")
        #expect(head.byteCount == text.utf8.count && head.bodyByteCount == 12)
        #expect(head.isPlain)
        #expect(head.key == Array("k y".utf8) && head.contentType == "application/json")
    }

    @Test("before its end a head is incomplete, at any byte, and damage never traps")
    func incomplete() {
        let text = Self.lines("GET / HTTP/1.1", "host: h", "x-api-key: k", "content-length: 3")
        let bytes = Array(text.utf8)
        for count in bytes.indices {
            #expect(bytes[..<count].withUnsafeBytes(RequestHead.read) == .incomplete, "\(count)")
            for byte: UInt8 in [0, 0x0A, 0x0D, 0x20, 0x3A, 0x39, 0x7F, 0xFF] {
                var damaged = bytes
                damaged[count] = byte
                if case .head(let head) = damaged.withUnsafeBytes(RequestHead.read) {
                    #expect(head.byteCount <= bytes.count)
                }
            }
        }
    }

    @Test(
        "with a header that is not known to be harmless, or is repeated, a head is not plain",
        arguments: ["x-other: 1", "idempotency-key: k", "content-encoding: gzip", "cookie: a", "range: bytes=0-"]
    )
    func notPlain(header: String) {
        for headers in [[header], ["x-api-key: a", "x-api-key: b"], ["content-type: a", "content-type: a"]] {
            let text = Self.lines((["GET / HTTP/1.1", "host: h"] + headers).joined(separator: "\r\n"))
            guard case .head(let head) = Self.read(text) else {
                Issue.record("not understood: \(headers)")
                continue
            }
            #expect(!head.isPlain)
        }
    }

    @Test(
        "what frames a request otherwise, or is not exactly as it should be, is not understood",
        arguments: [
            "GET / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked", "GET / HTTP/1.1\r\nhost: h\r\nupgrade: h2c",
            "GET / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue", "GET / HTTP/1.1\r\nhost: h\r\nconnection: close",
            "GET / HTTP/1.1\r\nhost: h\r\nconnection: keep-alive, upgrade", "GET / HTTP/1.1\r\nhost: h\r\nTE: trailers",
            "GET / HTTP/1.0\r\nhost: h", "GET / HTTP/1.1", "GET / HTTP/1.1\r\nhost: h\r\nhost: h",
            "GET  / HTTP/1.1\r\nhost: h",
            "get / HTTP/1.1\r\nhost: h", "PATCH / HTTP/1.1\r\nhost: h", "GET http://h/ HTTP/1.1\r\nhost: h",
            "GET /\u{7f} HTTP/1.1\r\nhost: h", "GET / HTTP/1.1\nhost: h", "GET / HTTP/1.1\r\nhost: h\r\n folded",
            "GET / HTTP/1.1\r\nhost: h\r\nx-api-key : k", "GET / HTTP/1.1\r\nhost: h\r\n: k",
            "GET / HTTP/1.1\r\nhost: h\r\nk",
            "GET / HTTP/1.1\r\nhost: \u{1}", "GET / HTTP/1.1\r\nhost: é", "GET / HTTP/1.1\r\nhost: h\rx",
            "PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: -1",
            "PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ncontent-length: 1",
            "PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 1, 1", "PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: ",
            "PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 1234567890",
            "PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: +1",
        ]
    )
    func foreign(text: String) {
        #expect(Self.read(text + "\r\n\r\n") == .foreign)
    }

    @Test("a head without an end is not waited for for ever")
    func endless() {
        let start = "GET / HTTP/1.1\r\nhost: h\r\naccept: "
        #expect(Self.read(start + String(repeating: "x", count: RequestHead.byteCountMax)) == .foreign)
        let long = String(repeating: "x", count: RequestHead.byteCountMax - start.utf8.count)
        #expect(Self.read(start + long + "\r\n\r\n") == .foreign)
    }
}
