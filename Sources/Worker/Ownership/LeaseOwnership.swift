/// How one worker holds one pipeline that has no session at any broker: by a lease.
///
/// No broker fences such a pipeline, so its worker lets it publish only while a coordinator has confirmed the worker within
/// one lease, counted from the moment the confirmed message was sent. The lease is shorter than the time after which
/// coordinators may declare the worker lost and give the pipeline to another. Once it has run out, a confirmation alone is
/// not enough: the assignment may have changed meanwhile, so a coordinator is asked for it.
///
/// A confirmation may come with another lease than the one before, since the cluster's timeout can be changed. From then on
/// the new one counts, a shorter one too: coordinators will not wait any longer than that.
///
/// Pure, as `Ownership` is: instants are the caller's.
public struct LeaseOwnership<Instant: InstantProtocol>: Sendable where Instant.Duration == Swift.Duration {
    private enum State {
        /// Muted, until a coordinator has confirmed the worker.
        case unconfirmed
        /// Muted, while a coordinator is asked.
        case asking
        case owning
        case ended
    }

    private var duration: Duration
    /// When the newest of the confirmed messages was sent.
    private var sent: Instant
    private var state = State.unconfirmed
    private var attempt: UInt64 = 0

    /// A pipeline of a worker whose last confirmed message was sent at this time. Nothing happens before `start`.
    public init(duration: Duration, confirmedAt sent: Instant) {
        self.duration = duration
        self.sent = sent
    }

    private var expiry: Instant { self.sent.advanced(by: self.duration) }

    /// When `clockAdvanced` must be called at the latest.
    public var deadline: Instant? {
        if case .owning = self.state { self.expiry } else { nil }
    }

    public var isOwning: Bool { self.deadline != nil }

    /// Begins, muted: the order to run may have been on its way for long.
    public mutating func start(_ effects: inout [OwnershipEffect]) {
        self.ask(&effects)
    }

    /// Ends the machine because the pipeline is being stopped.
    public mutating func stop() {
        self.state = .ended
    }

    /// A coordinator has confirmed the worker, in answer to a message that was sent at this time, and for so long; without
    /// a word of it for as long as before.
    public mutating func confirmed(
        sentAt sent: Instant,
        lease: Duration? = nil,
        now: Instant,
        _ effects: inout [OwnershipEffect]
    ) {
        // The lease may have run out before this came.
        self.clockAdvanced(to: now, &effects)
        self.sent = max(self.sent, sent)
        if let lease { self.duration = lease }
        // A shorter one may have run out on its way.
        self.clockAdvanced(to: now, &effects)
        if case .unconfirmed = self.state, now < self.expiry { self.ask(&effects) }
    }

    public mutating func clockAdvanced(to now: Instant, _ effects: inout [OwnershipEffect]) {
        guard case .owning = self.state, now >= self.expiry else { return }
        self.state = .unconfirmed
        effects.append(.mute)
    }

    public mutating func coordinatorAnswered(
        _ answer: AssignmentAnswer,
        attempt: UInt64,
        now: Instant,
        _ effects: inout [OwnershipEffect]
    ) {
        guard case .asking = self.state, attempt == self.attempt else { return }
        switch answer {
        case .current where now < self.expiry:
            self.state = .owning
            effects.append(.unmute)
        case .current, .none:
            self.state = .unconfirmed
        case .superseded:
            self.state = .ended
            effects.append(.stopSuperseded)
        }
    }

    private mutating func ask(_ effects: inout [OwnershipEffect]) {
        self.attempt += 1
        self.state = .asking
        effects.append(.askCoordinator(attempt: self.attempt))
    }
}
