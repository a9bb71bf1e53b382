import NIOCore
import RaftCore

/// What goes over a connection between two members once the handshake is done.
enum Frame: Hashable, Sendable {
    case message(Message)
    /// A request that wants one answer, which carries the same number.
    case call(number: UInt64, body: ByteBuffer)
    case answer(number: UInt64, body: ByteBuffer)
    /// Keeps a quiet connection known to be alive; TCP alone would not tell for hours.
    case ping
    case pong
}

extension Frame {
    func encode(into out: inout ByteBuffer) {
        switch self {
        case .message(let message):
            out.writeInteger(UInt8(1))
            out.writeMessage(message)
        case .call(let number, let body):
            out.writeInteger(UInt8(2))
            out.writeInteger(number)
            out.writeImmutableBuffer(body)
        case .answer(let number, let body):
            out.writeInteger(UInt8(3))
            out.writeInteger(number)
            out.writeImmutableBuffer(body)
        case .ping: out.writeInteger(UInt8(4))
        case .pong: out.writeInteger(UInt8(5))
        }
    }

    /// Nil for a kind this version does not know: newer members may say more, and are not cut off for it.
    static func decode(_ bytes: consuming ByteBuffer) throws(WireError) -> Frame? {
        let kind: UInt8 = try bytes.readWord()
        switch kind {
        case 1:
            let message = try bytes.readMessage()
            guard bytes.readableBytes == 0 else { throw .trailing }
            return .message(message)
        case 2: return .call(number: try bytes.readWord(), body: bytes.slice())
        case 3: return .answer(number: try bytes.readWord(), body: bytes.slice())
        case 4: return .ping
        case 5: return .pong
        default: return nil
        }
    }
}
