/// Answer of `GET ~/topology`: what runs where, and how events flow between the pieces.
public struct Topology: Hashable, Sendable, Codable {
    public struct Worker: Hashable, Sendable, Codable {
        public var id: String
        public var address: String
        public var status: WorkerStatus
        /// A group's name once for each of its placements here.
        public var pipelineGroups: [String]

        public init(id: String, address: String, status: WorkerStatus, pipelineGroups: [String]) {
            self.id = id
            self.address = address
            self.status = status
            self.pipelineGroups = pipelineGroups
        }

        enum CodingKeys: String, CodingKey {
            case id, address, status
            case pipelineGroups = "pipeline_groups"
        }
    }

    /// A route whose two ends are both placed.
    public struct Route: Hashable, Sendable, Codable {
        public var sourceWorker: String
        public var sourcePipeline: String
        public var targetWorker: String
        public var targetPipeline: String
        public var routeType: String

        public init(
            sourceWorker: String,
            sourcePipeline: String,
            targetWorker: String,
            targetPipeline: String,
            routeType: String = "inter-pipeline"
        ) {
            self.sourceWorker = sourceWorker
            self.sourcePipeline = sourcePipeline
            self.targetWorker = targetWorker
            self.targetPipeline = targetPipeline
            self.routeType = routeType
        }

        enum CodingKeys: String, CodingKey {
            case sourceWorker = "source_worker"
            case sourcePipeline = "source_pipeline"
            case targetWorker = "target_worker"
            case targetPipeline = "target_pipeline"
            case routeType = "route_type"
        }
    }

    public struct Pipeline: Hashable, Sendable, Codable {
        public var name: String
        public var workerID: String
        public var workerAddress: String

        public init(name: String, workerID: String, workerAddress: String) {
            self.name = name
            self.workerID = workerID
            self.workerAddress = workerAddress
        }

        enum CodingKeys: String, CodingKey {
            case name
            case workerID = "worker_id"
            case workerAddress = "worker_address"
        }
    }

    public struct Group: Hashable, Sendable, Codable {
        public var groupID: String
        public var groupName: String
        public var pipelines: [Pipeline]
        public var routes: [RouteSpec]

        public init(groupID: String, groupName: String, pipelines: [Pipeline], routes: [RouteSpec]) {
            self.groupID = groupID
            self.groupName = groupName
            self.pipelines = pipelines
            self.routes = routes
        }

        enum CodingKeys: String, CodingKey {
            case groupID = "group_id"
            case groupName = "group_name"
            case pipelines, routes
        }
    }

    public var workers: [Worker]
    public var routes: [Route]
    public var groups: [Group]

    public init(workers: [Worker], routes: [Route], groups: [Group]) {
        self.workers = workers
        self.routes = routes
        self.groups = groups
    }
}
