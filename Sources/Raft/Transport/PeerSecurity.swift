public import NIOCore
public import RaftCore

/// What stands under the peer protocol on a connection between members: TLS, as far as the transport has to know of it.
///
/// It comes in addition to the handshake, which shows that both sides hold the cluster's key.
public struct PeerSecurity: Sendable {
    /// The first handlers of a connection that is dialed to that address.
    var clientHandlers: @Sendable (PeerAddress) throws -> [any ChannelHandler]
    /// Whether what an accepted connection has shown will do. On its event loop.
    var admits: @Sendable (any Channel) -> Bool

    public init(
        clientHandlers: @escaping @Sendable (PeerAddress) throws -> [any ChannelHandler],
        admits: @escaping @Sendable (any Channel) -> Bool
    ) {
        self.clientHandlers = clientHandlers
        self.admits = admits
    }
}
