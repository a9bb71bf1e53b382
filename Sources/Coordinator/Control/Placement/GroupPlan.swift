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
        var request = PlacementRequest()
        var placed: [WorkerID: UInt32] = [:]
        var last: PipelineName?
        for slot in spec.slots {
            // The slots of one pipeline follow each other.
            if slot.pipeline != last, let pipeline = spec.pipeline(slot.pipeline) {
                request = PlacementRequest(pipeline, in: spec)
                last = slot.pipeline
            }
            request.neighbours = placed
            guard let worker = self.choose(request) else {
                throw PlacementFault(pipeline: slot.pipeline, reason: self.shortage(request))
            }
            if let preferred = request.preferred, preferred != worker, plan.missedPreferences.last != slot.pipeline {
                plan.missedPreferences.append(slot.pipeline)
            }
            request.siblings[worker, default: 0] += 1
            placed[worker, default: 0] += 1
            plan.workers.append(worker)
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
        let staying = Set(spec.slots).subtracting(added)
        var siblings: [PipelineName: [WorkerID: UInt32]] = [:]
        var neighbours: [WorkerID: UInt32] = [:]
        func add(_ worker: WorkerID, to pipeline: PipelineName) {
            siblings[pipeline, default: [:]][worker, default: 0] += 1
            neighbours[worker, default: 0] += 1
        }
        for placement in group.placements {
            let slot = ClusterState.Slot(pipeline: placement.pipeline, replica: placement.replica)
            guard let worker = placement.worker else { continue }
            if staying.contains(slot) { add(worker, to: placement.pipeline) } else { self.release(worker) }
        }
        return added.map { slot in
            var request = spec.pipeline(slot.pipeline).map { PlacementRequest($0, in: spec) } ?? PlacementRequest()
            request.siblings = siblings[slot.pipeline, default: [:]]
            request.neighbours = neighbours
            guard let worker = self.choose(request) else {
                return .failure(PlacementFault(pipeline: slot.pipeline, reason: self.shortage(request)))
            }
            add(worker, to: slot.pipeline)
            return .success(worker)
        }
    }
}
