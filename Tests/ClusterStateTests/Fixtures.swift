import ClusterState
import Testing

/// A log of one member: applies commands at rising indexes and looks at the invariants after each.
struct Log {
    var state = ClusterState()
    var index: UInt64 = 0

    @discardableResult
    mutating func apply(_ command: Command, sourceLocation: SourceLocation = #_sourceLocation) -> Response {
        self.index += 1
        let response = self.state.apply(command, index: self.index, time: self.index * 1000)
        self.expectInvariants(after: command, sourceLocation)
        return response
    }

    @discardableResult
    mutating func apply(_ submission: Submission, sourceLocation: SourceLocation = #_sourceLocation) -> Outcome {
        self.index += 1
        let outcome = self.state.apply(submission, index: self.index, time: self.index * 1000)
        self.expectInvariants(after: submission, sourceLocation)
        return outcome
    }

    private func expectInvariants(after act: Any, _ sourceLocation: SourceLocation) {
        if let violation = self.state.violatedInvariant {
            Issue.record("after \(act): \(violation)", sourceLocation: sourceLocation)
        }
    }

    /// Workers `w1`, `w2`, … of incarnation 1.
    static func withWorkers(_ count: Int, pipelinesMax: UInt32 = 100) -> Log {
        var log = Log()
        for number in 0..<count {
            log.apply(.register("w\(number + 1)", pipelinesMax: pipelinesMax))
        }
        return log
    }
}

extension Command {
    static func register(
        _ worker: String,
        incarnation: UInt64 = 1,
        replacing: UInt64? = nil,
        address: String = "http://w:9000",
        pipelinesMax: UInt32 = 100,
        labels: Labels = [:],
        key: KeyID? = nil,
        takesOver: Bool = false,
        sealedKey: [UInt8]? = nil
    ) -> Command {
        .register(
            Register(
                worker: WorkerID(worker),
                incarnation: WorkerIncarnation(incarnation),
                address: address,
                capacity: ClusterState.Worker.Capacity(cpuCores: 4, pipelinesMax: pipelinesMax),
                replacing: replacing.map { WorkerIncarnation($0) },
                labels: labels,
                key: key,
                takesOver: takesOver,
                sealedKey: sealedKey
            )
        )
    }

    static func deregister(_ worker: String, incarnation: UInt64? = nil) -> Command {
        .deregister(Deregister(worker: WorkerID(worker), incarnation: incarnation.map { WorkerIncarnation($0) }))
    }

    static func status(
        _ worker: String,
        _ from: ClusterState.Worker.Status,
        _ to: ClusterState.Worker.Status,
        incarnation: UInt64 = 1
    ) -> Command {
        .setWorkerStatus(
            SetWorkerStatus(
                worker: WorkerID(worker),
                incarnation: WorkerIncarnation(incarnation),
                from: from,
                to: to
            )
        )
    }

    /// A group of pipelines `p1`, `p2`, … each at the worker given for it.
    static func deploy(_ group: String, name: String? = nil, on workers: [String?], source: String = "s") -> Command {
        .deployGroup(
            DeployGroup(
                group: GroupID(group),
                spec: ClusterState.GroupSpec(
                    name: GroupName(name ?? group),
                    pipelines: workers.indices.map {
                        ClusterState.PipelineSpec(name: PipelineName("p\($0 + 1)"), source: source)
                    }
                ),
                workers: workers.map { worker in worker.map { WorkerID($0) } }
            )
        )
    }

    static func delete(_ group: String, generation: UInt64? = nil) -> Command {
        .deleteGroup(DeleteGroup(group: GroupID(group), generation: generation))
    }

    static func reassign(
        _ key: PlacementKey,
        from epoch: UInt64,
        to worker: String,
        migration: MigrationID? = nil
    ) -> Command {
        .reassign(Reassign(placement: key, from: Epoch(epoch), to: WorkerID(worker), migration: migration))
    }

    static func migrate(
        _ id: String,
        _ key: PlacementKey,
        from epoch: UInt64,
        to worker: String,
        _ reason: ClusterState.Migration.Reason = .manual,
        drain: UInt64? = nil
    ) -> Command {
        .startMigration(
            StartMigration(
                migration: MigrationID(id),
                placement: key,
                from: Epoch(epoch),
                target: WorkerID(worker),
                reason: reason,
                drain: drain
            )
        )
    }

    static func advance(
        _ id: String,
        _ from: ClusterState.Migration.Phase,
        _ to: ClusterState.Migration.Phase,
        checkpoint: String? = nil
    ) -> Command {
        .advanceMigration(AdvanceMigration(migration: MigrationID(id), from: from, to: to, checkpoint: checkpoint))
    }

    static func cancel(_ id: String) -> Command { .cancelMigration(CancelMigration(migration: MigrationID(id))) }

    static func drain(_ worker: String, incarnation: UInt64? = nil, deadline: UInt64? = nil) -> Command {
        .startDrain(
            StartDrain(
                worker: WorkerID(worker),
                incarnation: incarnation.map { WorkerIncarnation($0) },
                deadlineMilliseconds: deadline
            )
        )
    }

    static func report(
        _ key: PlacementKey,
        epoch: UInt64,
        _ status: ClusterState.Placement.Status,
        id: String = "x"
    ) -> Command {
        .reportPlacement(ReportPlacement(placement: key, epoch: Epoch(epoch), status: status, pipelineID: id))
    }

    static func connector(_ name: String, _ mode: PutConnector.Mode, host: String = "h") -> Command {
        .putConnector(
            PutConnector(
                connector: ClusterState.Connector(
                    name: ConnectorName(name),
                    type: "mqtt",
                    parameters: [
                        ClusterState.Connector.Parameter(key: "host", value: .plain(host)),
                        ClusterState.Connector.Parameter(key: "password", value: .sealed([1, 2, 255])),
                    ]
                ),
                mode: mode
            )
        )
    }

    static func key(
        _ id: String,
        _ role: ClusterState.AccessKey.Role,
        name: String = "somebody",
        salt: [UInt8] = [UInt8](repeating: 7, count: 16),
        hash: [UInt8] = [UInt8](repeating: 9, count: 32),
        expires: UInt64? = nil
    ) -> Command {
        .putKey(
            PutKey(
                key: KeyID(id),
                name: name,
                role: role,
                verifier: KeyVerifier(salt: salt, hash: hash),
                expiresMilliseconds: expires
            )
        )
    }

    static func revokeKey(_ id: String) -> Command { .revokeKey(RevokeKey(key: KeyID(id))) }

    static func deleteConnector(_ name: String) -> Command {
        .deleteConnector(DeleteConnector(connector: ConnectorName(name)))
    }
}

/// A small seeded generator (SplitMix64): the same seed gives the same run on every machine.
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
