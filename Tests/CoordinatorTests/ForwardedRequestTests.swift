import HTTPTypes
import Hummingbird
import NIOCore
import RaftSessions
import RaftTestSupport
import Testing

@testable import Coordinator

@Suite("Requests and answers between members")
struct ForwardedRequestTests {
    private static func request(
        _ method: HTTPRequest.Method = .post,
        _ path: String = "/api/v1/cluster/workers/a%20b?limit=2&offset=1",
        contentType: String? = "application/json",
        role: Role = .operator,
        origin: CommandToken.Origin? = nil,
        isRepeated: Bool = false,
        body: String = "{}"
    ) -> ForwardedRequest {
        var head = HTTPRequest(method: method, scheme: "http", authority: "host", path: path)
        head.headerFields[.contentType] = contentType
        let bytes = ByteBuffer(string: body)
        let request = Request(head: head, body: RequestBody(buffer: bytes))
        let passage = Passage(origin: origin, deadline: .now + .seconds(9), isRepeated: isRepeated)
        return ForwardedRequest(request, caller: Caller(role: role), passage: passage, body: bytes)
    }

    private static let numbered = CommandToken.Origin.session(
        SessionStamp(session: SessionID(1 << 40), sequence: .max, lowest: 7)
    )
    private static let named = CommandToken.Origin.key(
        KeyStamp(key: Digest128(high: .max, low: 1), fingerprint: Digest128(high: 2, low: 3))
    )

    private static func response() async throws -> ForwardedResponse {
        var response = Response.json(.serviceUnavailable, ["error": "none"])
        response.headers[.retryAfter] = "1"
        return try await ForwardedResponse(response)
    }

    @Test("a request arrives with its method, path, query, content type, role and body")
    func requestRoundTrip() async throws {
        for sent in [
            Self.request(), Self.request(.get, "/", contentType: nil, role: .viewer, body: ""),
            Self.request(.delete, "/ü", role: .admin, body: String(repeating: "x", count: 1 << 20)),
            Self.request(origin: Self.numbered, isRepeated: true), Self.request(origin: Self.named),
        ] {
            var received = try #require(ForwardedRequest(sent.encoded()))
            // Clocks are the members' own: what travels is how much time is left.
            #expect((.seconds(-1) ... .seconds(1)).contains(received.passage.deadline - sent.passage.deadline))
            received.passage.deadline = sent.passage.deadline
            #expect(received == sent)
            let request = try #require(received.request)
            #expect(request.method.rawValue == sent.method)
            #expect(request.headers[.contentType] ?? "" == sent.contentType)
            #expect(try await request.body.collect(upTo: 2 << 20) == sent.body)
        }
        let request = try #require(ForwardedRequest(Self.request().encoded())?.request)
        #expect(request.uri.path == "/api/v1/cluster/workers/a%20b")
        #expect(request.uri.queryParameters["limit"] == "2")
    }

    @Test("an answer arrives with its status, content type, retry-after and body")
    func responseRoundTrip() async throws {
        let sent = try await Self.response()
        #expect(ForwardedAnswer(ForwardedAnswer.response(sent).encoded()) == .response(sent))
        #expect(sent.response.status == .serviceUnavailable)
        #expect(sent.response.headers[.retryAfter] == "1")
        #expect(sent.response.headers[.contentType] == "application/json")
        #expect(sent.response.headers[RequestKey.replayedHeader] == nil)
        var replayed = sent
        replayed.isReplayed = true
        #expect(ForwardedAnswer(ForwardedAnswer.response(replayed).encoded()) == .response(replayed))
        #expect(replayed.response.headers[RequestKey.replayedHeader] == "true")
    }

    @Test("that there is no answer yet arrives with its reason", arguments: [UInt8(2), 3, 4])
    func reasons(byte: UInt8) throws {
        let reason = try #require(Unsettled(rawValue: byte))
        #expect(ForwardedAnswer.unsettled(reason).encoded() == ByteBuffer(integer: byte))
        #expect(ForwardedAnswer(ByteBuffer(integer: byte)) == .unsettled(reason))
        #expect(ForwardedAnswer(ByteBuffer(bytes: [byte, 0])) == nil)
    }

    @Test("a request or answer cut anywhere before its body is none")
    func truncation() async throws {
        for origin in [nil, Self.numbered, Self.named] {
            let request = Self.request(origin: origin, body: "").encoded()
            for length in 0..<request.readableBytes {
                #expect(ForwardedRequest(try #require(request.getSlice(at: 0, length: length))) == nil)
            }
        }
        var response = try await Self.response()
        response.body = ByteBuffer()
        let bytes = ForwardedAnswer.response(response).encoded()
        for length in 0..<bytes.readableBytes {
            #expect(ForwardedAnswer(try #require(bytes.getSlice(at: 0, length: length))) == nil)
        }
    }

    @Test("another version, an unknown role, a length beyond its bound and a status that is none are refused")
    func refusals() async throws {
        var bytes = Self.request().encoded()
        bytes.setInteger(UInt8(1), at: 0)
        #expect(ForwardedRequest(bytes) == nil)
        for (place, value) in [(2, UInt8(2)), (7, 3), (7, 255)] {
            bytes = Self.request().encoded()
            bytes.setInteger(value, at: place)
            #expect(ForwardedRequest(bytes) == nil)
        }
        for role in [UInt8(0), 4, 255] {
            bytes = Self.request().encoded()
            bytes.setInteger(role, at: 1)
            #expect(ForwardedRequest(bytes) == nil)
        }
        bytes = Self.request().encoded()
        bytes.setInteger(UInt32.max, at: 8)
        #expect(ForwardedRequest(bytes) == nil)
        for status in [UInt16(0), 199, 600, .max] {
            var bytes = ForwardedAnswer.response(try await Self.response()).encoded()
            bytes.setInteger(status, at: 1)
            #expect(ForwardedAnswer(bytes) == nil)
        }
        for byte in [UInt8(0), 5, 255] { #expect(ForwardedAnswer(ByteBuffer(integer: byte)) == nil) }
    }

    @Test("damaged bytes never trap, up to and including the request made of them", arguments: UInt64(1)...4)
    func damage(seed: UInt64) async throws {
        var random = Seeded(seed)
        let request = Self.request(origin: Self.named).encoded()
        let response = ForwardedAnswer.response(try await Self.response()).encoded()
        for _ in 0..<4 {
            for place in 0..<request.readableBytes {
                var damaged = request
                damaged.setInteger(UInt8.random(in: 0 ... .max, using: &random), at: place)
                Self.use(damaged)
            }
            for place in 0..<response.readableBytes {
                var damaged = response
                damaged.setInteger(UInt8.random(in: 0 ... .max, using: &random), at: place)
                Self.use(damaged)
            }
        }
        for _ in 0..<5_000 {
            var bytes = random.bytes(.random(in: 0..<60, using: &random))
            for place in bytes.indices where place % 4 != 1 && place < 16 { bytes[place] &= 7 }
            Self.use(ByteBuffer(bytes: bytes))
        }
    }

    private static func use(_ bytes: ByteBuffer) {
        if let request = ForwardedRequest(bytes)?.request {
            #expect(request.uri.path.utf8.count <= 1 << 20)
            _ = request.uri.queryParameters["limit"]
        }
        if case .response(let response) = ForwardedAnswer(bytes) {
            #expect((200..<600).contains(response.response.status.code))
        }
    }
}
