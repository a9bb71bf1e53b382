extension ClusterState {
    /// What one placement has to do with the routes of its group: where its events go, which come to it, and, for a
    /// replica, which of them are its own.
    public struct RouteBindings: Hashable, Sendable {
        /// A way on which events leave.
        public struct Output: Hashable, Sendable {
            public var topic: String
            public var eventTypes: [String]
            /// Absent if the peer is at the same worker.
            public var connector: ConnectorName?
            /// The pipeline that the events are for; of several at one topic, the first.
            public var peer: PipelineName
            /// How the peer's replicas share them, where there is no broker: over one, each replica sees to itself.
            public var peerReplicas: ReplicaRule?
        }

        /// A way on which events come.
        public struct Input: Hashable, Sendable {
            public var topic: String
            /// What is wanted of the topic, to which others may publish as well.
            public var eventTypes: [String]
            public var connector: ConnectorName?
            /// The pipeline that they come from; of several at one topic, the first.
            public var peer: PipelineName
        }

        /// How the replicas of a pipeline share events: by a hash of the JSON text of the field named, or of the whole
        /// event without one.
        public struct ReplicaRule: Hashable, Sendable {
            public var count: UInt32
            public var partitionKey: String?
        }

        public var outputs: [Output] = []
        public var inputs: [Input] = []
        /// Which replica it is, and how they share; absent for a pipeline that runs once.
        public var share: (index: UInt32, rule: ReplicaRule)? {
            guard let index = self.replica, let rule = self.rule else { return nil }
            return (index, rule)
        }
        var replica: UInt32?
        var rule: ReplicaRule?

        public init() {}

        /// Whether any of the ways needs a connection to a broker.
        public var usesBroker: Bool {
            self.outputs.contains { $0.connector != nil } || self.inputs.contains { $0.connector != nil }
        }
    }
}

extension ClusterState.GroupSpec {
    /// The routes as one placement sees them. Ways with the same topic at the broker are one: an event that fits several
    /// patterns is published once, and taken in once.
    public func bindings(of slot: ClusterState.Slot, in group: GroupID) -> ClusterState.RouteBindings {
        var bindings = ClusterState.RouteBindings()
        bindings.replica = slot.replica
        bindings.rule = self.rule(of: slot.pipeline)
        // Without a broker, only what connects two pipelines is a way at all.
        for route in self.routes where !route.eventTypes.isEmpty && (self.broker != nil || route.isInner) {
            if route.source == slot.pipeline { self.bind(route, in: group, to: &bindings.outputs) }
            if route.target == slot.pipeline { self.bind(route, in: group, to: &bindings.inputs) }
        }
        return bindings
    }

    private func bind(
        _ route: ClusterState.Route,
        in group: GroupID,
        to outputs: inout [ClusterState.RouteBindings.Output]
    ) {
        let output = ClusterState.RouteBindings.Output(
            topic: route.topic(in: group),
            eventTypes: route.eventTypes,
            connector: self.broker,
            peer: route.target,
            peerReplicas: self.broker == nil ? self.rule(of: route.target) : nil
        )
        let same = outputs.firstIndex {
            $0.topic.utf8.elementsEqual(output.topic.utf8) && (self.broker != nil || $0.peer == output.peer)
        }
        guard let same else { return outputs.append(output) }
        outputs[same].eventTypes.add(output.eventTypes)
    }

    private func bind(
        _ route: ClusterState.Route,
        in group: GroupID,
        to inputs: inout [ClusterState.RouteBindings.Input]
    ) {
        let input = ClusterState.RouteBindings.Input(
            topic: route.topic(in: group),
            eventTypes: route.eventTypes,
            connector: self.broker,
            peer: route.source
        )
        let same = inputs.firstIndex {
            $0.topic.utf8.elementsEqual(input.topic.utf8) && (self.broker != nil || $0.peer == input.peer)
        }
        guard let same else { return inputs.append(input) }
        inputs[same].eventTypes.add(input.eventTypes)
    }

    private func rule(of pipeline: PipelineName) -> ClusterState.RouteBindings.ReplicaRule? {
        guard let pipeline = self.pipeline(pipeline), pipeline.replicas > 1 else { return nil }
        return ClusterState.RouteBindings.ReplicaRule(
            count: pipeline.replicas,
            partitionKey: pipeline.partitionKey
        )
    }
}

extension [String] {
    /// Adds what is not among these yet.
    fileprivate mutating func add(_ others: [String]) {
        for other in others where !self.contains(where: { $0.utf8.elementsEqual(other.utf8) }) { self.append(other) }
    }
}
