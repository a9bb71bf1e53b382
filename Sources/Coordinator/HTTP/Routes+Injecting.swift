import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird
import NIOCore

extension Routes {
    /// Events from outside.
    func addInjecting(to router: RouterGroup<APIContext>) {
        let gate = LeaderGate(plane: self.plane, effect: .elsewhere)
        router.add(middleware: gate).post("pipeline-groups/:id/inject") { request, context -> Response in
            try context.require(.operator)
            let id = GroupID(try context.parameter("id"))
            let event = try await request.body(of: EventBody.self)
            return Response.json(.ok, try await self.inject(event, into: id, context))
        }
    }

    func addBatchInjecting(to router: RouterGroup<APIContext>) {
        let gate = LeaderGate(
            plane: self.plane,
            effect: .elsewhere,
            bytesMax: LeaderGate.batchBytesMax,
            time: .init { _ throws(APIError) in Self.batchTime }
        )
        router.add(middleware: gate).post("pipeline-groups/:id/inject-batch") { request, context -> Response in
            try context.require(.operator)
            let id = GroupID(try context.parameter("id"))
            let body = try await request.jsonBody(upTo: LeaderGate.batchBytesMax)
            return Response.json(.ok, try await self.injectBatch(body, into: id, context))
        }
    }

    private static let batchTime = Duration.seconds(60)
    /// Of the output in a batch's answer, and of one that is kept in the log under the request's name.
    private static let outputBytesMax = 8 << 20
    private static let keptOutputBytesMax = 512 << 10

    private func group(_ id: GroupID, in state: ClusterState) throws(APIError) -> ClusterState.Group {
        guard let group = state.group(id) else { throw .groupNotFound(id.rawValue) }
        return group
    }

    /// Named events go to workers once: whoever finds the mark there does not know whether they arrived.
    private func mark(_ attempt: Attempt?) async throws {
        guard let attempt else { return }
        let mark = Submission(.mark, token: attempt.nextToken())
        if try await self.plane.submit(mark, for: attempt).isRepeated { throw APIError.outcomeUnknown }
    }

    private func inject(_ event: EventBody, into id: GroupID, _ context: APIContext) async throws -> InjectResponse {
        let state = try await self.plane.state()
        let group = try self.group(id, in: state)
        let routing = EventRouting(group, self.plane.turns)
        let pipeline = try routing.pipeline(for: event.eventType)
        let key = pipeline.partitionKey.flatMap { event.fields[$0] }
        let placement = group.placements[try routing.place(in: pipeline, key: key)]
        guard placement.status == .running, let worker = placement.worker, let info = state.worker(worker) else {
            throw APIError.routing("pipeline \(pipeline.name) is not deployed")
        }
        try await self.mark(context.attempt)
        do {
            let answer = try await self.plane.workers.inject(
                event,
                into: placement.pipelineID,
                at: info,
                for: context.requestID
            )
            return InjectResponse(
                routedTo: group.key(of: placement).name,
                workerID: worker.rawValue,
                workerResponse: answer
            )
        } catch {
            var failure = APIError.routing("\(error)")
            if !error.isCertain { failure.body.outcome = .unknown }
            throw failure
        }
    }

    private func injectBatch(
        _ body: ByteBuffer,
        into id: GroupID,
        _ context: APIContext
    ) async throws -> InjectBatchResponse {
        let state = try await self.plane.state()
        let group = try self.group(id, in: state)
        var lanes = EventLanes(EventRouting(group, self.plane.turns))
        var refusal: APIError?
        let text = try InjectBatchRequest.read(Array(buffer: body)) { event in
            guard refusal == nil else { return }
            do throws(APIError) { try lanes.append(event) } catch { refusal = error }
        }
        if let refusal { throw refusal }
        if let text { try lanes.append(text) }
        try await self.mark(context.attempt)
        let injection = BatchInjection(
            group: group,
            state: state,
            workers: self.plane.workers,
            requestID: context.requestID,
            outputBytesMax: context.attempt == nil ? Self.outputBytesMax : Self.keptOutputBytesMax,
            deadline: (context.attempt?.deadline ?? .now + Self.batchTime) - .seconds(2)
        )
        return await injection.send(lanes.lanes)
    }
}
