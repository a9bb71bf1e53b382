import ClusterControl
import RaftCore

/// One office: from winning an election to losing it. Its moments are counted from its beginning and go on evenly,
/// whatever happens in between: what was tried before a pause was tried as long ago as it was.
struct Office {
    let term: Term
    private let beginning: ContinuousClock.Instant
    private var lastPass: ContinuousClock.Instant
    /// Nobody is blamed for silence before this.
    private var since: ContinuousClock.Instant
    var backOff = BackOff()

    init(term: Term, now: ContinuousClock.Instant) {
        self.term = term
        self.beginning = now
        self.lastPass = now
        self.since = now
    }

    var leaderSince: ControlInstant { self.moment(of: self.since) }

    func moment(of instant: ContinuousClock.Instant) -> ControlInstant {
        ControlInstant(sinceOrigin: instant - self.beginning)
    }

    /// A pass begins. A leader that was stopped for a while must not take its own absence for the workers' silence: what
    /// they said meanwhile may not have been read yet. A heartbeat is never older than half the timeout by itself.
    mutating func beginPass(at now: ContinuousClock.Instant, heartbeatTimeout: Duration) {
        if now - self.lastPass > heartbeatTimeout / 2 { self.since = now }
        self.lastPass = now
    }
}
