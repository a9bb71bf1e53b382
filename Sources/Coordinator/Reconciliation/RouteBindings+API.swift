import ClusterAPI
import ClusterState

// A placement's routes in the words of a worker's API.

extension RouteOutput {
    init(_ output: ClusterState.RouteBindings.Output) {
        self.init(
            topic: output.topic,
            eventTypes: output.eventTypes,
            connector: output.connector?.rawValue,
            peer: output.peer.rawValue,
            peerReplicas: output.peerReplicas.map { ReplicaRule(count: $0.count, partitionKey: $0.partitionKey) }
        )
    }
}

extension RouteInput {
    init(_ input: ClusterState.RouteBindings.Input) {
        self.init(
            topic: input.topic,
            eventTypes: input.eventTypes,
            connector: input.connector?.rawValue,
            peer: input.peer.rawValue
        )
    }
}

extension ReplicaShare {
    /// Nil for a pipeline that runs once.
    init?(_ bindings: ClusterState.RouteBindings) {
        guard let share = bindings.share else { return nil }
        self.init(index: share.index, count: share.rule.count, partitionKey: share.rule.partitionKey)
    }
}
