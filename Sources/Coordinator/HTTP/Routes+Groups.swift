import ClusterAPI
import ClusterControl
import ClusterState
import HTTPTypes
import Hummingbird
import OpenSSL
import Raft
import RaftCore
import VPL

extension Routes {
    /// How long a deploy waits for its pipelines to run before it says how far they are.
    static let deployPatience = Duration.seconds(8)

    func addGroups(to router: RouterGroup<APIContext>) {
        router.post("validate") { request, context -> Response in
            try context.require(.viewer)
            let body = try await request.body(of: ValidateRequest.self)
            let connectors = await self.plane.node.local().machine.state.connectors
            let findings = ProgramCheck.diagnostics(of: body.source, connectors: connectors)
            return .json(
                .ok,
                ValidateResponse(valid: !findings.contains { $0.severity == .error }, diagnostics: findings)
            )
        }
        let led = router.add(middleware: LeaderGate(plane: self.plane, readsAnywhere: true))
        led.post("pipeline-groups") { request, context -> Response in
            try context.require(.operator)
            let spec = try await request.body(of: PipelineGroupSpec.self)
            return Response.json(.created, try await self.deploy(spec, for: context.attempt))
        }
        led.get("pipeline-groups") { request, context -> Response in
            try context.require(.viewer)
            let state = try await self.state(for: request)
            return Response.json(.ok, Page(try request.page, of: state.groups.map(state.info)))
        }
        led.get("pipeline-groups/:id") { request, context -> Response in
            try context.require(.viewer)
            let id = GroupID(try context.parameter("id"))
            let state = try await self.state(for: request)
            guard let group = state.group(id) else { throw APIError(.notFound, "Pipeline group not found") }
            return Response.json(.ok, state.info(group))
        }
        led.delete("pipeline-groups/:id") { _, context -> Response in
            try context.require(.admin)
            let id = GroupID(try context.parameter("id"))
            try await self.plane.propose(
                .deleteGroup(.init(group: id)),
                for: context.attempt,
                answering: context.attempt?.answer(.ok, TornDownResponse())
            ).check()
            return Response.json(.ok, TornDownResponse())
        }
    }

    func addInjecting(to router: RouterGroup<APIContext>) {
        let gated = router.add(middleware: LeaderGate(plane: self.plane, effect: .elsewhere))
        gated.post("pipeline-groups/:id/inject") { request, context -> Response in
            try context.require(.operator)
            let id = GroupID(try context.parameter("id"))
            let event = try await request.body(of: EventBody.self)
            return Response.json(.ok, try await self.inject(event, into: id, for: context.attempt))
        }
    }

    // MARK: Deploying

    /// Everything that can be refused is refused before anything is logged; what is committed will be carried out,
    /// by this leader or the next.
    private func deploy(_ spec: PipelineGroupSpec, for attempt: Attempt?) async throws -> PipelineGroupInfo {
        let state = try await self.plane.state()
        let desired = spec.state
        if let fault = desired.fault { throw APIError(.badRequest, "Invalid request body: \(fault)") }
        if let existing = state.group(named: desired.name) {
            guard existing.spec == desired else { return try self.refuse(existing) }
            return try await self.settled(existing.id, for: attempt)
        }
        for pipeline in spec.pipelines { try self.checkProgram(pipeline, state) }

        var planner = PlacementPlanner(state: state)
        guard let plan = planner.plan(desired) else {
            throw APIError(
                .serviceUnavailable,
                .noWorkersAvailable,
                "No workers available for deployment",
                retryAfterSeconds: 1
            )
        }
        let id = GroupID(try Self.newGroupID())
        let answer = try await self.plane.propose(
            .deployGroup(.init(group: id, spec: desired, workers: plan.workers)),
            for: attempt
        )
        try answer.check()
        guard case .group(let stored, _) = answer else {
            throw APIError(.internalServerError, "Internal server error")
        }
        return try await self.settled(stored, for: attempt)
    }

