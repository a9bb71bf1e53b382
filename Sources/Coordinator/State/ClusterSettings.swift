extension ClusterState {
    /// What operators set for the whole cluster; what is absent, each coordinator has from its command line.
    public struct Settings: Hashable, Sendable {
        public var heartbeat: Heartbeat?

        public init(heartbeat: Heartbeat? = nil) { self.heartbeat = heartbeat }

        /// How often workers speak, and after how long a silence they are thought dead.
        public struct Heartbeat: Hashable, Sendable {
            public var intervalMilliseconds: UInt32
            public var timeoutMilliseconds: UInt32

            public init(intervalMilliseconds: UInt32, timeoutMilliseconds: UInt32) {
                self.intervalMilliseconds = intervalMilliseconds
                self.timeoutMilliseconds = timeoutMilliseconds
            }
        }

        /// What is wrong with them, as a sentence.
        public var fault: String? {
            guard let heartbeat = self.heartbeat else { return nil }
            if heartbeat.intervalMilliseconds < 100 { return "heartbeats must be at least 100 ms apart" }
            if heartbeat.timeoutMilliseconds > 3_600_000 { return "the heartbeat timeout must not be above one hour" }
            // One lost heartbeat is no death.
            if UInt64(heartbeat.timeoutMilliseconds) < 2 * UInt64(heartbeat.intervalMilliseconds) {
                return "the heartbeat timeout must be at least twice the interval"
            }
            return nil
        }
    }
}
