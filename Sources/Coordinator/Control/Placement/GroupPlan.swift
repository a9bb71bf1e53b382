public import ClusterState

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

/// Why a group can't be placed: which of its pipelines has no worker, and what is missing.
public struct PlacementFault: Error, Hashable, Sendable, CustomStringConvertible {
    public var pipeline: PipelineName
    public var reason: String
    public var description: String { "pipeline \(self.pipeline): \(self.reason)" }
}

extension PlacementPlanner {
    /// Workers for every slot of a new group, in the order of its slots. None if one of them found no room.
    public mutating func plan(_ spec: ClusterState.GroupSpec) -> GroupPlan? {
        do throws(PlacementFault) { return try self.place(spec) } catch { return nil }
    }

    /// The same, with the reason if it can't be.
    public mutating func place(_ spec: ClusterState.GroupSpec) throws(PlacementFault) -> GroupPlan {
        var plan = GroupPlan()
        for choice in self.choose(spec.slots, of: spec, staying: []) { plan.workers.append(try choice.get()) }
        var preferred: [PipelineName: WorkerID] = [:]
        for pipeline in spec.pipelines { preferred[pipeline.name] = pipeline.workerAffinity }
        for (slot, worker) in zip(spec.slots, plan.workers) {
            guard let preferred = preferred[slot.pipeline], preferred != worker else { continue }
            if plan.missedPreferences.last != slot.pipeline { plan.missedPreferences.append(slot.pipeline) }
        }
        return plan
    }

    /// Workers for the slots that an update adds to a group, in the order of the slots. Throws if one of them found none:
    /// to be asked before an update is proposed.
    public mutating func place(
        _ group: ClusterState.Group,
        updatedTo spec: ClusterState.GroupSpec
    ) throws(PlacementFault) -> [WorkerID] {
        var workers: [WorkerID] = []
        for choice in self.choose(forUpdateOf: group, to: spec) { workers.append(try choice.get()) }
        return workers
    }

    /// The same, with the reason in the place of each worker that was not found.
    mutating func choose(
        forUpdateOf group: ClusterState.Group,
        to spec: ClusterState.GroupSpec
    ) -> [Result<WorkerID, PlacementFault>] {
        let added = group.addedSlots(in: spec)
        let kept = Set(spec.slots).subtracting(added)
        var staying: [ClusterState.Placement] = []
        for placement in group.placements {
            let slot = ClusterState.Slot(pipeline: placement.pipeline, replica: placement.replica)
            if kept.contains(slot) {
                staying.append(placement)
            } else if let worker = placement.worker {
                self.release(worker)
            }
        }
        return self.choose(added, of: spec, staying: staying)
    }

    private mutating func choose(
        _ slots: [ClusterState.Slot],
        of spec: ClusterState.GroupSpec,
        staying: [ClusterState.Placement]
    ) -> [Result<WorkerID, PlacementFault>] {
        var placing = Placing(spec)
        for placement in staying {
            if let worker = placement.worker { placing.note(worker, for: placement.pipeline) }
        }
        return slots.map { slot in
            let choice = placing.request(for: slot.pipeline)
            let worker: WorkerID?
            switch choice {
            case .home(let home, let isReserved): worker = isReserved || self.reserve(home) ? home : nil
            case .anywhere(let request): worker = self.choose(request)
            }
            guard let worker else {
                return .failure(PlacementFault(pipeline: slot.pipeline, reason: self.shortage(choice)))
            }
            placing.chose(worker, for: slot.pipeline)
            return .success(worker)
        }
    }

    private func shortage(_ choice: Placing.Choice) -> String {
        switch choice {
        case .home(let worker, _): "worker \(worker) has no room, and what it is connected with is there"
        case .anywhere(let request): self.shortage(request)
        }
    }
}
