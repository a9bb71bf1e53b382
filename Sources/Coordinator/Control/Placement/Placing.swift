internal import ClusterState

/// A group's pieces on their way to workers: what each of them asks for follows from what has been placed so far.
struct Placing {
    enum Choice {
        case anywhere(PlacementRequest)
        /// Where the pipelines are that it is connected with without a broker; a place for it may be reserved there.
        case home(WorkerID, isReserved: Bool)
    }

    private let spec: ClusterState.GroupSpec
    private let pipelines: [PipelineName: ClusterState.PipelineSpec]
    /// The company of each pipeline that has one.
    private var companies: [PipelineName: Int] = [:]
    private let members: [[PipelineName]]
    private var homes: [Int: (worker: WorkerID, isReserved: Bool)] = [:]
    private var siblings: [PipelineName: [WorkerID: UInt32]] = [:]
    private var neighbours: [WorkerID: UInt32] = [:]

    init(_ spec: ClusterState.GroupSpec) {
        self.spec = spec
        self.pipelines = Dictionary(spec.pipelines.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.members = spec.companies
        for (number, company) in self.members.enumerated() {
            for pipeline in company { self.companies[pipeline] = number }
        }
    }

    func request(for pipeline: PipelineName) -> Choice {
        if let company = self.companies[pipeline] {
            if let home = self.homes[company] { return .home(home.worker, isReserved: home.isReserved) }
            var request = PlacementRequest(company: self.members[company], in: self.spec)
            request.neighbours = self.neighbours
            return .anywhere(request)
        }
        var request = self.pipelines[pipeline].map { PlacementRequest($0, in: self.spec) } ?? PlacementRequest()
        request.siblings = self.siblings[pipeline, default: [:]]
        request.neighbours = self.neighbours
        return .anywhere(request)
    }

    /// A worker was chosen for the pipeline; with the first of a company, for all of it.
    mutating func chose(_ worker: WorkerID, for pipeline: PipelineName) {
        if let company = self.companies[pipeline], self.homes[company] == nil {
            self.homes[company] = (worker, isReserved: true)
        }
        self.count(worker, for: pipeline)
    }

    /// The pipeline has the worker already.
    mutating func note(_ worker: WorkerID, for pipeline: PipelineName) {
        if let company = self.companies[pipeline], self.homes[company] == nil {
            self.homes[company] = (worker, isReserved: false)
        }
        self.count(worker, for: pipeline)
    }

    private mutating func count(_ worker: WorkerID, for pipeline: PipelineName) {
        self.siblings[pipeline, default: [:]][worker, default: 0] += 1
        self.neighbours[worker, default: 0] += 1
    }
}
