import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Security

/// A server's pipeline without a server: answers when it is told to.
private final class Bench {
    let channel = EmbeddedChannel()
    let counters = RefusalCounters()
    let watch: RequestWatch

    init(limits: RequestLimits = RequestLimits()) throws {
        let guards = ConnectionGuards(credentials: nil, counters: self.counters, limits: limits)
        self.watch = guards.makeWatch()
        try self.channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withErrorHandling: false
        )
        try guards.install(self.watch, on: self.channel)
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    deinit { _ = try? self.channel.finish(acceptAlreadyClosed: true) }  // leftovers are the test's business

    /// Bytes come in, and the server wants more.
    func receive(_ text: String) throws {
        do { try self.channel.writeInbound(ByteBuffer(string: text)) } catch HTTPParserError.invalidEOFState {
            // What the decoder says of a connection that is closed within a request.
        }
        if self.isOpen { self.channel.read() }
    }

    func answer() throws {
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["content-length": "0"])
        try self.channel.writeOutbound(HTTPServerResponsePart.head(head))
        try self.channel.writeOutbound(HTTPServerResponsePart.end(nil))
    }

    func pass(_ seconds: Int64) { self.channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }

    func sent() throws -> String {
        var text = ""
        while let bytes = try self.channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
        return text
    }

    var isOpen: Bool { self.channel.isActive }
}

@Suite("Requests that come in too slowly, or have too much of a head")
struct RequestWatchTests {
    private static let head = "POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 1000000\r\n\r\n"

    @Test("a head that does not end in time is answered 408, however its bytes trickle in")
    func slowHead() throws {
        let bench = try Bench()
        try bench.receive("GET /x HTTP/1.1\r\n")
        for _ in 0..<9 {
            bench.pass(1)
            try bench.receive("a")
        }
        #expect(bench.isOpen)
        bench.pass(1)
        #expect(try bench.sent().hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        #expect(!bench.isOpen)
        #expect(bench.counters[.tooSlow] == 1)
    }

    @Test("a body that comes too slowly is answered 408; one that comes fast enough may take its time")
    func slowBody() throws {
        let bench = try Bench()
        try bench.receive(Self.head)
        for _ in 0..<19 {
            bench.pass(1)
            try bench.receive("b")
        }
        #expect(bench.isOpen)
        bench.pass(2)
        #expect(try bench.sent().hasPrefix("HTTP/1.1 408 "))
        #expect(!bench.isOpen)

        let steady = try Bench()
        try steady.receive(Self.head)
        let second = String(repeating: "b", count: 20 << 10)
        for _ in 0..<48 {
            steady.pass(1)
            try steady.receive(second)
        }
        #expect(steady.isOpen)
        #expect(steady.counters[.tooSlow] == 0)
    }

    @Test("the time in which the server does not want to read is not the sender's")
    func backPressure() throws {
        let bench = try Bench()
        try bench.channel.writeInbound(ByteBuffer(string: Self.head))
        bench.pass(1_000)
        #expect(bench.isOpen)
        bench.channel.read()
        bench.pass(19)
        #expect(bench.isOpen)
        bench.pass(2)
        #expect(!bench.isOpen)
    }

    @Test("whoever has sent a whole request may wait for its answer, and be silent after it")
    func wholeRequests() throws {
        let bench = try Bench()
        for _ in 0..<3 {
            try bench.receive("GET /x HTTP/1.1\r\nhost: h\r\n\r\n")
            bench.pass(100)
            try bench.answer()
            bench.pass(100)
        }
        #expect(bench.isOpen)
        #expect(bench.counters[.tooSlow] == 0)
    }

    @Test("a next request is not judged before the one ahead of it is answered, and no 408 gets between")
    func pipelined() throws {
        let bench = try Bench()
        try bench.receive("GET /x HTTP/1.1\r\nhost: h\r\n\r\n")
        try bench.receive("GET /y HT")
        bench.pass(60)
        #expect(bench.isOpen)
        try bench.answer()
        #expect(try bench.sent().hasPrefix("HTTP/1.1 200 "))
        bench.pass(20)
        #expect(try bench.sent().hasPrefix("HTTP/1.1 408 "))
        #expect(!bench.isOpen)
    }

    @Test("an answer that is under way is cut off rather than followed by a 408")
    func answerUnderWay() throws {
        let bench = try Bench()
        try bench.receive(Self.head)
        try bench.channel.writeOutbound(HTTPServerResponsePart.head(.init(version: .http1_1, status: .ok)))
        _ = try bench.sent()
        bench.pass(30)
        #expect(try bench.sent() == "")
        #expect(!bench.isOpen)
    }

    @Test("what is left of a body that was answered already is read, up to a bound")
    func leftover() throws {
        var limits = RequestLimits()
        limits.leftoverBytesMax = 1_000
        let bench = try Bench(limits: limits)
        try bench.receive(Self.head)
        try bench.answer()
        try bench.receive(String(repeating: "b", count: 1_000))
        #expect(bench.isOpen)
        try bench.receive("b")
        #expect(!bench.isOpen)
        #expect(bench.counters[.tooLarge] == 1)
    }

    @Test("a head that grows too large is answered 431")
    func largeHead() throws {
        let bench = try Bench()
        try bench.receive("GET /x HTTP/1.1\r\n")
        let line = "x: \(String(repeating: "v", count: 1_000))\r\n"
        for _ in 0..<60 { try bench.receive(line) }
        #expect(bench.isOpen)
        for _ in 0..<10 where bench.isOpen { try bench.receive(line) }
        #expect(try bench.sent().hasPrefix("HTTP/1.1 431 "))
        #expect(!bench.isOpen)
        #expect(bench.counters[.tooLarge] == 1)
    }

    @Test("a connection that becomes another protocol's is left alone")
    func upgraded() throws {
        let bench = try Bench()
        try bench.receive("GET /x HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n")
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols)
        try bench.channel.writeOutbound(HTTPServerResponsePart.head(head))
        #expect(try bench.sent().hasPrefix("HTTP/1.1 101 "))
        #expect(throws: ChannelPipelineError.notFound) {
            try bench.channel.pipeline.syncOperations.handler(type: RequestWatch.self)
        }
        #expect(throws: ChannelPipelineError.notFound) {
            try bench.channel.pipeline.syncOperations.handler(type: RequestParts.self)
        }
        bench.pass(1_000)
        #expect(bench.isOpen)
    }
}
