import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird
import Raft
import RaftCore

extension Routes {
    /// The time that pipelines have to leave where nobody says otherwise, and the longest that may be asked for.
    static let drainSeconds: UInt32 = 30
    static let drainSecondsMax: UInt32 = 600

    func addDrains(to router: RouterGroup<APIContext>) {
        let time = LeaderGate.TimeAllowed { request throws(APIError) in
            .seconds(Int(Self.drainSecondsMax) + 10)
        }
        let led = router.add(middleware: LeaderGate(plane: self.plane, time: time))
        led.post("workers/:id/drain") { request, context -> Response in
            try context.require(.operator)
            let id = WorkerID(try context.parameter("id"))
            let body = try await request.bodyIfAny(of: DrainRequest.self) ?? DrainRequest()
            return .json(.ok, try await self.drain(id, body, for: context.attempt))
        }
        led.delete("workers/:id/drain") { _, context -> Response in
            try context.require(.operator)
            let id = WorkerID(try context.parameter("id"))
            try await self.plane.propose(.cancelDrain(.init(worker: id)), for: context.attempt).check()
            let state = await self.plane.node.local().machine.state
            guard let worker = state.worker(id) else { throw APIError.workerNotFound(id.rawValue) }
            return .json(.ok, state.info(worker, self.plane.reports.all[id]))
        }
    }

    /// Has a worker emptied, and waits until it is or the time is up. The wish stays in either case.
    private func drain(_ id: WorkerID, _ body: DrainRequest, for attempt: Attempt?) async throws -> DrainResponse {
        let seconds = min(body.timeoutSeconds ?? Self.drainSeconds, Self.drainSecondsMax)
        let before = try await self.plane.state()
        guard let worker = before.worker(id) else { throw APIError.workerNotFound(id.rawValue) }
        let command = Command.StartDrain(
            worker: id,
            incarnation: body.incarnation.map { WorkerIncarnation($0) } ?? worker.incarnation,
            deadlineMilliseconds: before.time + UInt64(seconds) * 1_000
        )
        try await self.plane.propose(.startDrain(command), for: attempt).check()
        let end = ContinuousClock.now + .seconds(Int(seconds))
        while true {
            let local = await self.plane.node.local()
            // Gone means: it has registered no more, and nothing is assigned to it.
            let now = local.machine.state.worker(id)
            let left = Int(now?.assignedCount ?? 0)
            let isOver = now == nil || now?.status == .drained || now?.drain?.phase != .moving
            let wait = end - .now
            if isOver || wait <= .zero {
                return DrainResponse(
                    workerID: id.rawValue,
                    pipelinesMigrated: max(0, Int(worker.assignedCount) - left),
                    status: left == 0 ? "drained" : "draining",
                    pipelinesLeft: left
                )
            }
            do throws(ReadError) {
                try await self.plane.node.applied(beyond: local.index, waiting: wait)
            } catch {
                throw APIError.overloaded
            }
        }
    }
}

extension Request {
    /// The body, if the caller sent one.
    func bodyIfAny<Body: Decodable>(of type: Body.Type) async throws -> Body? {
        let body = try await self.jsonBody()
        return body.readableBytes == 0 ? nil : try APIJSON.decode(type, from: body.readableBytesView)
    }
}
