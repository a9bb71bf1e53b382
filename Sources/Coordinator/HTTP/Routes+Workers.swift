import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird
import OpenSSL
import Raft
import RaftCore
import Security

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
            let assigned = state.assignedPipelines
            return Response.json(
                .ok,
                Page(try request.page, of: state.workers) { state.info($0, reports[$0.id], assigned: assigned) }
            )
        }
        led.get("workers/:id") { request, context -> Response in
            try context.require(.viewer)
            let id = WorkerID(try context.parameter("id"))
            let state = try await self.state(for: request)
            guard let worker = state.worker(id) else { throw APIError(.notFound, "Worker not found") }
            return Response.json(.ok, state.info(worker, self.plane.reports.all[id]))
        }
        // Sessions begin with an upgrade, which does not come here.
        router.get("ws") { _, _ -> Response in
            throw APIError(.upgradeRequired, "Workers open a WebSocket here")
        }
        led.delete("workers/:id") { request, context -> Response in
            let incarnation = try request.incarnation
            // Only the worker itself knows its incarnation: who names it may say that it goes.
            try context.require(incarnation == nil ? .admin : .operator)
            let id = WorkerID(try context.parameter("id"))
            if let known = await self.plane.node.local().machine.state.worker(id) {
                try context.require(speaking: known)
            }
            try await self.plane.propose(
                .deregister(.init(worker: id, incarnation: incarnation)),
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
        let address = try WorkerAddress(body.address)
        let id = WorkerID(body.workerID)
        let hasOwnKey =
            self.plane.configuration.apiKey.map { !constantTimeEqual(Array($0.utf8), Array(body.apiKey.utf8)) } ?? false
        guard !hasOwnKey || KeyText.isValid(body.apiKey) else {
            throw APIError(
                .badRequest,
                "Invalid request body: `api_key` must be printable ASCII without blanks, "
                    + "\(KeyText.byteCountMax) bytes at most"
            )
        }
        let known = try await self.plane.state().worker(id)
        // The state lets in whoever comes where no replicated key holds the id; this may be an admin's worker.
        if let known, known.key == nil { try context.require(speaking: known) }
        let incarnation = body.incarnation.map { WorkerIncarnation($0) } ?? WorkerIncarnation(.random(in: 1 ... .max))
        let command = Command.Register(
            worker: id,
            incarnation: incarnation,
            address: address.text,
            capacity: .init(cpuCores: body.capacity.cpuCores, pipelinesMax: body.capacity.pipelinesMax),
            replacing: known?.incarnation,
            labels: Labels(body.labels ?? [:]),
            key: context.caller?.key,
            takesOver: context.role == .admin,
            sealedKey: hasOwnKey ? try self.plane.secrets.seal(key: body.apiKey, of: id) : nil
        )
        let terms = self.plane.sessionTerms(await self.plane.node.local().machine.state)
        let answer = RegisterResponse(
            workerID: body.workerID,
            heartbeatIntervalSeconds: terms.heartbeatIntervalSeconds,
            leaseMilliseconds: terms.leaseMilliseconds
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

    private func heartbeat(_ request: Request, _ context: APIContext) async throws -> Response {
        try context.require(.operator)
        let id = WorkerID(try context.parameter("id"))
        var body = try await request.body(of: HeartbeatRequest.self)
        let known = await self.plane.node.local().machine.state.worker(id)
        // A process that this member does not know may be one that has not reached it yet; the leader can tell.
        let isKnown = known.map { $0.incarnation.rawValue == body.incarnation ?? $0.incarnation.rawValue } ?? false
        guard isKnown || self.plane.isLeader else {
            return try await LeaderGate(plane: self.plane, effect: .none).handle(
                request.with(body),
                context: context
            ) { _, _ -> Response in throw Unsettled.nothingDone }
        }
        guard let known else { throw APIError(.notFound, "Worker not found") }
        try context.require(speaking: known)
        // Another process has taken the id over: this one must register again, and will learn what is not its any more.
        if let incarnation = body.incarnation, incarnation != known.incarnation.rawValue {
            throw APIError(.notFound, "Worker not found: another process has registered as \(id)")
        }
        // Whom it is from is settled here: it may be passed on to a leader that knows another process by now.
        body.incarnation = known.incarnation.rawValue
        let isConfirmed = await self.plane.hear(body, from: id)
        // Read once the leader has confirmed the worker: what it may rely on is what holds since then.
        let terms = self.plane.sessionTerms(await self.plane.node.local().machine.state)
        return Response.json(
            .ok,
            HeartbeatResponse(confirmed: isConfirmed, leaseMilliseconds: terms.leaseMilliseconds)
        )
    }
}

extension Request {
    /// The worker's process that a request names in its query, if it names one.
    fileprivate var incarnation: WorkerIncarnation? {
        get throws(APIError) {
            guard let text = self.uri.queryParameters["incarnation"] else { return nil }
            guard let number = UInt64(text) else {
                throw APIError(.badRequest, "The query's `incarnation` is not a number")
            }
            return WorkerIncarnation(number)
        }
    }
}
