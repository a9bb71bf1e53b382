/// Keeps away from a sink that fails again and again: after so many failures in a row nothing is tried for a while, then one
/// delivery alone, which decides. Pure: instants are the caller's.
struct CircuitBreaker: Sendable {
    enum State: Equatable, Sendable {
        case closed
        /// Nothing is tried until then.
        case open(until: ContinuousClock.Instant)
        /// One delivery is under way to find out.
        case halfOpen
    }

    static let failuresMax = 5
    static let pause: Duration = .seconds(30)

    private(set) var state = State.closed
    private var failuresInARow = 0

    /// Whether a delivery may be tried now.
    mutating func admits(at now: ContinuousClock.Instant) -> Bool {
        switch self.state {
        case .closed: return true
        case .halfOpen: return false
        case .open(let end):
            guard now >= end else { return false }
            self.state = .halfOpen
            return true
        }
    }

    mutating func succeeded() {
        self.state = .closed
        self.failuresInARow = 0
    }

    mutating func failed(at now: ContinuousClock.Instant) {
        self.failuresInARow += 1
        if self.state == .halfOpen || self.failuresInARow >= Self.failuresMax {
            self.state = .open(until: now + Self.pause)
        }
    }

    /// A delivery was given up for a reason that says nothing about the sink; the next one decides in its place.
    mutating func abandoned(at now: ContinuousClock.Instant) {
        if self.state == .halfOpen { self.state = .open(until: now) }
    }
}
