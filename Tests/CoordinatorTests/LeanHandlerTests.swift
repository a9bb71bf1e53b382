import ClusterState
import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Security
import Synchronization
import Testing

@testable import Coordinator

@Suite("The handler in front of the HTTP coders")
struct LeanHandlerTests {
    /// A connection whose lean requests (those to `/lean…`) are answered when the test says so.
    private final class Connection {
        let channel = EmbeddedChannel()
        let general = GeneralRequests()
        /// The bodies that are being carried out, and their ends.
        var open: [(body: String, end: @Sendable (LeanPath.Outcome) -> Void)] = []
        /// What requests are answered at once, if not nil.
        var atOnce: LeanPath.Outcome?

        init() throws {
            let service = LeanHandler.Service(
                work: { head in
                    guard head.isPlain, head.target.hasPrefix("/lean") else { return nil }
                    let endpoint = Endpoint(method: .put, collection: "", isNamed: false, least: .viewer) { _ in
                        .answer(Answer(.ok, []))
                    }
                    return .init(
                        endpoint: endpoint,
                        caller: Caller(role: .admin),
                        target: head.target,
                        name: "",
                        consistency: .linearizable
                    )
                },
                carryOut: { [unowned self] _, body, _, done in
                    if let atOnce = self.atOnce { return done(atOnce) }
                    self.open.append((String(buffer: body), done))
                }
            )
            try self.channel.pipeline.syncOperations.addHandler(Reads())
            try self.channel.pipeline.syncOperations.addHandler(
                LeanHandler(
                    service,
                    general: self.general,
                    watch: RequestWatch(limits: RequestLimits(), counters: RefusalCounters()),
                    patience: .seconds(10)
                )
            )
            try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        deinit { _ = try? self.channel.finish(acceptAlreadyClosed: true) }  // leftovers are the test's business

        /// Counts the reads that reach the socket.
        final class Reads: ChannelOutboundHandler {
            typealias OutboundIn = ByteBuffer
            var count = 0
            func read(context: ChannelHandlerContext) {
                self.count += 1
                context.read()
            }
        }

        var reads: Int {
            get throws { try self.channel.pipeline.syncOperations.handler(type: Reads.self).count }
        }

        func send(_ text: String) throws { try self.channel.writeInbound(ByteBuffer(string: text)) }

        /// What was passed on since the last look.
        func passed() throws -> String {
            var text = ""
            while let bytes = try self.channel.readInbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
            return text
        }

        /// The bodies of the answers since the last look.
        func answers() throws -> [String] {
            var bodies: [String] = []
            while let bytes = try self.channel.readOutbound(as: ByteBuffer.self) {
                let text = String(buffer: bytes)
                bodies.append(text.split(separator: "\r\n\r\n", maxSplits: 1).dropFirst().joined())
            }
            return bodies
        }

        func end(_ outcome: LeanPath.Outcome) { self.open.removeFirst().end(outcome) }
    }

