import ClusterControl
import ClusterState
import Testing

/// A cluster's state as a test sets it up, command by command; a refusal is a mistake in the test.
struct Cluster {
    var state = ClusterState()
    private var index: UInt64 = 0

    init(workers: Int = 0, pipelinesMax: UInt32 = 100) {
        for number in 0..<workers { self.register(WorkerID("w\(number + 1)"), pipelinesMax: pipelinesMax) }
    }

    @discardableResult
    mutating func apply(_ command: Command, sourceLocation: SourceLocation = #_sourceLocation) -> Response {
        self.index += 1
        let response = self.state.apply(command, index: self.index, time: self.index)
        if case .refused(let refusal) = response { Issue.record("\(refusal)", sourceLocation: sourceLocation) }
        return response
    }

    mutating func register(
        _ worker: WorkerID,
        incarnation: UInt64 = 1,
        cpuCores: UInt32 = 4,
        pipelinesMax: UInt32 = 100,
        labels: Labels = [:]
    ) {
        self.apply(
            .register(
                Command.Register(
                    worker: worker,
                    incarnation: WorkerIncarnation(incarnation),
                    address: "http://\(worker):9000",
                    capacity: ClusterState.Worker.Capacity(cpuCores: cpuCores, pipelinesMax: pipelinesMax),
                    replacing: self.state.worker(worker)?.incarnation,
                    labels: labels
                )
            )
        )
    }

    mutating func setStatus(_ worker: WorkerID, _ status: ClusterState.Worker.Status) {
        guard let present = self.state.worker(worker) else { return }
        self.apply(
            .setWorkerStatus(
                Command.SetWorkerStatus(
                    worker: worker,
                    incarnation: present.incarnation,
                    from: present.status,
                    to: status
                )
            )
        )
    }

    /// A group of pipelines `p1`, `p2`, …, each at the worker given for it.
    mutating func deploy(_ group: GroupID, on workers: [WorkerID?], source: String = "stream A = B") {
        let spec = ClusterState.GroupSpec(
            name: GroupName(group.rawValue),
            pipelines: workers.indices.map {
                ClusterState.PipelineSpec(name: PipelineName("p\($0 + 1)"), source: source)
            }
        )
        self.apply(.deployGroup(Command.DeployGroup(group: group, spec: spec, workers: workers)))
    }

    mutating func report(
        _ key: PlacementKey,
        _ status: ClusterState.Placement.Status = .running,
        id: String = "x"
    ) {
        guard let epoch = self.state.placement(key)?.epoch else { return }
        self.apply(
            .reportPlacement(
                Command.ReportPlacement(placement: key, epoch: epoch, status: status, pipelineID: id)
            )
        )
    }
}

extension ControlInstant {
    /// So many seconds after the test's origin.
    static func at(_ seconds: Int) -> ControlInstant { ControlInstant(sinceOrigin: .seconds(seconds)) }
}

/// A small seeded generator (SplitMix64): the same seed gives the same run on every machine.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// True once in so many times.
    mutating func once(in times: UInt64) -> Bool { self.next(upperBound: times) == 0 }
}
