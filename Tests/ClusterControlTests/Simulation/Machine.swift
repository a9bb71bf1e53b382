import ClusterControl
import ClusterState

/// A worker as the simulation needs it: a process that holds pipelines and says so.
struct Machine {
    struct Held: Equatable {
        var id: String
        var epoch: Epoch
        var status: ReportedPipeline.Status
    }

    let id: WorkerID
    /// Absent while the process is dead.
    private(set) var incarnation: WorkerIncarnation?
    /// Whether messages from and to it are lost.
    var isCutOff = false
    var isRegistered = false
    var nextHeartbeat: ControlInstant = .at(0)
    private(set) var pipelines: [PlacementKey: Held] = [:]
    private var counter = 0

    init(id: WorkerID) { self.id = id }

    var isUp: Bool { self.incarnation != nil }

    mutating func boot(_ incarnation: UInt64) {
        self.incarnation = WorkerIncarnation(incarnation)
        self.isRegistered = false
    }

    mutating func die() {
        self.incarnation = nil
        self.pipelines = [:]
    }

    var inventory: [ReportedPipeline] {
        self.pipelines.keys.sorted().compactMap { key in
            self.pipelines[key].map {
                ReportedPipeline(id: $0.id, placement: key, epoch: $0.epoch, status: $0.status)
            }
        }
    }

    /// The contract of a worker: an older epoch is refused, the same one changes nothing that runs, a newer one
    /// replaces. Answers with the pipeline's id if it runs now.
    mutating func start(_ start: StartPipeline, succeeds: Bool) -> String? {
        if let held = self.pipelines[start.placement] {
            if held.epoch > start.epoch { return nil }
            if held.epoch == start.epoch, held.status == .running { return held.id }
        }
        self.counter += 1
        let id = "\(self.id)-\(self.incarnation?.rawValue ?? 0)-\(self.counter)"
        let status: ReportedPipeline.Status = succeeds ? .running : .failed("out of luck")
        self.pipelines[start.placement] = Held(id: id, epoch: start.epoch, status: status)
        return succeeds ? id : nil
    }

    mutating func stop(_ stop: StopPipeline) {
        guard let held = self.pipelines[stop.placement], held.id == stop.pipelineID, held.epoch <= stop.epoch
        else { return }
        self.pipelines[stop.placement] = nil
    }

    /// Something goes wrong inside: a pipeline fails, or vanishes.
    mutating func harm(_ random: inout Seeded) {
        guard let key = self.pipelines.keys.sorted().randomElement(using: &random) else { return }
        if random.once(in: 2) {
            self.pipelines[key] = nil
        } else {
            self.pipelines[key]?.status = .failed("it broke")
        }
    }
}
