import NIOCore
import NIOWebSocket
import Testing

@testable import WebSocket

@Suite("Messages from frames")
struct MessageAssemblerTests {
    private static func outcomes(
        _ frames: [WebSocketFrame],
        side: WebSocketSide = .server,
        bytesMax: Int = 10
    ) -> [MessageAssembler.Outcome] {
        var assembler = MessageAssembler(side, bytesMax: bytesMax)
        return frames.map { assembler.take($0) }
    }

    @Test("one frame or many give the same message, with control frames in between")
    func fragments() {
        #expect(Self.outcomes([Frames.frame(.text, "abc")]) == [.message(ByteBuffer(string: "abc"))])
        let outcomes = Self.outcomes([
            Frames.frame(.text, "a", fin: false), Frames.frame(.ping, "p"), Frames.frame(.continuation, "", fin: false),
            Frames.frame(.pong, "x"), Frames.frame(.continuation, "bc"), Frames.frame(.text, "d"),
        ])
        #expect(
            outcomes == [
                .nothing, .ping(ByteBuffer(string: "p")), .nothing, .nothing, .message(ByteBuffer(string: "abc")),
                .message(ByteBuffer(string: "d")),
            ]
        )
    }

    @Test("a character may be cut in two by fragments")
    func cutCharacter() {
        let bytes = Array("é".utf8)
        let outcomes = Self.outcomes([
            Frames.frame(.text, ByteBuffer(bytes: bytes[..<1]), fin: false),
            Frames.frame(.continuation, ByteBuffer(bytes: bytes[1...])),
        ])
        #expect(outcomes == [.nothing, .message(ByteBuffer(string: "é"))])
    }

    @Test("a message may be as long as the bound, and no longer, in one frame or in many")
    func bounds() {
        let ten = String(repeating: "x", count: 10)
        #expect(Self.outcomes([Frames.frame(.text, ten)]) == [.message(ByteBuffer(string: ten))])
        #expect(Self.outcomes([Frames.frame(.text, ten + "x")]) == [.violation(.messageTooLarge)])
        #expect(Self.outcomes([Frames.frame(.text, ten + "x", fin: false)]) == [.violation(.messageTooLarge)])
        let parts = [Frames.frame(.text, ten, fin: false), Frames.frame(.continuation, "x", fin: false)]
        #expect(Self.outcomes(parts) == [.nothing, .violation(.messageTooLarge)])
    }

    @Test(
        "what the protocol forbids is told from what this side does not take",
        arguments: [
            ([Frames.frame(.continuation, "a")], WebSocketErrorCode.protocolError),
            ([Frames.frame(.text, "a", fin: false), Frames.frame(.text, "b")], .protocolError),
            ([Frames.frame(.text, "a", isMasked: false)], .protocolError),
            ([Frames.frame(.text, ByteBuffer(), rsv1: true)], .protocolError),
            ([Frames.frame(WebSocketOpcode(encodedWebSocketOpcode: 3)!, "a")], .protocolError),
            ([Frames.frame(WebSocketOpcode(encodedWebSocketOpcode: 11)!, "a")], .protocolError),
            ([Frames.frame(.connectionClose, "a")], .protocolError),
            ([Frames.frame(.connectionClose, ByteBuffer(bytes: [3, 237]))], .protocolError),  // 1005
            ([Frames.frame(.connectionClose, ByteBuffer(bytes: [3, 232, 255]))], .protocolError),
            ([Frames.frame(.binary, "a")], .unacceptableData),
            ([Frames.frame(.text, ByteBuffer(bytes: [0xC3]))], .dataInconsistentWithMessage),
        ]
    )
    func violations(frames: [WebSocketFrame], code: WebSocketErrorCode) {
        #expect(Self.outcomes(frames).last == .violation(code))
    }

    @Test("a client takes no masked frames")
    func client() {
        let frame = Frames.frame(.text, "a", isMasked: false)
        #expect(Self.outcomes([frame], side: .client) == [.message(ByteBuffer(string: "a"))])
        #expect(Self.outcomes([Frames.frame(.text, "a")], side: .client) == [.violation(.protocolError)])
    }

    @Test("a close may say why")
    func close() {
        #expect(Self.outcomes([Frames.frame(.connectionClose, "")]) == [.close(nil)])
        #expect(Self.outcomes([Frames.frame(.connectionClose, ByteBuffer(bytes: [3, 232, 104]))]) == [.close(1000)])
        #expect(Self.outcomes([Frames.frame(.connectionClose, ByteBuffer(bytes: [15, 160]))]) == [.close(4000)])
    }
}