    private static func request(_ path: String, _ body: String = "", _ header: String = "accept: */*") -> String {
        "PUT \(path) HTTP/1.1\r\nhost: h\r\n\(header)\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static func answer(_ body: String) -> LeanPath.Outcome { .answered(Answer(.ok, Array(body.utf8))) }

    @Test("a plain request is carried out here and answered, however its bytes come")
    func plain() throws {
        for size in [1, 7, 1_000] {
            let connection = try Connection()
            var rest = Self.request("/lean", "body")[...]
            while !rest.isEmpty {
                try connection.send(String(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(connection.open.map(\.body) == ["body"])
            connection.end(Self.answer("yes"))
            #expect(try connection.answers() == ["yes"])
            #expect(try connection.passed() == "")
        }
    }

    @Test("requests sent together are carried out one after the other, and answered in their order")
    func pipelined() throws {
        let connection = try Connection()
        try connection.send(Self.request("/lean", "1") + Self.request("/lean", "2") + Self.request("/lean", "3"))
        for number in 1...3 {
            #expect(connection.open.map(\.body) == ["\(number)"])
            connection.end(Self.answer("\(number)"))
            #expect(try connection.answers() == ["\(number)"])
        }
        connection.atOnce = Self.answer("now")
        try connection.send(Self.request("/lean", "4") + Self.request("/lean", "5"))
        #expect(try connection.answers() == ["now", "now"])
    }

    @Test("a request for the router waits for the answer to the one before it, and is passed on to the last byte")
    func leanThenGeneral() throws {
        let connection = try Connection()
        let other = Self.request("/other", "body")
        try connection.send(Self.request("/lean", "1") + other)
        #expect(try connection.passed() == "")
        connection.end(Self.answer("1"))
        #expect(try connection.passed() == other)
    }

    @Test("after the router's answer the next request is looked at again; one that comes before it follows the first")
    func generalThenLean() throws {
        let connection = try Connection()
        let other = Self.request("/other", String(repeating: "x", count: 1_000))
        try connection.send(String(other.prefix(500)))
        try connection.send(String(other.dropFirst(500)))
        #expect(try connection.passed() == other)
        connection.general.answered()
        try connection.send(Self.request("/lean", "1"))
        #expect(connection.open.count == 1)
        connection.end(Self.answer("1"))

        try connection.send(other)
        try connection.send(Self.request("/lean", "2"))
        #expect(try connection.passed() == other + Self.request("/lean", "2"))
        connection.general.answered()
        try connection.send(Self.request("/lean", "3"))
        #expect(try connection.passed() == Self.request("/lean", "3"))
        #expect(connection.open.isEmpty)
    }

    @Test(
        "a request that only a general parser can read takes the rest of the connection with it, unharmed",
        arguments: [
            "transfer-encoding: chunked", "expect: 100-continue", "upgrade: h2c", "connection: close", "nonsense",
        ]
    )
    func surrendered(header: String) throws {
        let connection = try Connection()
        let text = Self.request("/lean", "1", header) + Self.request("/lean", "2") + "\r\n\u{0}anything"
        try connection.send(text)
        try connection.send(text)
        #expect(try connection.passed() == text + text)
        #expect(connection.open.isEmpty)
    }

    @Test("an unknown header sends a request to the router, and only that one")
    func unusual() throws {
        let connection = try Connection()
        let unusual = Self.request("/lean", "1", "idempotency-key: k")
        try connection.send(unusual)
        #expect(try connection.passed() == unusual)
        connection.general.answered()
        try connection.send(Self.request("/lean", "2"))
        #expect(connection.open.map(\.body) == ["2"])
    }

    @Test("a request that could not be carried out here goes to the router as it came", arguments: [true, false])
    func left(atOnce: Bool) throws {
        let connection = try Connection()
        if atOnce { connection.atOnce = .left }
        let request = Self.request("/lean", "1")
        try connection.send(request + request)
        if !atOnce { connection.end(.left) }
        #expect(try connection.passed() == request + request)
        #expect(try connection.answers() == [])
    }

    @Test("the end of input waits for the answer; without any request behind, the connection then ends")
    func inputClosed() throws {
        let connection = try Connection()
        try connection.send(Self.request("/lean", "1") + Self.request("/lean", "2"))
        connection.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        connection.end(Self.answer("1"))
        #expect(connection.channel.isActive)
        connection.end(Self.answer("2"))
        #expect(try connection.answers() == ["1", "2"])
        #expect(!connection.channel.isActive)
    }

    @Test("the server's winding up waits for the answer")
    func quiesced() throws {
        final class Events: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer
            var count = 0
            func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) { self.count += 1 }
        }
        let connection = try Connection()
        let events = Events()
        try connection.channel.pipeline.syncOperations.addHandler(events)
        try connection.send(Self.request("/lean", "1"))
        connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(events.count == 0)
        connection.end(Self.answer("1"))
        #expect(events.count == 1)
    }

    @Test("a silent connection is closed in time, but not while an answer is being made")
    func silence() throws {
        let connection = try Connection()
        try connection.send(Self.request("/lean", "1"))
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(30))
        #expect(connection.channel.isActive)
        connection.end(Self.answer("1"))
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        #expect(!connection.channel.isActive)

        let silent = try Connection()
        silent.channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        try silent.send("PUT")
        silent.channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        #expect(silent.channel.isActive)
        silent.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!silent.channel.isActive)
    }

    @Test("an answer to a connection that has gone is dropped")
    func gone() throws {
        let connection = try Connection()
        try connection.send(Self.request("/lean", "1"))
        try connection.channel.close().wait()
        connection.end(Self.answer("1"))
        #expect(try connection.answers() == [])
    }

    @Test("while a request is carried out, only so much is read ahead")
    func readAhead() throws {
        let connection = try Connection()
        try connection.send(Self.request("/lean", "1"))
        let before = try connection.reads
        connection.channel.read()
        #expect(try connection.reads == before + 1)
        try connection.send(String(repeating: "x", count: 200 << 10))
        let held = try connection.reads
        connection.channel.read()
        #expect(try connection.reads == held)
        connection.end(Self.answer("1"))
        #expect(try connection.reads > held)
    }
}
