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
}
