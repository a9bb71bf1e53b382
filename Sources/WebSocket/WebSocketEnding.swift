public import NIOWebSocket

/// How a connection ended.
public enum WebSocketEnding: Hashable, Sendable {
    /// The peer said that it would close; without a code if it named none.
    case closedByPeer(UInt16?)
    /// This side closed.
    case closedHere(UInt16)
    /// The peer broke the protocol or a bound, and was told so with this code.
    case violated(UInt16)
    /// The peer was silent, or took nothing, for too long.
    case silent
    /// The connection broke, as when the peer's process dies.
    case lost
}

extension WebSocketErrorCode {
    /// The number on the wire.
    public var number: UInt16 { UInt16(webSocketErrorCode: self) }

    /// Whether a peer may send it: RFC 6455, section 7.4. The others stand for what is not on the wire, or for nothing.
    var isLegal: Bool {
        switch self.number {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
