extension Command {
    /// A key shall open the API.
    public struct PutKey: Hashable, Sendable {
        /// Drawn by the proposer.
        public var key: KeyID
        public var name: String
        public var role: ClusterState.AccessKey.Role
        public var verifier: KeyVerifier
        public var expiresMilliseconds: UInt64?

        public init(
            key: KeyID,
            name: String,
            role: ClusterState.AccessKey.Role,
            verifier: KeyVerifier,
            expiresMilliseconds: UInt64? = nil
        ) {
            self.key = key
            self.name = name
            self.role = role
            self.verifier = verifier
            self.expiresMilliseconds = expiresMilliseconds
        }
    }

    /// A key shall open nothing any more.
    public struct RevokeKey: Hashable, Sendable {
        public var key: KeyID
        public init(key: KeyID) { self.key = key }
    }

    /// When the cluster wants more workers or fewer; without a policy it never says so.
    public struct SetScalingPolicy: Hashable, Sendable {
        public var policy: ClusterState.ScalingPolicy?
        public init(policy: ClusterState.ScalingPolicy?) { self.policy = policy }
    }

    /// The settings of the whole cluster, in the place of all earlier ones.
    public struct PutSettings: Hashable, Sendable {
        public var settings: ClusterState.Settings
        public init(settings: ClusterState.Settings) { self.settings = settings }
    }
}
