extension ClusterState {
    /// A worker, as the log knows it. When it was last heard of is no business of the log's.
    public struct Worker: Hashable, Sendable {
        public enum Status: UInt8, Hashable, Sendable, CaseIterable {
            case registering = 0
            case ready = 1
            case unhealthy = 2
            /// It gets nothing more, and what it has is moved elsewhere.
            case draining = 3
            /// It has nothing any more.
            case drained = 4
        }

        public struct Capacity: Hashable, Sendable {
            public var cpuCores: UInt32
            public var pipelinesMax: UInt32

            public init(cpuCores: UInt32, pipelinesMax: UInt32) {
                self.cpuCores = cpuCores
                self.pipelinesMax = pipelinesMax
            }
        }

        public let id: WorkerID
        public internal(set) var incarnation: WorkerIncarnation
        /// Base URL at which coordinators call the worker.
        public internal(set) var address: String
        public internal(set) var capacity: Capacity
        public internal(set) var labels = Labels()
        public internal(set) var status: Status
        /// The key with which it registered: only the same one may register under its id.
        public internal(set) var key: KeyID?
        /// The key that the worker itself wants to be shown, sealed; nil if it is the cluster's.
        public internal(set) var sealedKey: [UInt8]?
        /// The log index at which this incarnation registered.
        public internal(set) var registrationIndex: UInt64
        /// The wish that it be empty. It outlives a silence, but not the process.
        public internal(set) var drain: Drain?
        /// How many placements point here. Follows from the groups, so it is counted again rather than encoded.
        public internal(set) var assignedCount: UInt32 = 0

        /// Whether one more pipeline may be assigned.
        public var isAvailable: Bool {
            self.status == .ready && self.assignedCount < self.capacity.pipelinesMax
        }
    }
}
