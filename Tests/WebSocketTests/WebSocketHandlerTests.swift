import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import WebSocket

@Suite("A connection's end of the protocol")
struct WebSocketHandlerTests {
    @Test("messages pass, pings are answered, and a client masks what it sends")
    func passing() throws {
        for side in [WebSocketSide.server, .client] {
            let connection = try FrameChannel(side)
            try connection.receive(.text, "hello")
            #expect(try connection.message() == "hello")
            try connection.receive(.ping, "p")
            let pong = try #require(try connection.sent())
            #expect(pong.opcode == .pong)
            #expect(String(buffer: pong.data) == "p")
            try connection.channel.writeOutbound(WebSocketOutput.text(ByteBuffer(string: "back")))
            let frame = try #require(try connection.sent())
            #expect(frame.opcode == .text)
            #expect(frame.fin)
            #expect((frame.maskKey != nil) == (side == .client))
            connection.channel.pipeline.fireChannelInactive()
            #expect(connection.ending == .lost)
        }
    }

    @Test("the peer's close is answered with its own code, and ends the connection")
    func closedByPeer() throws {
        let connection = try FrameChannel()
        try connection.receiveClose(.goingAway)
        #expect(try connection.sentClose() == 1001)
        #expect(connection.ending == .closedByPeer(1001))
        let silent = try FrameChannel()
        try silent.receive(.connectionClose, "")
        #expect(try silent.sentClose() == 1000)
        #expect(silent.ending == .closedByPeer(nil))
    }

    @Test("this side's close waits for the peer's, and takes no more messages")
    func closedHere() throws {
        let connection = try FrameChannel()
        let isClosed = NIOLockedValueBox(false)
        connection.channel.close().whenSuccess { isClosed.withLockedValue { $0 = true } }
        #expect(try connection.sentClose() == 1000)
        #expect(connection.channel.isActive)
        try connection.receive(.text, "late")
        #expect(try connection.message() == nil)
        #expect(throws: ChannelError.self) {
            try connection.channel.writeOutbound(WebSocketOutput.text(ByteBuffer(string: "late")))
        }
        try connection.receiveClose(.normalClosure)
        #expect(connection.ending == .closedHere(1000))
        #expect(isClosed.withLockedValue { $0 })
    }

    @Test("a peer that does not answer a close is waited for no longer than the settings say")
    func unansweredClose() throws {
        let connection = try FrameChannel(.server, WebSocketSettings(closePatience: .seconds(2)))
        try connection.channel.writeOutbound(WebSocketOutput.close(.policyViolation))
        #expect(try connection.sentClose() == 1008)
        connection.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1_999))
        #expect(connection.channel.isActive)
        connection.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(connection.ending == .closedHere(1008))
    }

    @Test("a server that winds up says that it goes")
    func windingUp() throws {
        let connection = try FrameChannel()
        connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(try connection.sentClose() == 1001)
        try connection.receiveClose(.goingAway)
        #expect(connection.ending == .closedHere(1001))
    }

    @Test("a peer that breaks the protocol or a bound is told so, and nothing of it is taken any more")
    func violations() throws {
        let binary = try FrameChannel()
        try binary.receive(.binary, "x")
        #expect(try binary.sentClose() == 1003)
        try binary.receive(.text, "late")
        #expect(try binary.message() == nil)
        try binary.receiveClose(.unacceptableData)
        #expect(binary.ending == .violated(1003))
        for (error, code) in [(NIOWebSocketError.invalidFrameLength, 1009), (.fragmentedControlFrame, 1002)] {
            let broken = try FrameChannel()
            broken.channel.pipeline.fireErrorCaught(error)
            #expect(try broken.sentClose() == UInt16(code))
            broken.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            #expect(broken.ending == .violated(UInt16(code)))
        }
    }

    @Test("an error of the socket ends the connection without further words")
    func socketError() throws {
        let connection = try FrameChannel()
        connection.channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "reset"))
        #expect(try connection.sent() == nil)
        #expect(connection.ending == .lost)
    }

    @Test("a silent peer is asked, and then given up; one that answers is not")
    func silence() throws {
        let connection = try FrameChannel(.server, WebSocketSettings(silenceMax: .seconds(8)))
        connection.channel.read()
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(3))
        #expect(try connection.sent() == nil)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(try connection.sent()?.opcode == .ping)
        try connection.receive(.pong, "")
        connection.channel.read()
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(7))
        #expect(connection.channel.isActive)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(connection.ending == .silent)
    }

    @Test("a peer that sends and takes nothing is given up, and its pings are not answered")
    func unwritable() throws {
        let connection = try FrameChannel(.server, WebSocketSettings(silenceMax: .seconds(8)))
        connection.channel.isWritable = false
        connection.channel.pipeline.fireChannelWritabilityChanged()
        for _ in 0..<7 {
            try connection.receive(.ping, "p")
            #expect(try connection.sent() == nil)
            #expect(connection.channel.isActive)
            connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        }
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(connection.ending == .silent)
    }

    @Test("a peer is not blamed for silence while nobody reads what it sends")
    func heldBack() throws {
        let connection = try FrameChannel(.server, WebSocketSettings(silenceMax: .seconds(8)))
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(connection.channel.isActive)
        #expect(try connection.sent() == nil)
    }
}
