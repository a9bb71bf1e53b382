import Raft
import RaftCore
import RaftSessions
import RaftTransport

/// What a request takes along from one try to the next on its way to a leader.
struct Course {
    let effect: LeaderGate.Effect
    /// The sender's own name for the request.
    var key: KeyStamp?
    /// The request's number, once it has one.
    private(set) var ticket: ProcessSession.Ticket?
    private let plane: ControlPlane
    /// An earlier try may have taken effect.
    private(set) var isUndecided: Bool
    /// A leader that was known of, for the sender to try.
    private var hint: NodeID?
    private var deadline: ContinuousClock.Instant
    private var patienceEnd: ContinuousClock.Instant
    /// A leader that is known from the start has this long, however little the sender wants to wait for one.
    private let leastEnd: ContinuousClock.Instant
    private let beginning: ContinuousClock.Instant
    private var hasTried = false

    /// `ticket`: of an earlier try, which may have taken effect.
    init(
        _ plane: ControlPlane,
        effect: LeaderGate.Effect,
        time: Duration = LeaderGate.deadline,
        continuing ticket: ProcessSession.Ticket? = nil
    ) {
        let now = ContinuousClock.now
        self.beginning = now
        self.plane = plane
        self.effect = effect
        self.ticket = ticket
        self.isUndecided = ticket != nil
        self.deadline = now + time
        self.patienceEnd = now + LeaderGate.patience
        self.leastEnd = now + LeaderGate.leastDeadline
    }

    /// The sender waits no longer than this.
    mutating func limit(to seconds: Int?) {
        guard let seconds, seconds >= 0, self.beginning + .seconds(seconds) < self.deadline else { return }
        let end = self.beginning + .seconds(seconds)
        self.deadline = max(end, self.leastEnd)
        self.patienceEnd = min(self.patienceEnd, end)
    }

    /// What there is to lose by giving up decides how long to go on.
    private var end: ContinuousClock.Instant { self.isUndecided ? self.deadline : self.patienceEnd }

    /// Whom to try next. Throws the request's answer when the time is up.
    mutating func leader() async throws(APIError) -> NodeID {
        let left = self.end - .now
        defer { self.hasTried = true }
        if left > .zero || !self.hasTried {
            var leader = self.plane.node.leadership.leader
            if leader == nil, left > .zero {
                do throws(ReadError) { leader = try await self.plane.node.leader(waiting: left) } catch {
                    throw self.isUndecided ? .outcomeUnknown : .overloaded
                }
            }
            if let leader {
                self.hint = leader
                return leader
            }
        }
        if self.isUndecided { throw .outcomeUnknown }
        throw .notLeader(self.hint.flatMap { self.plane.node.addresses[$0]?.description })
    }

    /// What goes with the request to the leader.
    mutating func passage() async throws -> Passage {
        var origin = self.key.map { CommandToken.Origin.key($0) }
        if origin == nil, self.effect == .logged {
            if self.ticket == nil { self.ticket = try await self.plane.session.ticket() }
            origin = self.ticket.map { .session($0.stamp) }
        }
        return Passage(origin: origin, deadline: self.deadline, isRepeated: self.isUndecided)
    }

    /// What only reads is asked again elsewhere rather than waited for.
    var callTimeout: Duration {
        max(.milliseconds(1), (self.effect == .none ? max(self.patienceEnd, self.leastEnd) : self.deadline) - .now)
    }

    /// Returns when the request may be tried again. Throws its answer if it may not.
    mutating func goOn(after reason: Unsettled) async throws {
        switch reason {
        case .nothingDone: break
        case .undecided:
            if self.effect == .none { break }
            if self.effect == .elsewhere, self.key == nil { throw APIError.outcomeUnknown }
            self.isUndecided = true
        case .sessionLost:
            // Only the lost session knew whether an earlier try took effect.
            if self.isUndecided { throw APIError.outcomeUnknown }
            if let ticket {
                self.plane.session.lost(ticket)
                ticket.close()
            }
            self.ticket = nil
            return
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// What a request brings to the leader besides itself.
struct Passage: Hashable, Sendable {
    /// What its commands' tokens are made of. A request that logs nothing has none.
    var origin: CommandToken.Origin?
    /// When the sender will have given up.
    var deadline: ContinuousClock.Instant
    /// An earlier try may have taken effect.
    var isRepeated: Bool
}
