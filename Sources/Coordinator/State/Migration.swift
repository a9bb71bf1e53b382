extension ClusterState {
    /// A pipeline's way from one worker to another: a task that any leader can go on with, since each step is an entry.
    ///
    /// While it is open, the placement is where the phase says: at the source while checkpointing, then at the target.
    public struct Migration: Hashable, Sendable {
        /// How many are remembered; beyond, the ones that finished first are forgotten.
        public static let countMax = 10_000
        public static let textBytesMax = 4_096

        public enum Reason: UInt8, Hashable, Sendable, CaseIterable {
            /// Its worker was lost.
            case failover = 0
            case rebalance = 1
            case drain = 2
            /// An operator wished it.
            case manual = 3
            case connectorFailure = 4
        }

        public enum Phase: Hashable, Sendable {
            /// The source still has the pipeline, and its state is being saved where that can be.
            case checkpointing
            /// The pipeline is the target's, at a new epoch, and is being started there.
            case deploying
            /// The target takes in the saved state.
            case restoring
            /// Routes are turned to the target.
            case switching
            /// It runs at the target; the source has to let go of its older epoch.
            case cleaningUp
            case completed
            case failed(String)
            case cancelled

            public var isOpen: Bool {
                switch self {
                case .checkpointing, .deploying, .restoring, .switching, .cleaningUp: true
                case .completed, .failed, .cancelled: false
                }
            }
        }

        public let id: MigrationID
        public let placement: PlacementKey
        public let source: WorkerID
        /// At which the source has the pipeline, or had it last.
        public internal(set) var sourceEpoch: Epoch
        public let target: WorkerID
        /// At which the target has it; absent before the switch.
        public internal(set) var targetEpoch: Epoch?
        public let reason: Reason
        /// The log index at which the drain began that it belongs to.
        public let drain: UInt64?
        public internal(set) var phase: Phase
        /// Whether the pipeline ran at the source when it left: only then is there something to go back to.
        public internal(set) var ranAtSource: Bool
        /// Names the state that the target takes in, if any was saved.
        public internal(set) var checkpoint: String?
        /// The log index of the entry that began it.
        public let startIndex: UInt64
        /// Milliseconds since 1970, as are the others.
        public let startedMilliseconds: UInt64
        /// When the present phase began; once it is finished, when it finished.
        public internal(set) var phaseMilliseconds: UInt64

        public var isOpen: Bool { self.phase.isOpen }
        public var finishedMilliseconds: UInt64? { self.isOpen ? nil : self.phaseMilliseconds }
    }

    /// An operator's wish that a worker be empty.
    public struct Drain: Hashable, Sendable {
        public enum Phase: UInt8, Hashable, Sendable, CaseIterable {
            /// Its pipelines are moved elsewhere.
            case moving = 0
            /// It has none any more.
            case drained = 1
            /// The deadline has passed. What is left stays where it is.
            case overdue = 2
        }

        /// The log index at which it began.
        public internal(set) var startIndex: UInt64
        public internal(set) var startedMilliseconds: UInt64
        /// Milliseconds since 1970 from which on nothing more is moved.
        public internal(set) var deadlineMilliseconds: UInt64?
        public internal(set) var phase: Phase
    }
}
