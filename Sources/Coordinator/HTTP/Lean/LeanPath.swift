import ClusterState
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Raft
import RaftCore
import RaftSessions
import RaftTransport

/// Carries out the requests that come often on the event loop they came in on: bytes in, bytes out, no task, and no
/// hop where the loop is the node's own. Also those that followers pass on.
///
/// It decides nothing by itself. What a request may do and what it is answered is in its `Endpoint`; a request that is
/// in any way unusual, or that has to wait or to be tried again, is left to the router, which has the patience.
final class LeanPath: Sendable {
    let plane: ControlPlane
    let table: LeanTable
    /// The router.
    let general: @Sendable (Request, APIContext) async throws -> Response

    init(
        plane: ControlPlane,
        table: LeanTable,
        general: @escaping @Sendable (Request, APIContext) async throws -> Response
    ) {
        self.plane = plane
        self.table = table
        self.general = general
    }

    typealias Work = LeanTable.Work

    enum Outcome: Sendable {
        case answered(Answer)
        /// In the words of the leader, or of the router.
        case relayed(ForwardedResponse)
        /// Nothing was done; the router is to do it.
        case left
    }

    /// `done` is called once, on `loop`.
    func carryOut(
        _ work: Work,
        _ body: ByteBuffer,
        on loop: any EventLoop,
        _ done: @escaping @Sendable (Outcome) -> Void
    ) {
        // Every member serves reads.
        if work.endpoint.method == .get {
            return self.begin(work, body, for: nil, on: loop) { done(self.outcome(of: $0.map { .answered($0) })) }
        }
        let leadership = self.plane.node.leadership
        guard let leader = leadership.leader, let ticket = self.plane.session.ticketAtOnce() else { return done(.left) }
        let stamp = ticket.stamp
        let passage = Passage(
            origin: .session(stamp),
            deadline: .now + LeaderGate.deadline,
            isRepeated: false
        )
        if leadership.isOwn {
            let attempt = Attempt(.session(stamp), deadline: passage.deadline)
            return self.begin(work, body, for: attempt, on: loop) { result in
                let result = result.map { Outcome.answered($0) }
                self.finish(result, ForwardedRequest(work, passage, body), ticket, on: loop, done)
            }
        }
        let request = ForwardedRequest(work, passage, body)
        self.plane.node.call(leader: leader, request.encoded(), timeout: LeaderGate.deadline, from: loop) { word in
            let result = Result { Outcome.relayed(try LeaderGate.settle(word, effect: .logged)) }
            self.finish(result, request, ticket, on: loop, done)
        }
    }

    /// Takes a request that another member passed on, or leaves it to `otherwise`.
    func take(_ call: PeerCall, _ otherwise: (PeerCall) -> Void) {
        guard let request = ForwardedRequest(call.body), let work = self.table.work(for: request),
            self.plane.isLeader
        else { return otherwise(call) }
        let attempt = request.passage.origin.map { Attempt($0, deadline: request.passage.deadline) }
        self.begin(work, request.body, for: attempt, on: call.eventLoop) { result in
            switch self.outcome(of: result.map { .answered($0) }) {
            case .answered(let answer): call.answer(ForwardedAnswer.response(ForwardedResponse(answer)).encoded())
            case .relayed(let response): call.answer(ForwardedAnswer.response(response).encoded())
            case .left:
                let reason = if case .failure(let error as Unsettled) = result { error } else { Unsettled.nothingDone }
                call.answer(ForwardedAnswer.unsettled(reason).encoded())
            }
        }
    }

    // MARK: Steps

    private func begin(
        _ work: Work,
        _ body: ByteBuffer,
        for attempt: Attempt?,
        on loop: any EventLoop,
        _ done: @escaping @Sendable (Result<Answer, any Error>) -> Void
    ) {
        self.goOn(work, for: attempt, on: loop, done) {
            try work.endpoint.begin(Endpoint.Ask(name: work.name, body: body))
        }
    }

    private func goOn(
        _ work: Work,
        for attempt: Attempt?,
        dated staleness: Staleness? = nil,
        on loop: any EventLoop,
        _ done: @escaping @Sendable (Result<Answer, any Error>) -> Void,
        with step: () throws -> Exchange
    ) {
        do {
            switch try step() {
            case .answer(var answer):
                if let staleness { answer.fields += staleness.fields }
                if answer.status.code < 300 { answer.index = attempt?.index?.rawValue }
                done(.success(answer))
            case .read(let next) where work.consistency == .stale:
                self.plane.node.local(from: loop) { local in
                    let staleness = Staleness(index: local.index, staleness: local.staleness)
                    self.goOn(work, for: attempt, dated: staleness, on: loop, done) { try next(local.machine.state) }
                }
            case .read(let next):
                self.plane.node.read(work.consistency.mode, timeout: ControlPlane.readTimeout, from: loop) { result in
                    self.goOn(work, for: attempt, on: loop, done) {
                        try next(result.mapError(\.consequence).get().machine.state)
                    }
                }
            case .write(let command, _, let next):
                // Only requests that have names keep their answers, and those are the router's.
                let submission = Submission(.command(command), token: attempt?.nextToken())
                let timeout = try self.plane.timeout(for: attempt)
                let concernsPlacements = command.concernsPlacements
                self.plane.node.propose(submission.encoded(), timeout: timeout, from: loop) { result in
                    self.goOn(work, for: attempt, on: loop, done) {
                        let receipt = try self.plane.settle(result, for: attempt)
                        return try next(self.plane.applied(receipt, concernsPlacements: concernsPlacements))
                    }
                }
            }
        } catch {
            done(.failure(attempt.map { Execution.settled(error, $0, self.plane.logger) } ?? error))
        }
    }

    // MARK: Ends

    private func outcome(of result: Result<Outcome, any Error>) -> Outcome {
        switch result {
        case .success(let outcome): return outcome
        case .failure(is Unsettled): return .left
        case .failure(let error):
            if let refusal = APIError(error) { return .answered(refusal.answer) }
            self.plane.logger.error("request failed", metadata: ["error": "\(error)"])
            return .answered(APIError.unexpected.answer)
        }
    }

    /// The first try of a write is over.
    private func finish(
        _ result: Result<Outcome, any Error>,
        _ request: @autoclosure () -> ForwardedRequest,
        _ ticket: ProcessSession.Ticket,
        on loop: any EventLoop,
        _ done: @escaping @Sendable (Outcome) -> Void
    ) {
        switch result {
        case .failure(Unsettled.undecided):
            // It may have taken effect: the router goes on with the same number. The connection waits for it.
            let request = request()
            Task {
                let outcome = await self.goOn(request, ticket)
                loop.execute { done(outcome) }
            }
            return
        case .failure(Unsettled.sessionLost):
            self.plane.session.lost(ticket)
        case .success, .failure:
            break
        }
        ticket.close()
        done(self.outcome(of: result))
    }

    private func goOn(_ request: ForwardedRequest, _ ticket: ProcessSession.Ticket) async -> Outcome {
        guard let general = request.request else { return .left }
        let context = APIContext(continuing: ticket, for: request.caller, logger: self.plane.logger)
        do {
            return .relayed(try await ForwardedResponse(try await self.general(general, context)))
        } catch {
            return self.outcome(of: .failure(error))
        }
    }
}
