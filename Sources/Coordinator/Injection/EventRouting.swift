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
        let number =
            pipeline.partitionKey == nil ? self.turns.next(self.group.id, pipeline.name) : Self.hash(key)
        return places[Int(number % UInt64(places.count))]
    }

    /// FNV-1a of the value's text, mixed so that its low bits are good. An event without the key goes where all others
    /// without it go.
    private static func hash(_ key: JSONValue?) -> UInt64 {
        guard let key else { return 0 }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return ((hash ^ (hash >> 32)) &* 0x9E37_79B9_7F4A_7C15) >> 33
    }
}

extension ClusterState.Route {
    /// Exact names, a prefix before a trailing `*`, or `*` alone.
    fileprivate func matches(_ eventType: String) -> Bool {
        self.eventTypes.contains { pattern in
            pattern.hasSuffix("*") ? eventType.hasPrefix(pattern.dropLast()) : eventType == pattern
        }
    }
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
