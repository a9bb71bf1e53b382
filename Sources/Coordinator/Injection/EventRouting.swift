import ClusterAPI
import ClusterState
import Synchronization

/// Which placement of a group an event from outside goes to.
struct EventRouting {
    let group: ClusterState.Group
    private let turns: ReplicaTurns
    /// Places among the group's placements, of each pipeline's replicas.
    private let replicas: [PipelineName: [Int]]

    init(_ group: ClusterState.Group, _ turns: ReplicaTurns) {
        self.group = group
        self.turns = turns
        self.replicas = Dictionary(grouping: group.placements.indices) { group.placements[$0].pipeline }
    }

    /// The target of the first route that has a pattern for the type; without one, the first pipeline of the group.
    func pipeline(for eventType: String) throws(APIError) -> ClusterState.PipelineSpec {
        let route = self.group.spec.routes.first { $0.matches(eventType) }
        guard let name = route.map({ PipelineName($0.to) }) ?? self.group.spec.pipelines.first?.name else {
            throw .routing("the group has no pipelines")
        }
        guard let pipeline = self.group.spec.pipeline(name) else {
            throw .routing("pipeline \(name) is not deployed")
        }
        return pipeline
    }

    /// Where among the group's placements the event goes: with a partition key always to the same replica for the same
    /// value, else to each in its turn that runs.
    ///
    /// - Parameter key: the value of the pipeline's partition key, if it has one and the event has it.
    func place(in pipeline: ClusterState.PipelineSpec, key: JSONValue?) throws(APIError) -> Int {
        var places = self.replicas[pipeline.name] ?? []
        if pipeline.partitionKey == nil, places.count > 1 {
            let running = places.filter { self.group.placements[$0].status == .running }
            if !running.isEmpty { places = running }
        }
        guard !places.isEmpty else { throw .routing("pipeline \(pipeline.name) is not deployed") }
        if places.count == 1 { return places[0] }
        if pipeline.partitionKey == nil {
            return places[Int(self.turns.next(self.group.id, pipeline.name) % UInt64(places.count))]
        }
        return places[ReplicaHash.replica(for: key, of: places.count)]
    }
}

extension ClusterState.Route {
    fileprivate func matches(_ eventType: String) -> Bool { EventTypePatterns(self.eventTypes).match(eventType) }
}

/// Whose turn it is among the replicas of pipelines without a partition key. Soft: each member counts for itself.
final class ReplicaTurns: Sendable {
    private struct Key: Hashable {
        var group: GroupID
        var pipeline: PipelineName
    }

    /// Beyond this many pipelines all begin again with their first replica.
    private static let pipelinesMax = 4_096
    private let counts = Mutex<[Key: UInt64]>([:])

    func next(_ group: GroupID, _ pipeline: PipelineName) -> UInt64 {
        self.counts.withLock { counts in
            let key = Key(group: group, pipeline: pipeline)
            if counts.count >= Self.pipelinesMax, counts[key] == nil { counts.removeAll() }
            let count = counts[key, default: 0]
            counts[key] = count &+ 1
            return count
        }
    }
}