    private func refuse(_ existing: ClusterState.Group) throws -> PipelineGroupInfo {
        try StateResponse.refused(.groupExists(existing.id)).check()
        throw APIError(.conflict, .groupExists, "Another pipeline group has this name")
    }

    private func checkProgram(_ pipeline: PipelineSpec, _ state: ClusterState) throws(APIError) {
        let findings = ProgramCheck.diagnostics(of: pipeline.source, connectors: state.connectors)
        let errors = findings.filter { $0.severity == .error }
        guard let first = errors.first else { return }
        var error = APIError(
            .badRequest,
            .parseError,
            "Pipeline \(pipeline.name), line \(first.line), column \(first.column): \(first.message)"
        )
        error.body.diagnostics = errors
        throw error
    }

    /// The group once all its pipelines run or have failed, or as it is when the patience is at its end.
    private func settled(_ id: GroupID, for attempt: Attempt?) async throws -> PipelineGroupInfo {
        var deadline = ContinuousClock.now + Self.deployPatience
        // The answer has a way to go.
        if let attempt { deadline = min(deadline, attempt.deadline - .seconds(1)) }
        while true {
            let local = await self.plane.node.local()
            guard let group = local.machine.state.group(id) else { throw APIError.groupNotFound(id.rawValue) }
            let left = deadline - .now
            let isSettled = group.placements.allSatisfy { $0.status == .running || $0.status.isFailure }
            if isSettled || left <= .zero { return local.machine.state.info(group) }
            do throws(ReadError) {
                try await self.plane.node.applied(beyond: local.index, waiting: left)
            } catch {
                return local.machine.state.info(group)  // too many wait; the group is deployed all the same
            }
        }
    }

    /// A random UUID (version 4).
    private static func newGroupID() throws -> String {
        var bytes = try SecureRandom.bytes(16)
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }

    // MARK: Injecting

    private func inject(_ event: EventBody, into id: GroupID, for attempt: Attempt?) async throws -> InjectResponse {
        let state = try await self.plane.state()
        guard let group = state.group(id) else { throw APIError.groupNotFound(id.rawValue) }
        let target = group.spec.routes.first { $0.matches(event.eventType) }.map { PipelineName($0.to) }
        guard let pipeline = target ?? group.spec.pipelines.first?.name else {
            throw APIError.routing("the group has no pipelines")
        }
        let replicas = group.placements.filter { $0.pipeline == pipeline }
        let key = group.spec.pipeline(pipeline)?.partitionKey.flatMap { event.fields[$0] }
        guard !replicas.isEmpty else { throw APIError.routing("pipeline \(pipeline) is not deployed") }
        let place = ReplicaHash.replica(for: key, of: replicas.count)
        let placement = replicas[place]
        guard placement.status == .running, let worker = placement.worker, let info = state.worker(worker) else {
            throw APIError.routing("pipeline \(pipeline) is not deployed")
        }
        // A named event goes to the worker once: whoever finds the mark there does not know whether it arrived.
        if let attempt {
            let mark = Submission(.mark, token: attempt.nextToken())
            if try await self.plane.submit(mark, for: attempt).isRepeated { throw APIError.outcomeUnknown }
        }
        do {
            let answer = try await self.plane.workers.inject(event, into: placement.pipelineID, at: info.address)
            return InjectResponse(
                routedTo: group.key(of: placement).name,
                workerID: worker.rawValue,
                workerResponse: answer
            )
        } catch {
            var failure = APIError.routing("\(error)")
            if error.status ?? 504 == 504 { failure.body.outcome = .unknown }
            throw failure
        }
    }
}

extension ClusterState.Route {
    /// Exact names, a prefix before a trailing `*`, or `*` alone.
    fileprivate func matches(_ eventType: String) -> Bool {
        self.eventTypes.contains { pattern in
            pattern.hasSuffix("*") ? eventType.hasPrefix(pattern.dropLast()) : eventType == pattern
        }
    }
}
