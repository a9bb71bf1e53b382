import ClusterAPI
import Engine
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension WorkerRoutes {
    /// Deploying, listing and deleting.
    func addPipelines(to router: some RouterMethods<WorkerContext>) {
        router.post { request, context -> Response in
            let body = try APIJSON.decode(
                DeployPipelineRequest.self,
                from: try await request.jsonBytes().readableBytesView
            )
            let (pipeline, isNew) = try await self.deploy(body, for: self.tenant(context))
            return Response.json(
                isNew ? .created : .ok,
                DeployPipelineResponse(
                    id: pipeline.spec.id,
                    name: pipeline.spec.name,
                    status: pipeline.progress.phase.status
                )
            )
        }
        router.get { request, context -> Response in
            let page = try Self.page(request)
            let pipelines = try await self.registry.pipelines(of: self.tenant(context))
            return Response.json(.ok, Page(page, of: pipelines.map(PipelineInfo.init)))
        }
        router.get(":id") { _, context -> Response in
            Response.json(.ok, PipelineInfo(try await self.pipeline(context)))
        }
        router.delete(":id") { request, context -> Response in try await self.delete(request, context) }
        router.get(":id/metrics") { _, context -> Response in
            Response.json(.ok, Metrics(try await self.pipeline(context)))
        }
    }

    func deploy(
        _ body: DeployPipelineRequest,
        for tenant: Tenant
    ) async throws -> (pipeline: RunningPipeline, isNew: Bool) {
        guard (1...256).contains(body.name.utf8.count) else {
            throw WorkerAPIError(.badRequest, "Invalid request body: `name` must have 1 to 256 bytes")
        }
        let id = body.id ?? UUID().uuidString.lowercased()
        guard Identifier.isValid(id) else {
            throw WorkerAPIError(.badRequest, "Invalid request body: `id` must be 1 to 128 of A-Z a-z 0-9 . _ -")
        }
        if let groupID = body.groupID, !(1...256).contains(groupID.utf8.count) {
            throw WorkerAPIError(.badRequest, "Invalid request body: `group_id` must have 1 to 256 bytes")
        }
        if let fault = body.routeFault { throw WorkerAPIError(.badRequest, "Invalid request body: \(fault)") }
        // A place in the cluster is the coordinators' to give; they show the worker's own key.
        guard body.groupID == nil || tenant === self.tenants.own else {
            throw WorkerAPIError(.forbidden, "`group_id` is for the coordinators of this worker")
        }
        let spec = PipelineSpec(
            id: id,
            name: body.name,
            source: body.source,
            groupID: body.groupID,
            epoch: body.epoch ?? 0,
            connectors: body.connectors ?? [],
            outputs: body.outputs,
            inputs: body.inputs,
            replica: body.replica,
            tenantID: tenant === self.tenants.own ? nil : tenant.id
        )
        let program = try self.program(spec)
        let (pipeline, isNew) = try await self.registry.deploy(spec, program, for: tenant)
        // A pipeline whose broker is away keeps trying; the answer then says so.
        _ = await pipeline.progress.becameRunning.value(within: self.configuration.deployWait)
        return (pipeline, isNew)
    }

    /// Checks what a pipeline is to run.
    func program(_ spec: PipelineSpec) throws(PipelineRefusal) -> Program {
        try Program(
            spec,
            clientIDPrefix: self.configuration.clientIDPrefix,
            workDirectory: WorkDirectory(self.configuration.workDirectory)
        )
    }

    private func delete(_ request: Request, _ context: WorkerContext) async throws -> Response {
        let epoch = try Self.epoch(of: request)
        let pipeline = try await self.pipeline(context)
        try await self.end(
            try await self.registry.remove(pipeline.spec.id, epoch: epoch),
            of: self.tenant(context)
        )
        return Response.json(.ok, DeletedResponse())
    }

    /// Ends what the registry gave up. Returns when nothing of it runs any more: it may start elsewhere then.
    func end(_ pipeline: RunningPipeline, of tenant: Tenant) async throws {
        await pipeline.stop()
        tenant.retire(pipeline.progress.counters)
        await self.registry.stopped(pipeline)
    }

    static func page(_ request: Request) throws(WorkerAPIError) -> PageRequest {
        let query = request.uri.queryParameters
        do throws(BodyError) {
            return try PageRequest(limit: query["limit"].map(String.init), offset: query["offset"].map(String.init))
        } catch {
            throw WorkerAPIError(.badRequest, .invalidLimit, error.message)
        }
    }

    /// What one pipeline has done since it started.
    private struct Metrics: Encodable {
        let pipelineID: String
        let eventsProcessed: UInt64
        let outputEventsEmitted: UInt64
        let messagesOfOthers: UInt64
        let messagesRejected: UInt64
        /// By reason.
        let rejections: [String: UInt64]
        /// Strings, arrays and nested values that were cut to what events may have, and events that lost fields.
        let valuesCut: UInt64
        /// How often the program met which of its limits.
        let limitsReached: [String: UInt64]
        let deliveriesFailed: UInt64
        let deadLetters: UInt64
        let connectors: [ConnectorHealth]
        /// About what the program holds of the events so far.
        let heldBytes: Int
        let streams: [Stream]
        /// The stream that holds as much as it may, because of which no events are taken for now.
        let fullStream: String?
        let processorSeconds: Double
        /// The share of one processor that it may use for now; less than it might when it left too little to others.
        let processorShare: Double

        init(_ pipeline: RunningPipeline) {
            let counters = pipeline.progress.counters
            self.pipelineID = pipeline.spec.id
            self.eventsProcessed = counters.eventsIn
            self.outputEventsEmitted = counters.eventsOut
            self.messagesOfOthers = counters.messagesOfOthers
            self.messagesRejected = counters.messagesRejected
            self.rejections = Dictionary(
                uniqueKeysWithValues: counters.rejections.byCode.map { ($0.code.rawValue, $0.count) }
            )
            self.valuesCut = counters.cuts.total
            self.limitsReached = Dictionary(uniqueKeysWithValues: counters.limits.reached.map { ($0.name, $0.count) })
            self.deliveriesFailed = counters.deliveriesFailed
            self.deadLetters = counters.deadLetters
            self.connectors = pipeline.connectorHealth
            self.heldBytes = counters.heldBytes
            self.streams = counters.streamStates.map(Stream.init)
            self.fullStream = counters.fullStream
            self.processorSeconds = pipeline.throttle.ranSeconds
            self.processorShare = pipeline.throttle.share
        }

        enum CodingKeys: String, CodingKey {
            case pipelineID = "pipeline_id"
            case eventsProcessed = "events_processed"
            case outputEventsEmitted = "output_events_emitted"
            case messagesOfOthers = "messages_of_others"
            case messagesRejected = "messages_rejected"
            case rejections
            case valuesCut = "values_cut"
            case limitsReached = "limits_reached"
            case deliveriesFailed = "deliveries_failed"
            case deadLetters = "dead_letters"
            case connectors
            case heldBytes = "held_bytes"
            case streams
            case fullStream = "full_stream"
            case processorSeconds = "cpu_seconds"
            case processorShare = "cpu_share"
        }

        /// What a stream holds of the events so far.
        struct Stream: Encodable {
            let name: String
            let runs: Int
            let keys: Int
            let bytes: Int

            init(_ state: StreamState) {
                self.name = state.name
                self.runs = state.runs
                self.keys = state.keys
                self.bytes = state.bytes
            }
        }
    }
}

extension PipelineInfo {
    init(_ pipeline: RunningPipeline) {
        self.init(
            id: pipeline.spec.id,
            name: pipeline.spec.name,
            status: pipeline.progress.phase.status,
            source: pipeline.spec.source,
            uptimeSeconds: UInt64((ContinuousClock.now - pipeline.startedAt).components.seconds),
            groupID: pipeline.spec.groupID,
            epoch: pipeline.spec.groupID == nil ? nil : pipeline.spec.epoch
        )
    }
}
