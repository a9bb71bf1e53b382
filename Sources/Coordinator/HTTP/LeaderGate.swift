import HTTPTypes
import Hummingbird
import NIOCore
import Raft
import RaftCore
import RaftSessions
import RaftTransport

/// Brings a request to the leader: carries it out here if this member leads, passes it on otherwise, one hop and no more.
///
/// While there is no leader, a request that certainly did nothing waits for one, up to two seconds; then the answer is
/// 421. A write has a token (a number in this process's session, or the sender's name for it), by which it may be tried
/// at one leader after the other until the sender's deadline, and takes effect once; if even then nobody knows what
/// became of it, the answer says so (504, `"outcome": "unknown"`).
struct LeaderGate: RouterMiddleware {
    /// What a request does that reaches its end.
    enum Effect {
        /// Nothing that a second time would not do as well.
        case none
        /// Commands in the log.
        case logged
        /// Something that no token can undo or find out.
        case elsewhere
    }

    let plane: ControlPlane
    /// Of the requests that are not `GET`.
    var effect = Effect.logged
    /// Whether `GET` needs nothing but the replicated state, which every member can tell.
    var readsAnywhere = false
    /// The largest body of these routes.
    var bytesMax = Self.bodyBytesMax
    /// How long the sender is taken to wait, unless it says so (`Prefer: wait=…`).
    var time = TimeAllowed.usual

    static let patience = Duration.seconds(2)
    /// The sender's deadline, unless it names one (`Prefer: wait=…`).
    static let deadline = Duration.seconds(15)
    /// What the sender's deadline leaves for the work itself at least.
    static let leastDeadline = Duration.seconds(1)
    /// The largest body of a route that may have many events in it, and of all others.
    static let batchBytesMax = 16 << 20
    static let bodyBytesMax = 1 << 20

    /// How long the requests of a route may take, in seconds.
    struct TimeAllowed: Sendable {
        var seconds: @Sendable (Request) throws(APIError) -> Duration

        static let usual = TimeAllowed { _ throws(APIError) in LeaderGate.deadline }
    }

    @concurrent func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        // Nobody without a key is worth a body in memory or a wait for a leader, nor is a viewer who wants to change things.
        guard let caller = context.caller else { throw APIError(.unauthorized, "Invalid or missing API key") }
        if !request.isRead { try context.require(.operator) }
        var request = request
        let body = try await request.collectBody(upTo: self.bytesMax)
        if request.isRead, try request.isLocalRead {
            let local = await self.plane.node.local()
            let wanted = try request.indexWanted ?? .zero
            var response = try await next(request, context)
            for field in Staleness(index: max(local.index, wanted), staleness: local.staleness).fields {
                response.headers[field.name] = field.value
            }
            return response
        }
        if let passage = context.passage {
            guard self.plane.isLeader else { throw Unsettled.nothingDone }
            return try await Execution(plane: self.plane, passage: passage).run(request, context, next)
        }
        var course = Course(
            self.plane,
            effect: request.isRead ? .none : self.effect,
            time: try self.time.seconds(request),
            continuing: context.ticket
        )
        if course.effect != .none { course.key = try RequestKey.stamp(of: request, body: body, role: caller.role) }
        course.limit(to: request.secondsToWait)
        defer { course.ticket?.close() }
        while true {
            let leader = try await course.leader()
            do {
                if self.readsAnywhere && course.effect == .none { return try await next(request, context) }
                let passage = try await course.passage()
                if leader == self.plane.node.identity.node {
                    return try await Execution(plane: self.plane, passage: passage).run(request, context, next)
                }
                let call = ForwardedRequest(
                    request,
                    caller: caller,
                    passage: passage,
                    requestID: context.requestID,
                    body: body
                )
                return try await self.forward(call, course, to: leader)
            } catch let reason as Unsettled {
                try await course.goOn(after: reason)
            }
        }
    }

    private func forward(_ call: ForwardedRequest, _ course: Course, to leader: NodeID) async throws -> Response {
        let answer: Result<ByteBuffer, any Error>
        do {
            answer = .success(
                try await self.plane.node.call(leader: leader, call.encoded(), timeout: course.callTimeout)
            )
        } catch {
            answer = .failure(error)
        }
        return try Self.settle(answer, effect: course.effect, isRepeated: course.isUndecided).response
    }

    /// What a leader's word on a request means to it. Throws `Unsettled` where the request may be tried again.
    ///
    /// - Parameter isRepeated: whether an earlier try may have taken effect: then it can't be said that nothing was done.
    static func settle(
        _ answer: Result<ByteBuffer, any Error>,
        effect: Effect,
        isRepeated: Bool = false
    ) throws -> ForwardedResponse {
        do {
            switch ForwardedAnswer(try answer.get()) {
            case .response(let response): return response
            case .unsettled(let reason): throw reason
            // It failed there, or does not fit a frame; asking again would not mend that.
            case nil where effect == .none: throw APIError(.badGateway, "The leader's answer could not be carried")
            case nil: throw APIError.outcomeUnknown
            }
        } catch let error as CallError where error == .congested && !isRepeated {
            throw APIError.overloaded
        } catch let error as CallError {
            throw error.mayHaveArrived ? Unsettled.undecided : .nothingDone
        }
    }
}

extension Request {
    /// Whether it asks and changes nothing. `HEAD` is served as `GET`, without the body.
    var isRead: Bool { self.method == .get || self.method == .head }

    /// What a read must see at least: `?min_index=` and what an earlier answer had in `Varpulis-Index`.
    var indexWanted: LogIndex? {
        get throws(APIError) {
            guard let text = self.uri.queryParameters["min_index"] else { return nil }
            guard let index = UInt64(text) else {
                throw APIError(.badRequest, "min_index is an index of the log, as Varpulis-Index has it: not \(text)")
            }
            return LogIndex(index)
        }
    }

    /// Whether this member's own state will do.
    var isLocalRead: Bool {
        get throws(APIError) {
            let wanted = try self.indexWanted
            return self.consistency == .stale || wanted != nil
        }
    }

    /// How long the sender is willing to wait (RFC 7240, section 4.3).
    fileprivate var secondsToWait: Int? {
        for field in self.headers[values: Self.preferHeader] {
            for preference in field.split(separator: ",") {
                let parts = preference.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, Self.trimmed(parts[0]) == "wait" else { continue }
                return Int(Self.trimmed(parts[1]))
            }
        }
        return nil
    }

    private static let preferHeader = HTTPField.Name("prefer")!  // a literal token, checked by tests

    private static func trimmed(_ text: Substring) -> Substring {
        text.drop { $0 == " " }.prefix { $0 != " " }
    }
}

extension Duration {
    var milliseconds: Int64 { self.components.seconds * 1_000 + self.components.attoseconds / 1_000_000_000_000_000 }
}
