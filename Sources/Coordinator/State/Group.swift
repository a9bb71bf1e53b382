extension ClusterState {
    /// A group that should run, and where each of its pieces is placed.
    public struct Group: Hashable, Sendable {
        /// How far the group has come, over all its placements.
        public enum Status: Hashable, Sendable {
            case deploying
            case running
            case partiallyRunning
            case failed
        }

        public let id: GroupID
        public internal(set) var spec: GroupSpec
        /// The log index at which the spec was last changed: two groups that ever had the same id differ in it.
        public internal(set) var generation: UInt64
        public internal(set) var phase: Phase = .settled
        /// One for each slot of the spec, in its order.
        public internal(set) var placements: [Placement]

        /// A group without pipelines stays at `deploying`, as clients expect it to.
        public var status: Status {
            if self.placements.isEmpty { return .deploying }
            let running = self.placements.count { $0.status == .running }
            if running == self.placements.count { return .running }
            if running > 0 { return .partiallyRunning }
            return self.placements.allSatisfy(\.status.isFailure) ? .failed : .deploying
        }

        /// Whether nothing is under way: each placement runs or has failed. More may still come of it, since what has
        /// failed is tried again.
        public var isSettled: Bool {
            self.placements.allSatisfy { $0.status == .running || $0.status.isFailure }
        }

        /// What has failed and why, in the order of the spec.
        public var failures: [Failure] {
            self.placements.compactMap { placement in
                guard case .failed(let reason) = placement.status else { return nil }
                return Failure(placement: self.key(of: placement), worker: placement.worker, reason: reason)
            }
        }

        public struct Failure: Hashable, Sendable {
            public var placement: PlacementKey
            public var worker: WorkerID?
            public var reason: String
        }

        public func key(of placement: Placement) -> PlacementKey {
            PlacementKey(group: self.id, pipeline: placement.pipeline, replica: placement.replica)
        }

        public func placement(_ pipeline: PipelineName, _ replica: UInt32?) -> Placement? {
            self.placements.first { $0.pipeline == pipeline && $0.replica == replica }
        }
    }

    /// Where one pipeline, or one replica of it, belongs.
    public struct Placement: Hashable, Sendable {
        public enum Status: Hashable, Sendable {
            /// To be started: not reported at the present epoch yet.
            case pending
            case running
            case failed(String)
            case stopped

            public var isFailure: Bool {
                if case .failed = self { true } else { false }
            }
        }

        public let pipeline: PipelineName
        public let replica: UInt32?
        /// Absent while no worker could take it.
        public internal(set) var worker: WorkerID?
        /// Of the newest assignment, also while there is no worker; zero before the first.
        public internal(set) var epoch: Epoch
        public internal(set) var status: Status
        /// The worker's own id of the pipeline, once it has reported one.
        public internal(set) var pipelineID: String

        var slot: Slot { Slot(pipeline: self.pipeline, replica: self.replica) }
    }
}

extension ClusterState.Placement {
    /// Nothing is assigned yet.
    init(unplaced slot: ClusterState.Slot) {
        self.init(
            pipeline: slot.pipeline,
            replica: slot.replica,
            worker: nil,
            epoch: .zero,
            status: .pending,
            pipelineID: ""
        )
    }

    /// Nothing is known any more of how it does.
    mutating func forgetReport() {
        self.status = .pending
        self.pipelineID = ""
    }
}
