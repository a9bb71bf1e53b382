import NIOCore
import NIOWebSocket

/// Puts frames together to text messages, and says what else a frame asks for. Refuses what RFC 6455 forbids, binary
/// messages, and messages above the bound. Holds at most one message.
struct MessageAssembler {
    enum Outcome: Equatable {
        /// The message goes on in a further frame, or nothing is to be done.
        case nothing
        case message(ByteBuffer)
        case ping(ByteBuffer)
        case close(UInt16?)
        case violation(WebSocketErrorCode)
    }

    private let side: WebSocketSide
    private let bytesMax: Int
    private var begun: ByteBuffer?

    init(_ side: WebSocketSide, bytesMax: Int) {
        self.side = side
        self.bytesMax = bytesMax
    }

    mutating func take(_ frame: WebSocketFrame) -> Outcome {
        guard (frame.maskKey != nil) == (self.side == .server), !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return .violation(.protocolError)
        }
        switch frame.opcode {
        case .text:
            guard self.begun == nil else { return .violation(.protocolError) }
            if frame.fin { return Self.message(frame.unmaskedData, atMost: self.bytesMax) }
            return self.begin(frame.unmaskedData)
        case .continuation: return self.continued(by: frame)
        case .binary: return .violation(.unacceptableData)
        case .ping: return .ping(frame.unmaskedData)
        case .pong: return .nothing
        case .connectionClose: return Self.close(frame.unmaskedData)
        default: return .violation(.protocolError)
        }
    }

    private mutating func begin(_ data: ByteBuffer) -> Outcome {
        guard data.readableBytes <= self.bytesMax else { return .violation(.messageTooLarge) }
        // A copy: a slice would keep the whole of what was read from the socket.
        self.begun = ByteBuffer(bytes: data.readableBytesView)
        return .nothing
    }

    private mutating func continued(by frame: WebSocketFrame) -> Outcome {
        guard var message = self.begun.take() else { return .violation(.protocolError) }
        guard message.readableBytes + frame.length <= self.bytesMax else { return .violation(.messageTooLarge) }
        var data = frame.unmaskedData
        message.writeBuffer(&data)
        if frame.fin { return Self.message(message, atMost: self.bytesMax) }
        self.begun = message
        return .nothing
    }

    private static func message(_ data: ByteBuffer, atMost bytesMax: Int) -> Outcome {
        guard data.readableBytes <= bytesMax else { return .violation(.messageTooLarge) }
        return Self.isText(data) ? .message(data) : .violation(.dataInconsistentWithMessage)
    }

    private static func close(_ data: ByteBuffer) -> Outcome {
        var data = data
        guard data.readableBytes > 0 else { return .close(nil) }
        guard let code = data.readWebSocketErrorCode(), code.isLegal, Self.isText(data) else {
            return .violation(.protocolError)
        }
        return .close(code.number)
    }

    private static func isText(_ data: ByteBuffer) -> Bool {
        let bytes = data.readableBytesView
        return bytes.allSatisfy { $0 < 0x80 } || String(validating: bytes, as: UTF8.self) != nil
    }
}
