import ClusterAPI
import Engine
import Logging

/// The pipelines of this worker, and the rules by which they come and go.
///
/// The state directory is written before a pipeline starts and before an answer is given, so it never knows less than
/// a caller was told. The actor runs on a queue of its own, because those writes block.
actor PipelineRegistry {
    private let store: PipelineStore?
    private let surroundings: PipelineSurroundings
    private let pipelinesMax: Int
    private let logger: Logger

    /// In the order in which they were deployed.
    private(set) var pipelines: [RunningPipeline] = []
    /// Being stopped after a delete. They may publish until they have stopped, so a successor in the same place waits for
    /// them, and the cluster is told of them.
    private var leaving: [RunningPipeline] = []

    /// All that is not over.
    var held: (running: [RunningPipeline], leaving: [RunningPipeline]) { (self.pipelines, self.leaving) }

    private let executor = SerialQueueExecutor(label: "pipelines")
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

    init(store: PipelineStore?, surroundings: PipelineSurroundings, pipelinesMax: Int) {
        self.store = store
        self.surroundings = surroundings
        self.pipelinesMax = pipelinesMax
        self.logger = surroundings.logger
    }

    /// Runs what the state directory holds.
    ///
    /// In a cluster that is only what was deployed past the coordinators: what they assigned may run elsewhere by now,
    /// and they assign it anew, at a higher epoch, when this worker registers.
    /// A tenant's pipelines go with the tenant, even if a stop came between the two.
    func restore(inCluster: Bool, isTenant: (String) -> Bool = { _ in true }) throws(StateDirectoryError) {
        guard let store = self.store else { return }
        var newest: [PipelineSpec] = []
        for spec in try store.load(self.logger) {
            if (inCluster && spec.place != nil) || !(spec.tenantID.map(isTenant) ?? true) {
                try store.remove(spec.id)
                continue
            }
            // A stop between writing a successor and removing its predecessor leaves both: the higher epoch counts.
            guard let place = spec.place, let other = newest.firstIndex(where: { $0.place == place }) else {
                newest.append(spec)
                continue
            }
            let isNewer = spec.epoch > newest[other].epoch
            try store.remove(isNewer ? newest[other].id : spec.id)
            if isNewer { newest[other] = spec }
        }
        for spec in newest {
            do throws(PipelineRefusal) {
                let program = try Program(
                    spec,
                    clientIDPrefix: self.surroundings.clientIDPrefix,
                    workDirectory: self.surroundings.workDirectory
                )
                self.start(spec, program, replacing: nil)
            } catch {
                self.logger.error("pipeline not restored", metadata: ["id": "\(spec.id)", "reason": "\(error)"])
            }
        }
    }

    @discardableResult
    private func start(_ spec: PipelineSpec, _ program: Program, replacing place: Int?) -> RunningPipeline {
        let left = self.leaving.last { $0.spec.id == spec.id || ($0.spec.place != nil && $0.spec.place == spec.place) }
        let pipeline = RunningPipeline(
            spec,
            program: program,
            predecessor: place.map { self.pipelines[$0] } ?? left,
            feed: place.map { self.pipelines[$0].feed } ?? OutputFeed(),
            in: self.surroundings,
            onSuperseded: { [weak self] in
                // Ends with the pipeline; `stopAll` waits for those that are on their way.
                Task { await self?.superseded(spec) }
            }
        )
        if let place {
            self.pipelines[place] = pipeline
        } else {
            self.pipelines.append(pipeline)
        }
        self.logger.info("pipeline started", metadata: ["id": "\(spec.id)", "pipeline": "\(spec.name)"])
        return pipeline
    }

    func pipeline(_ id: String) -> RunningPipeline? {
        self.pipelines.first { $0.spec.id == id }
    }

    func pipelines(of tenant: Tenant) -> [RunningPipeline] {
        self.pipelines.filter { $0.spec.belongs(to: tenant) }
    }

    // MARK: - Changes

    /// Runs a program. A repeated request gets the pipeline that is there; in the cluster, a higher epoch takes the
    /// place of a lower one, and a lower one is refused.
    func deploy(
        _ spec: PipelineSpec,
        _ program: Program,
        for tenant: Tenant
    ) throws(PipelineRefusal) -> (pipeline: RunningPipeline, isNew: Bool) {
        var replaced: Int?
        if let place = spec.place, let held = self.pipelines.firstIndex(where: { $0.spec.place == place }) {
            let epoch = self.pipelines[held].spec.epoch
            if spec.epoch == epoch { return (self.pipelines[held], false) }
            guard spec.epoch > epoch else { throw .staleEpoch(held: epoch) }
            replaced = held
        }
        if let known = self.pipelines.firstIndex(where: { $0.spec.id == spec.id }), known != replaced {
            guard self.pipelines[known].spec == spec else { throw .idTaken(spec.id) }
            return (self.pipelines[known], false)
        }
        try self.checkQuota(program, of: tenant, isReplacement: replaced != nil)
        do throws(StateDirectoryError) {
            try self.store?.save(spec)
            if let replaced, self.pipelines[replaced].spec.id != spec.id {
                try self.store?.remove(self.pipelines[replaced].spec.id)
            }
        } catch {
            throw .storage(error.description)
        }
        let pipeline = self.start(spec, program, replacing: replaced)
        self.surroundings.onPhaseChange()
        return (pipeline, true)
    }

    /// Runs another program in the place of a pipeline, unless it is gone from there meanwhile.
    func replace(
        _ pipeline: RunningPipeline,
        _ spec: PipelineSpec,
        _ program: Program,
        for tenant: Tenant
    ) throws(PipelineRefusal) -> RunningPipeline {
        guard let place = self.pipelines.firstIndex(where: { $0 === pipeline }) else { throw .notFound(spec.id) }
        try self.checkQuota(program, of: tenant, isReplacement: true)
        do throws(StateDirectoryError) {
            try self.store?.save(spec)
        } catch {
            throw .storage(error.description)
        }
        let successor = self.start(spec, program, replacing: place)
        self.surroundings.onPhaseChange()
        return successor
    }

    private func checkQuota(_ program: Program, of tenant: Tenant, isReplacement: Bool) throws(PipelineRefusal) {
        // Whoever ends a removed tenant's pipelines does not look for them again.
        guard !tenant.isRemoved else { throw .tenantRemoved }
        let streams = tenant.quota.streamsPerPipelineMax
        guard program.plan.streamNames.count <= streams else {
            throw .quota("A pipeline has at most \(streams) streams here")
        }
        guard !isReplacement else { return }
        guard self.pipelines.count < self.pipelinesMax else { throw .full(self.pipelinesMax) }
        guard self.pipelines(of: tenant).count < tenant.quota.pipelinesMax else {
            throw .quota("The tenant has \(tenant.quota.pipelinesMax) pipelines, as many as it may")
        }
    }

    /// Takes a pipeline out; the caller stops it and then says so to `stopped`.
    func remove(_ id: String, epoch: UInt64?) throws(PipelineRefusal) -> RunningPipeline {
        guard let index = self.pipelines.firstIndex(where: { $0.spec.id == id }) else { throw .notFound(id) }
        let pipeline = self.pipelines[index]
        if let epoch, epoch < pipeline.spec.epoch { throw .staleEpoch(held: pipeline.spec.epoch) }
        do throws(StateDirectoryError) {
            try self.store?.remove(id)
        } catch {
            throw .storage(error.description)
        }
        self.pipelines.remove(at: index)
        self.leaving.append(pipeline)
        pipeline.feed.finish()
        self.logger.info("pipeline removed", metadata: ["id": "\(id)", "pipeline": "\(pipeline.spec.name)"])
        self.surroundings.onPhaseChange()
        return pipeline
    }

    /// Ends a pipeline whose place belongs to a newer assignment elsewhere.
    private func superseded(_ spec: PipelineSpec) async {
        guard
            let index = self.pipelines.firstIndex(where: { $0.spec.place == spec.place && $0.spec.epoch == spec.epoch })
        else { return }
        let pipeline = self.pipelines.remove(at: index)
        self.leaving.append(pipeline)
        pipeline.feed.finish()
        do throws(StateDirectoryError) {
            try self.store?.remove(spec.id)
        } catch {
            // It is not restored in a cluster either, but stays a file.
            self.logger.error("superseded pipeline not removed", metadata: ["id": "\(spec.id)", "reason": "\(error)"])
        }
        self.logger.info("pipeline superseded", metadata: ["id": "\(spec.id)", "pipeline": "\(spec.name)"])
        self.surroundings.onPhaseChange()
        await pipeline.stop()
        self.stopped(pipeline)
    }

    /// Nothing of it runs any more. Who gives its place to another worker waits for that.
    func stopped(_ pipeline: RunningPipeline) {
        self.leaving.removeAll { $0 === pipeline }
        self.surroundings.onPhaseChange()
    }

    /// Stops everything, for the end of the process; the state directory keeps it.
    func stopAll() async {
        let running = self.pipelines + self.leaving
        for pipeline in running { pipeline.feed.finish() }
        await withTaskGroup(of: Void.self) { group in
            for pipeline in running { group.addTask { await pipeline.stop() } }
        }
    }
}
