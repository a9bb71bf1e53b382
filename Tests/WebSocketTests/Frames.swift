import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NIOWebSocket

@testable import WebSocket

/// A connection without a socket: what the peer sends goes in as frames, and what the peer gets comes out as frames.
struct FrameChannel {
    let channel = EmbeddedChannel()
    private let found = NIOLockedValueBox<WebSocketEnding?>(nil)
    private let side: WebSocketSide

    init(_ side: WebSocketSide = .server, _ settings: WebSocketSettings = WebSocketSettings()) throws {
        self.side = side
        let promise = self.channel.eventLoop.makePromise(of: WebSocketEnding.self)
        promise.futureResult.whenSuccess { [found] ending in found.withLockedValue { $0 = ending } }
        try self.channel.pipeline.syncOperations.addHandler(WebSocketHandler(side, settings, ended: promise))
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// The peer sends a frame, masked as it should be.
    func receive(_ opcode: WebSocketOpcode, _ text: String, fin: Bool = true) throws {
        try self.channel.writeInbound(Frames.frame(opcode, text, fin: fin, isMasked: self.side == .server))
    }

    func receiveClose(_ code: WebSocketErrorCode) throws {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        try self.channel.writeInbound(Frames.frame(.connectionClose, data, isMasked: self.side == .server))
    }

    /// What has come of the peer's messages.
    func message() throws -> String? { try self.channel.readInbound(as: ByteBuffer.self).map { String(buffer: $0) } }

    /// The next frame that the peer gets.
    func sent() throws -> WebSocketFrame? { try self.channel.readOutbound(as: WebSocketFrame.self) }

    /// The code of the next frame that the peer gets, which must be a close.
    func sentClose() throws -> UInt16? {
        guard let frame = try self.sent(), frame.opcode == .connectionClose else { return nil }
        var data = frame.unmaskedData
        return data.readWebSocketErrorCode()?.number
    }

    /// How the connection ended, if it has.
    var ending: WebSocketEnding? {
        self.channel.embeddedEventLoop.run()
        return self.found.withLockedValue { $0 }
    }
}

enum Frames {
    static func frame(
        _ opcode: WebSocketOpcode,
        _ text: String,
        fin: Bool = true,
        isMasked: Bool = true
    ) -> WebSocketFrame {
        Self.frame(opcode, ByteBuffer(string: text), fin: fin, isMasked: isMasked)
    }

    static func frame(
        _ opcode: WebSocketOpcode,
        _ data: ByteBuffer,
        fin: Bool = true,
        rsv1: Bool = false,
        isMasked: Bool = true
    ) -> WebSocketFrame {
        var data = data
        let key: WebSocketMaskingKey? = isMasked ? [1, 2, 3, 4] : nil
        if let key { data.webSocketMask(key) }
        return WebSocketFrame(fin: fin, rsv1: rsv1, opcode: opcode, maskKey: key, data: data)
    }
}
