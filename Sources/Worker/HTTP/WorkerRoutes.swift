import ClusterAPI
import Engine
import HTTPTypes
import Hummingbird
import NIOCore

/// The worker's HTTP API.
struct WorkerRoutes: Sendable {
    let registry: PipelineRegistry
    let tenants: TenantRegistry
    let readiness: Readiness
    let security: WorkerSecurity
    let configuration: WorkerConfiguration
    let startedAt = ContinuousClock.now

    /// The size of a deploy or an event.
    static let bodyBytesMax = 1 << 20
    /// The size of a batch of events in one document.
    static let batchBytesMax = 16 << 20
    /// What such batches take in memory together, before others wait.
    let bodies = ByteBudget(bytes: 256 << 20)

    /// - Parameter paths: Gets to know the paths that are served.
    func router(paths: KnownPaths = KnownPaths()) -> Router<WorkerContext> {
        let router = Router(context: WorkerContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RefusalGate(security: self.security))
        router.add(middleware: ErrorGate(paths: paths))
        router.add(middleware: self.originGate)
        router.add(middleware: self.gate)
        let table = WorkerRouteTable(router, paths)
        self.addProbes(to: table)
        self.addMetrics(to: table)
        self.addDocument(to: table)
        self.addSocket(to: table, self.gate)
        self.addUsage(to: table.group("api/v1"))
        self.addTenants(to: table.group("api/v1/tenants"))
        let pipelines = table.group("api/v1/pipelines")
        self.addPipelines(to: pipelines)
        self.addReload(to: pipelines)
        self.addEvents(to: pipelines)
        self.addLogs(to: pipelines)
        self.addTrace(to: pipelines)
        return router
    }

    var originGate: OriginGate { OriginGate(isOpen: self.configuration.apiKey == nil) }

    var gate: KeyGate {
        KeyGate(apiKey: self.configuration.apiKey.map { Array($0.utf8) }, tenants: self.tenants)
    }

    /// The caller's own pipeline that the path names; those of others are not there for it.
    func pipeline(_ context: WorkerContext) async throws -> RunningPipeline {
        let id = try self.id(context)
        guard let pipeline = await self.registry.pipeline(id), pipeline.spec.belongs(to: try self.tenant(context))
        else { throw WorkerAPIError.pipelineNotFound(id) }
        return pipeline
    }

    /// Set by the gate for every path that needs a key; who came past it without one gets nowhere.
    func tenant(_ context: WorkerContext) throws(WorkerAPIError) -> Tenant {
        guard let tenant = context.tenant else {
            throw WorkerAPIError(.unauthorized, .invalidAPIKey, "Invalid or missing API key")
        }
        return tenant
    }

    func id(_ context: WorkerContext) throws -> String {
        guard let id = context.parameters.get("id"), !id.isEmpty else {
            throw WorkerAPIError(.badRequest, "The path lacks an id")
        }
        return id
    }
}

extension Request {
    /// The body's bytes. Only JSON is understood; a request that does not say what it sends is taken at its word.
    func jsonBytes(upTo bytesMax: Int = WorkerRoutes.bodyBytesMax) async throws -> ByteBuffer {
        try self.checkIsJSON()
        return try await self.body.collect(upTo: bytesMax)
    }

    func checkIsJSON() throws(WorkerAPIError) {
        if let contentType = self.headers[.contentType], !contentType.lowercased().hasPrefix("application/json") {
            throw WorkerAPIError(.unsupportedMediaType, "The body must be application/json")
        }
    }

    /// The body's bytes, put together once.
    func bytes(upTo bytesMax: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self.body {
            guard bytes.count + chunk.readableBytes <= bytesMax else { throw NIOTooManyBytesError(maxBytes: bytesMax) }
            if bytes.isEmpty { bytes.reserveCapacity(min(bytesMax, 1 << 20) + BatchPipeline.paddingBytes) }
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        return bytes
    }
}
