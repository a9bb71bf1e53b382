public import Logging
public import RaftCore
public import RaftTransport

/// How a node is set up.
public struct RaftConfiguration: Sendable {
    /// What this member tells the others of itself, and the key that proves it.
    public var identity: PeerIdentity
    /// The other members, as far as the cluster's own log does not say where they are.
    public var addresses: [NodeID: PeerAddress]
    public var settings: Settings
    public var limits = Limits()
    /// Nil for connections to other members in the clear.
    public var security: PeerSecurity?
    public var logger: Logger

    /// What a node holds at most. Beyond, callers are told that it is overloaded, and members' messages are dropped.
    public struct Limits: Sendable {
        /// Proposals that wait for their commit.
        public var openProposalsMax = 65_536
        /// Reads that wait for the leader's word, or for entries to be applied.
        public var openReadsMax = 65_536
        /// Who waits for a leader, and who waits for something to be applied: so many each.
        public var openWatchersMax = 65_536
        /// Messages and other inputs that wait for the next turn of the loop.
        public var inputsMax = 65_536

        public init() {}
    }

    public init(identity: PeerIdentity, addresses: [NodeID: PeerAddress], settings: Settings, logger: Logger) {
        self.identity = identity
        self.addresses = addresses
        self.settings = settings
        self.logger = logger
    }
}
