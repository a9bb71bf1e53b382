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
    let gate: Gate
    let endpoints: [Endpoint]
    /// A larger body is left to the router.
    static let bodyBytesMax = 64 << 10

    init(_ plane: ControlPlane, _ gate: Gate) {
        self.plane = plane
        self.gate = gate
        self.endpoints = ConnectorEndpoints(secrets: plane.secrets).all
    }

    /// A request that the lean path may carry out.
    struct Work: Sendable {
        var endpoint: Endpoint
        var role: Role
        var target: String
        var name: String
        var isStale: Bool
        var contentType: String?
    }

    enum Outcome: Sendable {
        case answered(Answer)
        /// By the leader, in another member's words.
        case relayed(ForwardedResponse)
        /// Nothing was done; the router is to do it.
        case left
    }

    // MARK: Which

    func work(for head: RequestHead) -> Work? {
        guard head.isPlain, head.bodyByteCount <= Self.bodyBytesMax, let role = self.gate.role(showing: head.key) else {
            return nil
        }
        return self.work(head.method, head.target, head.contentType, in: role, bodyByteCount: head.bodyByteCount)
    }

    private func work(
        _ method: HTTPRequest.Method,
        _ target: String,
        _ contentType: String?,
        in role: Role,
        bodyByteCount: Int
    ) -> Work? {
        guard contentType == nil || contentType == "application/json" else { return nil }
        let prefix = "/\(Routes.prefix)/"
        guard target.utf8.starts(with: prefix.utf8) else { return nil }
        var path = target.utf8.dropFirst(prefix.utf8.count)
        var isStale = false
        if let mark = path.firstIndex(of: UInt8(ascii: "?")) {
            guard method == .get, path[mark...].elementsEqual("?consistency=stale".utf8) else { return nil }
            isStale = true
            path = path[..<mark]
        }
        let parts = path.split(separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false)
        let isNamed = parts.count == 2
        guard parts.count == 1 || isNamed, let collection = parts.first,
            let endpoint = self.endpoints.first(where: {
                $0.isNamed == isNamed && $0.method == method && $0.collection.utf8.elementsEqual(collection)
            }),
            role >= endpoint.least, endpoint.takesBody == (bodyByteCount > 0),
            let name = isNamed ? String(parts[1]) : "", !isNamed || Self.isPlain(name)
        else { return nil }
        return Work(
            endpoint: endpoint,
            role: role,
            target: target,
            name: name,
            isStale: isStale,
            contentType: contentType
        )
    }

    /// Whether the part of a path stands for itself, in every reading.
    private static func isPlain(_ part: String) -> Bool {
        !part.isEmpty
            && part.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    // MARK: How

    /// `done` is called once, on `loop`.
    func carryOut(
        _ work: Work,
        _ body: ByteBuffer,
        on loop: any EventLoop,
        _ done: @escaping @Sendable (Outcome) -> Void
    ) {
        let consensus = self.plane.node.status.consensus
        if work.isStale || consensus.role == .leader { return self.begin(work, body, on: loop, done) }
        guard let leader = consensus.leader, leader != consensus.id else { return done(.left) }
        let request = ForwardedRequest(
            role: work.role,
            method: work.endpoint.method.rawValue,
            path: work.target,
            contentType: work.contentType ?? "",
            body: body
        )
        self.plane.node.call(leader, request.encoded(), timeout: LeaderGate.callTimeout, from: loop) { result in
            switch LeaderGate.settle(result, isRead: work.endpoint.method == .get) {
            case .success(let response): done(.relayed(response))
            case .failure(let error): done(self.outcome(error))
            }
        }
    }

    /// Takes a request that another member passed on. False if it is none for the lean path.
    func take(_ call: PeerCall, _ otherwise: @escaping @Sendable (PeerCall) -> Void) {
        guard let request = ForwardedRequest(call.body), let method = HTTPRequest.Method(rawValue: request.method),
            let work = self.work(
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
