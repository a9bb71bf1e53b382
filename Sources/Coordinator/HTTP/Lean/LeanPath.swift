import ClusterState
import HTTPTypes
import Logging
import NIOCore
import Raft
import RaftCore
import RaftTransport

/// Carries out the requests that come often on the event loop they came in on: bytes in, bytes out, no task, and no
/// hop where the loop is the node's own. Also those that followers pass on.
///
/// It decides nothing by itself. What a request may do and what it is answered is in its `Endpoint`; a request that is
/// in any way unusual, or that has to wait for a leader, is left to the router, which has the patience.
struct LeanPath: Sendable {
    let plane: ControlPlane
    let table: LeanTable

    typealias Work = LeanTable.Work

    enum Outcome: Sendable {
        case answered(Answer)
        /// By the leader, in another member's words.
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
        let consensus = self.plane.node.status.consensus
        // Every member serves reads.
        if work.endpoint.method == .get || consensus.role == .leader { return self.begin(work, body, on: loop, done) }
        guard let leader = consensus.leader, leader != consensus.id else { return done(.left) }
        let request = ForwardedRequest(
            role: work.role,
            method: work.endpoint.method.rawValue,
            path: work.target,
            contentType: work.contentType ?? "",
            body: body
        )
        self.plane.node.call(leader, request.encoded(), timeout: LeaderGate.callTimeout, from: loop) { result in
            switch LeaderGate.settle(result, isRead: false) {
            case .success(let response): done(.relayed(response))
            case .failure(let error): done(self.outcome(error))
            }
        }
    }

    /// Takes a request that another member passed on, or leaves it to `otherwise`.
    func take(_ call: PeerCall, _ otherwise: @escaping @Sendable (PeerCall) -> Void) {
        guard let request = ForwardedRequest(call.body), let method = HTTPRequest.Method(rawValue: request.method),
            let work = self.table.work(
                method,
                request.path,
                request.contentType.isEmpty ? nil : request.contentType,
                in: request.role,
                bodyByteCount: request.body.readableBytes
            ),
            self.plane.node.status.consensus.role == .leader
        else { return otherwise(call) }
        self.begin(work, request.body, on: call.eventLoop) { outcome in
            switch outcome {
            case .answered(let answer): call.answer(ForwardedResponse(answer).encoded())
            case .relayed, .left: otherwise(call)
            }
        }
    }

    private func begin(
        _ work: Work,
        _ body: ByteBuffer,
        on loop: any EventLoop,
        _ done: @escaping @Sendable (Outcome) -> Void
    ) {
        self.goOn(work, on: loop, done) { try work.endpoint.begin(Endpoint.Ask(name: work.name, body: body)) }
    }

    private func goOn(
        _ work: Work,
        dated staleness: Staleness? = nil,
        on loop: any EventLoop,
        _ done: @escaping @Sendable (Outcome) -> Void,
        with step: () throws -> Exchange
    ) {
        do {
            switch try step() {
            case .answer(var answer):
                answer.fields += staleness?.fields ?? []
                done(.answered(answer))
            case .read(let next) where work.isStale:
                self.plane.node.local(from: loop) { local in
                    let staleness = Staleness(index: local.index, staleness: local.staleness)
                    self.goOn(work, dated: staleness, on: loop, done) { try next(local.machine.state) }
                }
            case .read(let next):
                self.plane.node.read(timeout: ControlPlane.readTimeout, from: loop) { result in
                    guard case .success(let applied) = result else { return done(.left) }
                    self.goOn(work, on: loop, done) { try next(applied.machine.state) }
                }
            case .write(let command, let next):
                let timeout = ControlPlane.proposalTimeout
                self.plane.node.propose(command.encoded(), timeout: timeout, from: loop) { result in
                    self.goOn(work, on: loop, done) { try next(try self.plane.settle(command, result)) }
                }
            }
        } catch {
            done(self.outcome(error))
        }
    }

    private func outcome(_ error: any Error) -> Outcome {
        if error is TryAgain { return .left }
        if let refusal = APIError(error) { return .answered(refusal.answer) }
        self.plane.logger.error("request failed", metadata: ["error": "\(error)"])
        return .answered(APIError.unexpected.answer)
    }
}
