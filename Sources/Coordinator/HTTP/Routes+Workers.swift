import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird
import Raft
import RaftCore

extension Routes {
    /// Registration, heartbeats, and what is known of workers.
    func addWorkers(to router: RouterGroup<APIContext>) {
        // Not behind the leader's gate: a heartbeat is taken wherever it arrives.
        router.post("workers/:id/heartbeat") { request, context -> Response in
            try await self.heartbeat(request, context)
        }
        let led = router.add(middleware: LeaderGate(plane: self.plane))
        led.post("workers/register") { request, context -> Response in try await self.register(request, context) }
        led.get("workers") { request, context -> Response in
            try context.require(.viewer)
            let state = try await self.state(for: request)
            let reports = self.plane.reports.all
            return Response.json(.ok, Page(try request.page, of: state.workers.map { state.info($0, reports[$0.id]) }))
        }
        led.get("workers/:id") { request, context -> Response in
            try context.require(.viewer)
            let id = WorkerID(try context.parameter("id"))
            let state = try await self.state(for: request)
            guard let worker = state.worker(id) else { throw APIError(.notFound, "Worker not found") }
            return Response.json(.ok, state.info(worker, self.plane.reports.all[id]))
        }
        led.delete("workers/:id") { _, context -> Response in
            try context.require(.admin)
            let id = WorkerID(try context.parameter("id"))
            try await self.plane.propose(
                .deregister(.init(worker: id)),
                for: context.attempt,
                answering: context.attempt?.answer(.ok, DeletedResponse())
            ).check()
            self.plane.reports.forget(id)
            return Response.json(.ok, DeletedResponse())
        }
    }

    private func register(_ request: Request, _ context: APIContext) async throws -> Response {
        try context.require(.operator)
        let body: RegisterRequest = try await request.body(of: RegisterRequest.self)
        guard !body.workerID.isEmpty, body.workerID.utf8.count <= 256 else {
            throw APIError(.badRequest, "Invalid request body: `worker_id` must have 1 to 256 bytes")
        }
        guard body.address.hasPrefix("http://") || body.address.hasPrefix("https://"), body.address.utf8.count <= 512
        else { throw APIError(.badRequest, "Invalid request body: `address` must be an http or https URL") }
        // The coordinator calls workers with its own key. Another one would have to be kept somewhere.
        if let key = self.plane.configuration.apiKey, body.apiKey != key {
            throw APIError(
                .badRequest,
                "Invalid request body: the worker's `api_key` must be the cluster's, with which it is called"
            )
        }
        let id = WorkerID(body.workerID)
        let known = try await self.plane.state().worker(id)
        let incarnation = body.incarnation.map { WorkerIncarnation($0) } ?? WorkerIncarnation(.random(in: 1 ... .max))
        let command = Command.Register(
            worker: id,
            incarnation: incarnation,
            address: Self.withoutTrailingSlash(body.address),
            capacity: .init(cpuCores: body.capacity.cpuCores, pipelinesMax: body.capacity.pipelinesMax),
            replacing: known?.incarnation
        )
        let interval = self.plane.configuration.heartbeatInterval.components.seconds
        let answer = RegisterResponse(
            workerID: body.workerID,
            heartbeatIntervalSeconds: UInt32(clamping: max(1, interval)),
            leaseMilliseconds: self.leaseMilliseconds
        )
        try await self.plane.propose(
            .register(command),
            for: context.attempt,
            answering: context.attempt?.answer(.created, answer)
        ).check()
        self.plane.reports.note(
            HeartbeatRequest(
                eventsProcessed: 0,
                pipelinesRunning: body.capacity.pipelinesRunning,
                incarnation: incarnation.rawValue
            ),
            from: id
        )
        self.plane.attention.call()
        return .json(.created, answer)
    }

    /// Two thirds of the time after which a silent worker is lost, so that it has fallen silent itself before that.
    private var leaseMilliseconds: UInt32 {
        UInt32(clamping: Int(self.plane.configuration.heartbeatTimeout * 2 / 3 / .milliseconds(1)))
    }

    private func heartbeat(_ request: Request, _ context: APIContext) async throws -> Response {
        try context.require(.operator)
        let id = WorkerID(try context.parameter("id"))
        let body = try await request.body(of: HeartbeatRequest.self)
        let known = await self.plane.node.local().machine.state.worker(id)
        // A worker that this member does not know may be one that has not reached it yet; the leader can tell.
        guard known != nil || self.plane.isLeader else {
            return try await LeaderGate(plane: self.plane, effect: .none).handle(
                request.with(body),
                context: context
            ) { _, _ -> Response in throw Unsettled.nothingDone }
        }
        guard let known else { throw APIError(.notFound, "Worker not found") }
        // Another process has taken the id over: this one must register again, and will learn what is not its any more.
        if let incarnation = body.incarnation, incarnation != known.incarnation.rawValue {
            throw APIError(.notFound, "Worker not found: another process has registered as \(id)")
        }
        if self.plane.isLeader {
            self.plane.reports.note(body, from: id)
            self.plane.attention.call()
        } else {
            self.plane.relay.add(body, from: id)
        }
        return Response.json(.ok, HeartbeatResponse())
    }

    private static func withoutTrailingSlash(_ address: String) -> String {
        address.hasSuffix("/") ? String(address.dropLast()) : address
    }
}
