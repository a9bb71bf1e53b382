internal import HashTreeCollections
public import RaftSessions

/// The replicated state of the cluster: who the workers are, what should run, where it runs, which connectors exist.
///
/// A pure value. Every member applies the same commands in the same order and holds the same state; the clock, chance
/// and floating point stay outside. Collections are persistent, so copying the whole state for a snapshot is cheap.
/// They keep no order (it depends on the process's hash seed), so every list that leaves is sorted by key.
public struct ClusterState: Sendable {
    var workersByID: TreeDictionary<WorkerID, Worker> = [:]
    var groupsByID: TreeDictionary<GroupID, Group> = [:]
    /// Follows from the groups.
    var groupIDsByName: TreeDictionary<GroupName, GroupID> = [:]
    var connectorsByName = ConnectorTable()
    var migrationsByID: TreeDictionary<MigrationID, Migration> = [:]
    /// The migrations that are under way, each placement at most one. Follows from the migrations.
    var openMigrations: TreeDictionary<PlacementKey, MigrationID> = [:]
    var keysByID: TreeDictionary<KeyID, AccessKey> = [:]

    /// The index of the last entry that changed the keys: what was worked out from them holds while this stays.
    public internal(set) var keysIndex: UInt64 = 0
    public internal(set) var scalingPolicy: ScalingPolicy?
    public internal(set) var settings = Settings()
    /// The newest epoch given to an assignment.
    public internal(set) var lastEpoch: Epoch = .zero
    /// The index of the last entry applied, kept with the state so that the two cannot come apart.
    public internal(set) var appliedIndex: UInt64 = 0
    /// Milliseconds since 1970 as the leader stamped them on the last entry applied; never decreases.
    public internal(set) var time: UInt64 = 0
    /// What makes commands take effect once.
    public internal(set) var sessions = SessionTable()

    public init() {}
}

// MARK: - Looking

extension ClusterState {
    public func worker(_ id: WorkerID) -> Worker? { self.workersByID[id] }
    public func group(_ id: GroupID) -> Group? { self.groupsByID[id] }
    public func migration(_ id: MigrationID) -> Migration? { self.migrationsByID[id] }
    /// The placement's migration that is under way.
    public func openMigration(of key: PlacementKey) -> Migration? {
        self.openMigrations[key].flatMap { self.migrationsByID[$0] }
    }
    public func key(_ id: KeyID) -> AccessKey? { self.keysByID[id] }
    public func connector(_ name: ConnectorName) -> Connector? { self.connectorsByName[name] }

    /// All workers, ordered by id.
    public var workers: [Worker] { self.workersByID.values.sorted { $0.id < $1.id } }
    /// All groups, ordered by id.
    public var groups: [Group] { self.groupsByID.values.sorted { $0.id < $1.id } }
    /// All connectors, ordered by name.
    public var connectors: [Connector] { Array(self.connectorsByName.inOrder) }

    /// All migrations that are remembered, in the order in which they began.
    public var migrations: [Migration] { self.migrationsByID.values.sorted(by: Self.isEarlier) }
    /// The migrations that are under way, in the order in which they began.
    public var migrationsUnderWay: [Migration] {
        self.openMigrations.values.compactMap { self.migrationsByID[$0] }.sorted(by: Self.isEarlier)
    }
    public var migrationCountUnderWay: Int { self.openMigrations.count }

    /// Whether one of them finished before that moment.
    public func hasMigrationsFinished(before milliseconds: UInt64) -> Bool {
        self.migrationsByID.values.contains { $0.finishedMilliseconds.map { $0 < milliseconds } ?? false }
    }

    private static func isEarlier(_ one: Migration, _ other: Migration) -> Bool {
        one.startIndex == other.startIndex ? one.id < other.id : one.startIndex < other.startIndex
    }

    /// All keys, ordered by id; expired ones among them.
    public var keys: [AccessKey] { self.keysByID.values.sorted { $0.id < $1.id } }

    public var workerCount: Int { self.workersByID.count }
    public var groupCount: Int { self.groupsByID.count }

    /// The group of that name; names are unique.
    public func group(named name: GroupName) -> Group? {
        self.groupIDsByName[name].flatMap { self.groupsByID[$0] }
    }

    public func placement(_ key: PlacementKey) -> Placement? {
        self.groupsByID[key.group]?.placement(key.pipeline, key.replica)
    }
}

// MARK: - Applying

extension ClusterState {
    /// Applies one committed entry. Total: whatever the command says, it is carried out or refused, and a refusal
    /// changes nothing but the index and the time.
    public mutating func apply(_ command: Command, index: UInt64, time: UInt64) -> Response {
        self.carryOut(.command(command), index, time)
    }

    mutating func carryOut(_ act: Submission.Act, _ index: UInt64, _ time: UInt64) -> Response {
        guard self.begin(index, time) else { return .refused(.alreadyApplied(self.appliedIndex)) }
        return self.carryOut(act)
    }

    /// Takes the entry's index and time. False if it is not beyond the last one applied.
    mutating func begin(_ index: UInt64, _ time: UInt64) -> Bool {
        guard index > self.appliedIndex else { return false }
        self.appliedIndex = index
        self.time = max(self.time, time)
        self.sessions.advance(to: self.time)
        return true
    }

    mutating func carryOut(_ act: Submission.Act) -> Response {
        switch act {
        case .command(let command): self.carryOut(command)
        case .openSession: .session(self.sessions.open(at: self.appliedIndex))
        case .mark: .done
        }
    }

    private mutating func carryOut(_ command: Command) -> Response {
        do throws(Refusal) {
            return switch command {
            case .register(let command): try self.register(command)
            case .deregister(let command): try self.deregister(command)
            case .setWorkerStatus(let command): try self.setWorkerStatus(command)
            case .deployGroup(let command): try self.deployGroup(command)
            case .deleteGroup(let command): try self.deleteGroup(command)
            case .reassign(let command): try self.reassign(command)
            case .reportPlacement(let command): try self.reportPlacement(command)
            case .putConnector(let command): try self.putConnector(command)
            case .deleteConnector(let command): try self.deleteConnector(command)
            case .updateGroup(let command): try self.updateGroup(command)
            case .confirmUpdate(let command): try self.confirmUpdate(command)
            case .rollBackGroup(let command): try self.rollBackGroup(command)
            case .startMigration(let command): try self.startMigration(command)
            case .advanceMigration(let command): try self.advanceMigration(command)
            case .cancelMigration(let command): try self.cancelMigration(command)
            case .pruneMigrations(let command): self.pruneMigrations(command)
            case .startDrain(let command): try self.startDrain(command)
            case .finishDrain(let command): try self.finishDrain(command)
            case .cancelDrain(let command): try self.cancelDrain(command)
            case .putKey(let command): try self.putKey(command)
            case .revokeKey(let command): try self.revokeKey(command)
            case .setScalingPolicy(let command): try self.setScalingPolicy(command)
            case .putSettings(let command): try self.putSettings(command)
            }
        } catch {
            return .refused(error)
        }
    }

    /// The epoch of the next assignment.
    mutating func nextEpoch() -> Epoch {
        // Wrapping instead of trapping keeps `apply` total; at a million assignments a second it is half a million
        // years away.
        self.lastEpoch.rawValue &+= 1
        return self.lastEpoch
    }
}

extension Refusal: Error {}
