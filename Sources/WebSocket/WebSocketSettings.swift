public import NIOCore

/// The bounds of a WebSocket connection. Each protects against a peer that does not keep to them.
public struct WebSocketSettings: Hashable, Sendable {
    /// A message, and each frame of it, has no more bytes.
    public var messageBytesMax: Int
    /// A peer from which nothing comes for so long, or that takes nothing for so long, is given up. It is sent a ping
    /// after half of that.
    public var silenceMax: TimeAmount
    /// How long to wait for the peer's half of an orderly end.
    public var closePatience: TimeAmount

    public init(
        messageBytesMax: Int = 64 << 10,
        silenceMax: TimeAmount = .seconds(30),
        closePatience: TimeAmount = .seconds(1)
    ) {
        self.messageBytesMax = messageBytesMax
        self.silenceMax = silenceMax
        self.closePatience = closePatience
    }
}

/// Which end of a connection this is: what a client sends is masked, what a server sends is not.
enum WebSocketSide: Sendable {
    case client
    case server
}
