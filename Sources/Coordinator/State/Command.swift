/// One entry of the log: a decision that its proposer has taken, with what it took for granted.
///
/// `ClusterState.apply` checks what was taken for granted and records the decision; it decides nothing itself.
public enum Command: Hashable, Sendable {
    case register(Register)
    case deregister(Deregister)
    case setWorkerStatus(SetWorkerStatus)
    case deployGroup(DeployGroup)
    case deleteGroup(DeleteGroup)
    case reassign(Reassign)
    case reportPlacement(ReportPlacement)
    case putConnector(PutConnector)
    case deleteConnector(DeleteConnector)
    case updateGroup(UpdateGroup)
    case confirmUpdate(ConfirmUpdate)
    case rollBackGroup(RollBackGroup)
    case startMigration(StartMigration)
    case advanceMigration(AdvanceMigration)
    case cancelMigration(CancelMigration)
    case pruneMigrations(PruneMigrations)
    case startDrain(StartDrain)
    case finishDrain(FinishDrain)
    case cancelDrain(CancelDrain)
    case putKey(PutKey)
    case revokeKey(RevokeKey)
    case setScalingPolicy(SetScalingPolicy)
    case putSettings(PutSettings)
}

extension Command {
    /// A worker has presented itself. The same incarnation again only refreshes its entry; another one takes the
    /// entry over, and what was assigned to it has to be started again at new epochs.
    public struct Register: Hashable, Sendable {
        public var worker: WorkerID
        /// The proposer draws one for a worker that names none.
        public var incarnation: WorkerIncarnation
        public var address: String
        public var capacity: ClusterState.Worker.Capacity
        /// The incarnation that the proposer saw registered: a registration delayed on its way must not put an older
        /// process in the place of a newer one.
        public var replacing: WorkerIncarnation?
        public var labels: Labels
        /// The key with which it came, where there are keys.
        public var key: KeyID?
        /// Whether it may take over an id that another key holds: an admin says so.
        public var takesOver: Bool
        /// The key to call the worker with, sealed, unless it is the cluster's: nothing secret is in a log in the clear.
        public var sealedKey: [UInt8]?

        public init(
            worker: WorkerID,
            incarnation: WorkerIncarnation,
            address: String,
            capacity: ClusterState.Worker.Capacity,
            replacing: WorkerIncarnation?,
            labels: Labels = Labels(),
            key: KeyID? = nil,
            takesOver: Bool = false,
            sealedKey: [UInt8]? = nil
        ) {
            self.worker = worker
            self.incarnation = incarnation
            self.address = address
            self.capacity = capacity
            self.replacing = replacing
            self.labels = labels
            self.key = key
            self.takesOver = takesOver
            self.sealedKey = sealedKey
        }
    }

    /// A worker is gone for good. Its placements stay, without a worker.
    public struct Deregister: Hashable, Sendable {
        public var worker: WorkerID
        /// Only this incarnation, if given.
        public var incarnation: WorkerIncarnation?

        public init(worker: WorkerID, incarnation: WorkerIncarnation? = nil) {
            self.worker = worker
            self.incarnation = incarnation
        }
    }

    /// The proposer thinks otherwise of a worker than before: silent, heard again, to be drained.
    public struct SetWorkerStatus: Hashable, Sendable {
        public var worker: WorkerID
        public var incarnation: WorkerIncarnation
        public var from: ClusterState.Worker.Status
        public var to: ClusterState.Worker.Status

        public init(
            worker: WorkerID,
            incarnation: WorkerIncarnation,
            from: ClusterState.Worker.Status,
            to: ClusterState.Worker.Status
        ) {
            self.worker = worker
            self.incarnation = incarnation
            self.from = from
            self.to = to
        }
    }

    /// A group shall run, on these workers.
    public struct DeployGroup: Hashable, Sendable {
        /// Drawn by the proposer.
        public var group: GroupID
        public var spec: ClusterState.GroupSpec
        /// One for each slot of the spec, in its order; none where the reconciler has to find one later.
        public var workers: [WorkerID?]

        public init(group: GroupID, spec: ClusterState.GroupSpec, workers: [WorkerID?]) {
            self.group = group
            self.spec = spec
            self.workers = workers
        }
    }

    /// A group shall run no more.
    public struct DeleteGroup: Hashable, Sendable {
        public var group: GroupID
        /// Only this generation, if given: withdrawing a failed deploy must not hit another one.
        public var generation: UInt64?

        public init(group: GroupID, generation: UInt64? = nil) {
            self.group = group
            self.generation = generation
        }
    }

    /// A placement goes to another worker, or to the same one anew.
    public struct Reassign: Hashable, Sendable {
        public var placement: PlacementKey
        public var from: Epoch
        public var to: WorkerID
        /// Under which operators see it as a migration. Drawn by the proposer; absent if it comes from no worker.
        public var migration: MigrationID?

        public init(placement: PlacementKey, from: Epoch, to: WorkerID, migration: MigrationID? = nil) {
            self.placement = placement
            self.from = from
            self.to = to
            self.migration = migration
        }
    }

    /// A worker has said how a placement is doing there.
    public struct ReportPlacement: Hashable, Sendable {
        public var placement: PlacementKey
        public var epoch: Epoch
        public var status: ClusterState.Placement.Status
        /// The worker's own id of the pipeline; empty if it has none.
        public var pipelineID: String

        public init(
            placement: PlacementKey,
            epoch: Epoch,
            status: ClusterState.Placement.Status,
            pipelineID: String
        ) {
            self.placement = placement
            self.epoch = epoch
            self.status = status
            self.pipelineID = pipelineID
        }
    }

    /// A connector shall exist, or have other parameters.
    public struct PutConnector: Hashable, Sendable {
        public enum Mode: UInt8, Hashable, Sendable {
            /// Refused if another connector has the name.
            case create = 0
            /// Refused if none has the name.
            case update = 1
        }

        public var connector: ClusterState.Connector
        public var mode: Mode

        public init(connector: ClusterState.Connector, mode: Mode) {
            self.connector = connector
            self.mode = mode
        }
    }

    /// A connector shall exist no more. What runs with it goes on.
    public struct DeleteConnector: Hashable, Sendable {
        public var connector: ConnectorName
        public init(connector: ConnectorName) { self.connector = connector }
    }
}
