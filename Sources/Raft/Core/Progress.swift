import DequeModule

/// What a leader knows of one follower's log.
struct Progress: Sendable {
    /// The follower's log equals the leader's up to here, durably.
    private(set) var match: LogIndex = .zero
    /// The next entry to send.
    private(set) var next: LogIndex
    private(set) var mode: Mode = .probe(isWaiting: false)
    /// When the follower last answered.
    private(set) var lastReply: Instant
    /// The latest round it answered.
    private(set) var round: UInt64 = 0

    enum Mode: Sendable {
        /// Where the logs part is not known: one message at a time, until one is accepted.
        case probe(isWaiting: Bool)
        /// Appends follow each other without waiting, as far as the window allows.
        case replicate(Window)
        /// The log no longer holds what the follower lacks: it is pulling this snapshot.
        case snapshot(Snapshot.ID)
    }

    /// Appends under way: the last index and the weight of each, oldest first.
    struct Window: Sendable {
        var appends: Deque<(last: LogIndex, weight: Int)> = []
        var bytes = 0
    }

    init(next: LogIndex, now: Instant) {
        self.next = next
        self.lastReply = now
    }

    func hasRoom(_ settings: Settings) -> Bool {
        switch self.mode {
        case .probe(let isWaiting):
            !isWaiting
        case .replicate(let window):
            window.appends.count < settings.appendsInFlightMax && window.bytes < settings.bytesInFlightMax
        case .snapshot:
            false
        }
    }

    /// What is under way; nothing where appends wait for an answer one by one.
    var inFlight: (appends: Int, bytes: Int) {
        if case .replicate(let window) = self.mode { return (window.appends.count, window.bytes) }
        return (0, 0)
    }

    var isFetching: Bool { self.offered != nil }

    /// The snapshot the follower is pulling.
    var offered: Snapshot.ID? {
        if case .snapshot(let id) = self.mode { return id }
        return nil
    }

    mutating func offered(_ snapshot: Snapshot) { self.mode = .snapshot(snapshot.id) }

    /// The follower has part of another snapshot, which this leader has too.
    mutating func prefers(_ snapshot: Snapshot.ID) {
        if self.isFetching { self.mode = .snapshot(snapshot) }
    }

    /// Entries up to `last` are on their way.
    mutating func sent(through last: LogIndex, weight: Int) {
        switch self.mode {
        case .probe:
            self.mode = .probe(isWaiting: true)
        case .replicate(var window):
            self.mode = .probe(isWaiting: true)
            window.appends.append((last, weight))
            window.bytes += weight
            self.next = last.next
            self.mode = .replicate(window)
        case .snapshot:
            return
        }
    }

    /// A heartbeat interval has passed: a probe that got no answer may be repeated.
    mutating func allowProbe() {
        if case .probe = self.mode { self.mode = .probe(isWaiting: false) }
    }

    mutating func heard(round: UInt64, now: Instant) {
        self.lastReply = max(self.lastReply, now)
        self.round = max(self.round, round)
    }

    mutating func accepted(_ index: LogIndex) {
        self.match = max(self.match, index)
        self.next = max(self.next, self.match.next)
        switch self.mode {
        case .probe:
            self.mode = .replicate(Window())
        case .snapshot:
            // Appends follow the snapshot; those that were sent before it count no more.
            self.next = self.match.next
            self.mode = .replicate(Window())
        case .replicate(var window):
            self.mode = .probe(isWaiting: true)
            while let oldest = window.appends.first, oldest.last <= self.match {
                window.bytes -= oldest.weight
                window.appends.removeFirst()
            }
            self.mode = .replicate(window)
        }
    }

    /// The follower does not hold the entry at `previous`. Old news changes nothing.
    mutating func rejected(_ previous: LogIndex, lastPossibleMatch: LogIndex) {
        switch self.mode {
        case .probe:
            guard previous.next == self.next else { return }
        case .replicate:
            guard previous > self.match, previous < self.next else { return }
        case .snapshot:
            return
        }
        self.next = max(self.match, min(previous.previous, lastPossibleMatch)).next
        self.mode = .probe(isWaiting: false)
    }
}
