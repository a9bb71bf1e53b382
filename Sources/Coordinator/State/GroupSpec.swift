extension ClusterState {
    /// What an operator wants to run: pipelines, and the routes between them.
    public struct GroupSpec: Hashable, Sendable {
        /// How many replicas one pipeline may have, and how many placements one group.
        public static let replicasMax: UInt32 = 1000
        public static let placementsMax = 10_000

        public var name: GroupName
        public var pipelines: [PipelineSpec]
        public var routes: [Route]
        /// Chooses workers for the pipelines that name no strategy of their own.
        public var strategy: StrategyName?

        public init(
            name: GroupName,
            pipelines: [PipelineSpec],
            routes: [Route] = [],
            strategy: StrategyName? = nil
        ) {
            self.name = name
            self.pipelines = pipelines
            self.routes = routes
            self.strategy = strategy
        }

        /// What is wrong with the spec, as a sentence; nothing if it may be deployed. `apply` refuses on the same
        /// grounds, so asking before proposing saves a log entry.
        public var fault: String? {
            if self.name.rawValue.isEmpty { return "the group needs a name" }
            if let fault = self.strategy?.fault { return fault }
            var seen: Set<PipelineName> = []
            var placements = 0
            for pipeline in self.pipelines {
                if pipeline.name.rawValue.isEmpty { return "every pipeline needs a name" }
                // `#` separates a pipeline's name from the number of its replica.
                if pipeline.name.rawValue.utf8.contains(UInt8(ascii: "#")) {
                    return "the name of pipeline \(pipeline.name) must not contain #"
                }
                if !seen.insert(pipeline.name).inserted { return "there are two pipelines named \(pipeline.name)" }
                if pipeline.replicas > Self.replicasMax {
                    return "pipeline \(pipeline.name) must not have more than \(Self.replicasMax) replicas"
                }
                if let fault = pipeline.placementFault { return "pipeline \(pipeline.name): \(fault)" }
                placements += Int(max(1, pipeline.replicas))
                if placements > Self.placementsMax {
                    return "a group must not have more than \(Self.placementsMax) pipelines and replicas"
                }
            }
            return nil
        }

        /// Each pipeline and replica of the spec, in its order. Assignments in commands follow this order.
        public var slots: [Slot] {
            self.pipelines.flatMap { pipeline -> [Slot] in
                guard pipeline.replicas > 1 else { return [Slot(pipeline: pipeline.name, replica: nil)] }
                return (0..<min(pipeline.replicas, Self.replicasMax)).map {
                    Slot(pipeline: pipeline.name, replica: $0)
                }
            }
        }

        public func pipeline(_ name: PipelineName) -> PipelineSpec? {
            self.pipelines.first { $0.name == name }
        }
    }

    /// A place to be filled: a pipeline of a group, or one replica of it.
    public struct Slot: Hashable, Sendable {
        public var pipeline: PipelineName
        public var replica: UInt32?

        public init(pipeline: PipelineName, replica: UInt32?) {
            self.pipeline = pipeline
            self.replica = replica
        }
    }

    /// Sends events of some types from one pipeline (or from outside) to another.
    public struct Route: Hashable, Sendable {
        public var from: String
        public var to: String
        public var eventTypes: [String]
        public var topic: String?

        public init(from: String, to: String, eventTypes: [String], topic: String? = nil) {
            self.from = from
            self.to = to
            self.eventTypes = eventTypes
            self.topic = topic
        }
    }
}
