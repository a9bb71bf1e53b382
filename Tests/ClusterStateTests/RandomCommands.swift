import ClusterState

/// A seeded stream of commands over a handful of names, most of which fit the state they are meant for.
struct RandomCommands {
    var random: Seeded

    init(seed: UInt64) { self.random = Seeded(seed) }

    /// Runs `count` commands through a fresh state.
    static func run(seed: UInt64, count: UInt64) -> ClusterState {
        var commands = RandomCommands(seed: seed)
        var state = ClusterState()
        for index in 1...count {
            _ = state.apply(commands.next(for: state), index: index, time: index)
        }
        return state
    }

    mutating func next(for state: ClusterState) -> Command {
        let worker = self.worker()
        let present = state.worker(WorkerID(worker))?.incarnation.rawValue
        switch self.random.next(upperBound: 40 as UInt64) {
        case 0..<4:
            let incarnation = self.mostly(present) ?? self.random.next(upperBound: 4 as UInt64)
            return .register(
                worker,
                incarnation: incarnation,
                replacing: self.mostly(present),
                pipelinesMax: self.random.next(upperBound: 20 as UInt32),
                labels: ["zone": "\(self.random.next(upperBound: 2 as UInt64))"],
                key: self.mostly(self.key()),
                takesOver: self.random.next(upperBound: 8 as UInt64) == 0,
                sealedKey: self.random.next(upperBound: 4 as UInt64) == 0 ? [1, 2, UInt8(incarnation)] : nil
            )
        case 4:
            return .deregister(worker, incarnation: self.mostly(present))
        case 5..<8:
            let from = self.mostly(state.worker(WorkerID(worker))?.status) ?? .ready
            return .status(
                worker,
                from,
                [.ready, .ready, .unhealthy, .draining, .registering].randomElement(using: &self.random) ?? .ready,
                incarnation: present ?? 0
            )
        case 8..<11:
            return self.deploy(in: state)
        case 11:
            return .delete(self.group())
        case 12..<15:
            let (key, epoch) = self.placement(in: state)
            let migration = self.mostly(self.migration())
            return .reassign(key, from: epoch, to: worker, migration: migration)
        case 15..<18:
            let (key, epoch) = self.placement(in: state)
            let status: [ClusterState.Placement.Status] = [.running, .failed("out of luck"), .stopped, .pending]
            return .report(key, epoch: epoch, status.randomElement(using: &self.random) ?? .running)
        case 18:
            let host = "h\(self.random.next(upperBound: 2 as UInt64))"
            return .connector(self.connector(), Bool.random(using: &self.random) ? .create : .update, host: host)
        case 19:
            return .deleteConnector(self.connector())
        case 20..<23:
            return self.setting(in: state)
        case 23..<28:
            return self.update(in: state)
        case 28..<32:
            return self.drain(worker, in: state)
        default:
            return self.migration(to: worker, in: state)
        }
    }

    private mutating func setting(in state: ClusterState) -> Command {
        switch self.random.next(upperBound: 4 as UInt64) {
        case 0:
            let role = ClusterState.AccessKey.Role.allCases.randomElement(using: &self.random) ?? .viewer
            let expires = self.mostly(state.time + self.random.next(upperBound: 100 as UInt64))
            return .key(self.key().rawValue, role, expires: expires)
        case 1:
            return .revokeKey(self.key().rawValue)
        case 2:
            let policy = ClusterState.ScalingPolicy(workersMin: self.random.next(upperBound: 120 as UInt32))
            return .setScalingPolicy(Command.SetScalingPolicy(policy: self.mostly(policy)))
        default:
            let heartbeat = ClusterState.Settings.Heartbeat(
                intervalMilliseconds: self.random.next(upperBound: 1_000 as UInt32),
                timeoutMilliseconds: 1_000
            )
            return .putSettings(Command.PutSettings(settings: .init(heartbeat: self.mostly(heartbeat))))
        }
    }

    mutating func worker() -> String { "w\(self.random.next(upperBound: 5 as UInt64))" }
    mutating func key() -> KeyID { KeyID("k\(self.random.next(upperBound: 2 as UInt64))") }
    mutating func group() -> String { "g\(self.random.next(upperBound: 6 as UInt64))" }
    mutating func connector() -> String { "c\(self.random.next(upperBound: 3 as UInt64))" }

    /// What the state says, but now and then nothing.
    mutating func mostly<Value>(_ value: Value?) -> Value? {
        self.random.next(upperBound: 8 as UInt64) == 0 ? nil : value
    }

    mutating func deploy(in state: ClusterState) -> Command {
        let available = state.workers.filter(\.isAvailable).map(\.id)
        var spec = ClusterState.GroupSpec(name: GroupName("name of \(self.group())"), pipelines: self.pipelines())
        self.connect(&spec)
        let workers = spec.slots.map { _ in self.mostly(available.randomElement(using: &self.random)) }
        return .deployGroup(Command.DeployGroup(group: GroupID(self.group()), spec: spec, workers: workers))
    }

    /// Routes from outside, and some between the pipelines, over a broker or without.
    mutating func connect(_ spec: inout ClusterState.GroupSpec) {
        let names = spec.pipelines.map(\.name.rawValue)
        spec.routes = names.prefix(1).map { .init(from: "_external", to: $0, eventTypes: ["A*", "*"], topic: "t") }
        for (from, to) in zip(names, names.dropFirst()) where self.random.next(upperBound: 3 as UInt64) == 0 {
            spec.routes.append(.init(from: from, to: to, eventTypes: ["B"]))
        }
        spec.broker = self.random.next(upperBound: 3 as UInt64) == 0 ? ConnectorName(self.connector()) : nil
    }

    mutating func pipelines() -> [ClusterState.PipelineSpec] {
        (0..<self.random.next(upperBound: 4 as UInt64)).map { number in
            ClusterState.PipelineSpec(
                name: PipelineName("p\(number)"),
                source: "stream",
                replicas: self.random.next(upperBound: 4 as UInt32),
                labels: self.random.next(upperBound: 4 as UInt64) == 0 ? ["zone": "0"] : [:],
                spread: self.random.next(upperBound: 4 as UInt64) == 0 ? "zone" : nil
            )
        }
    }

    mutating func placement(in state: ClusterState) -> (PlacementKey, UInt64) {
        guard let group = state.groups.randomElement(using: &self.random),
            let placement = group.placements.randomElement(using: &self.random)
        else { return (PlacementKey(group: GroupID(self.group()), pipeline: "p0"), 1) }
        return (group.key(of: placement), self.mostly(placement.epoch.rawValue) ?? 1)
    }
}
