public import ClusterState

/// Finds workers for several pipelines in one go, and reserves a place for each as it finds it.
public struct PlacementPlanner: Sendable {
    private let strategy: any PlacementStrategy
    private var workers: [PlacementCandidate] = []
    private var turn: UInt64

    /// - Parameters:
    ///   - load: how many pipelines each worker said it runs, its own among them.
    ///   - strategy: has the last word, after preference, room and the spread of replicas.
    ///   - isEligible: leaves workers out that the state still calls ready.
    public init(
        state: ClusterState,
        load: [WorkerID: UInt32] = [:],
        strategy: some PlacementStrategy = RoundRobin(),
        isEligible: (ClusterState.Worker) -> Bool = { _ in true }
    ) {
        self.strategy = strategy
        self.turn = state.lastEpoch.rawValue
        for worker in state.workers where worker.status == .ready && isEligible(worker) {
            self.workers.append(
                PlacementCandidate(
                    id: worker.id,
                    cpuCores: worker.capacity.cpuCores,
                    pipelinesMax: worker.capacity.pipelinesMax,
                    pipelines: max(worker.assignedCount, load[worker.id, default: 0])
                )
            )
        }
    }

    /// A worker for one pipeline: the preferred one if it has room, else one without a replica of the same pipeline,
    /// else any with room. None if there is no room anywhere.
    public mutating func choose(preferring preferred: WorkerID? = nil, avoiding taken: [WorkerID] = []) -> WorkerID? {
        let open = self.workers.filter { $0.pipelines < $0.pipelinesMax }
        guard !open.isEmpty else { return nil }
        let chosen: WorkerID
        if let preferred, open.contains(where: { $0.id == preferred }) {
            chosen = preferred
        } else {
            let apart = open.filter { !taken.contains($0.id) }
            chosen = self.strategy.choose(among: apart.isEmpty ? open : apart, turn: self.turn).id
        }
        self.turn &+= 1
        for index in self.workers.indices where self.workers[index].id == chosen {
            self.workers[index].pipelines += 1
        }
        return chosen
    }

    /// Workers for every slot of a new group, in the order of its slots. None if one of them found no room.
    public mutating func plan(_ spec: ClusterState.GroupSpec) -> GroupPlan? {
        var plan = GroupPlan()
        var taken: [WorkerID] = []
        var last: PipelineName?
        for slot in spec.slots {
            // The slots of one pipeline follow each other.
            if slot.pipeline != last { taken.removeAll() }
            last = slot.pipeline
            let preferred = spec.pipeline(slot.pipeline)?.workerAffinity
            guard let worker = self.choose(preferring: preferred, avoiding: taken) else { return nil }
            if let preferred, preferred != worker, plan.missedPreferences.last != slot.pipeline {
                plan.missedPreferences.append(slot.pipeline)
            }
            taken.append(worker)
            plan.workers.append(worker)
        }
        return plan
    }
}

/// Where the pieces of a new group shall go.
public struct GroupPlan: Hashable, Sendable {
    /// One for each slot of the spec.
    public var workers: [WorkerID]
    /// The pipelines whose preferred worker was not available.
    public var missedPreferences: [PipelineName]

    public init(workers: [WorkerID] = [], missedPreferences: [PipelineName] = []) {
        self.workers = workers
        self.missedPreferences = missedPreferences
    }
}
