extension ClusterState {
    /// What an operator wants to run: pipelines, and the routes between them.
    public struct GroupSpec: Hashable, Sendable {
        /// How many replicas one pipeline may have, and how many placements one group.
        public static let replicasMax: UInt32 = 1000
        public static let placementsMax = 10_000

        public var name: GroupName
        public var pipelines: [PipelineSpec]
        public var routes: [Route]

        public init(name: GroupName, pipelines: [PipelineSpec], routes: [Route] = []) {
            self.name = name
            self.pipelines = pipelines
            self.routes = routes
        }

        /// What is wrong with the spec, as a sentence; nothing if it may be deployed. `apply` refuses on the same
        /// grounds, so asking before proposing saves a log entry.
        public var fault: String? {
            if self.name.rawValue.isEmpty { return "the group needs a name" }
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
    }

    /// One program of a group.
    public struct PipelineSpec: Hashable, Sendable {
        public var name: PipelineName
        /// VPL.
        public var source: String
        /// The worker to prefer while it is available.
        public var workerAffinity: WorkerID?
        public var replicas: UInt32
        /// The field whose value picks the replica.
        public var partitionKey: String?

        public init(
            name: PipelineName,
            source: String,
            workerAffinity: WorkerID? = nil,
            replicas: UInt32 = 1,
            partitionKey: String? = nil
        ) {
            self.name = name
            self.source = source
            self.workerAffinity = workerAffinity
            self.replicas = replicas
            self.partitionKey = partitionKey
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
