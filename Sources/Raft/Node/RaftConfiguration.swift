public import Logging
public import RaftCore
public import RaftTransport

/// How a node is set up.
public struct RaftConfiguration: Sendable {
    public var identity: PeerIdentity
    /// The other members.
    public var addresses: [NodeID: PeerAddress]
    public var settings: Settings
    public var logger: Logger

    public init(identity: PeerIdentity, addresses: [NodeID: PeerAddress], settings: Settings, logger: Logger) {
        self.identity = identity
        self.addresses = addresses
        self.settings = settings
        self.logger = logger
    }
}
