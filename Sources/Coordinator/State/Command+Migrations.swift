extension Command {
    /// A pipeline shall move to another worker.
    public struct StartMigration: Hashable, Sendable {
        /// Drawn by the proposer.
        public var migration: MigrationID
        public var placement: PlacementKey
        /// The epoch that the proposer saw.
        public var from: Epoch
        public var target: WorkerID
        public var reason: ClusterState.Migration.Reason
        /// The log index at which the drain began that it belongs to.
        public var drain: UInt64?

        public init(
            migration: MigrationID,
            placement: PlacementKey,
            from: Epoch,
            target: WorkerID,
            reason: ClusterState.Migration.Reason,
            drain: UInt64? = nil
        ) {
            self.migration = migration
            self.placement = placement
            self.from = from
            self.target = target
            self.reason = reason
            self.drain = drain
        }
    }

    /// A migration has taken a step. The step to `deploying` is the switch: with it the pipeline is the target's.
    public struct AdvanceMigration: Hashable, Sendable {
        public var migration: MigrationID
        public var from: ClusterState.Migration.Phase
        public var to: ClusterState.Migration.Phase
        public var checkpoint: String?

        public init(
            migration: MigrationID,
            from: ClusterState.Migration.Phase,
            to: ClusterState.Migration.Phase,
            checkpoint: String? = nil
        ) {
            self.migration = migration
            self.from = from
            self.to = to
            self.checkpoint = checkpoint
        }
    }

    /// A migration shall not be. One whose target has not taken everything over yet goes back.
    public struct CancelMigration: Hashable, Sendable {
        public var migration: MigrationID
        public init(migration: MigrationID) { self.migration = migration }
    }

    /// Migrations that finished long ago are forgotten.
    public struct PruneMigrations: Hashable, Sendable {
        /// Milliseconds since 1970.
        public var before: UInt64
        public init(before: UInt64) { self.before = before }
    }

    /// A worker shall be empty. A wish that is there already only takes the new deadline.
    public struct StartDrain: Hashable, Sendable {
        public var worker: WorkerID
        /// Only this incarnation, if given.
        public var incarnation: WorkerIncarnation?
        /// Milliseconds since 1970.
        public var deadlineMilliseconds: UInt64?

        public init(worker: WorkerID, incarnation: WorkerIncarnation? = nil, deadlineMilliseconds: UInt64? = nil) {
            self.worker = worker
            self.incarnation = incarnation
            self.deadlineMilliseconds = deadlineMilliseconds
        }
    }

    /// A drain has come to its end: nothing is left, or the deadline has passed.
    public struct FinishDrain: Hashable, Sendable {
        public enum End: UInt8, Hashable, Sendable, CaseIterable {
            case drained = 1
            case overdue = 2
        }

        public var worker: WorkerID
        /// The drain that the proposer saw, by the log index at which it began.
        public var drain: UInt64
        public var end: End

        public init(worker: WorkerID, drain: UInt64, end: End) {
            self.worker = worker
            self.drain = drain
            self.end = end
        }
    }

    /// A worker shall take pipelines again.
    public struct CancelDrain: Hashable, Sendable {
        public var worker: WorkerID
        public init(worker: WorkerID) { self.worker = worker }
    }
}
