/// Which chunks of a snapshot to ask for, whom and when. The chunks themselves, and the clock, are the driver's.
///
/// Chunks are stored in their order, without a gap, so that a transfer that was interrupted goes on where it stopped.
/// A few are asked for ahead of that. Whoever offers the snapshot is asked; what another member sent before is as good.
public struct SnapshotDownload: Hashable, Sendable {
    /// How eagerly chunks are asked for.
    public struct Settings: Hashable, Sendable {
        /// How many chunks may be asked for or wait to be stored.
        public var window = 4
        /// A source from which nothing came for so long is asked anew.
        public var patience: Duration = .seconds(20)
        /// How long to wait after a failure, and how long at most after several in a row.
        public var pause: Duration = .milliseconds(100)
        public var pauseMax: Duration = .seconds(5)
        public init() {}
    }

    public let snapshot: Snapshot
    /// Whom to ask.
    public private(set) var source: NodeID
    /// Chunks that are durable here, from the first one on.
    public private(set) var stored: UInt32
    private let settings: Settings
    /// Asked for and not here, ascending.
    private var asked: [UInt32] = []
    /// Here and not stored yet, ascending.
    private var arrived: [UInt32] = []
    private var failures = 0
    private var pausedUntil = Instant.zero
    private var lastProgress: Instant

    /// `stored`: how many chunks are durable here already, from the first one on.
    public init(
        _ snapshot: Snapshot,
        from source: NodeID,
        stored: UInt32,
        settings: Settings = Settings(),
        now: Instant
    ) {
        self.snapshot = snapshot
        self.source = source
        self.stored = min(stored, snapshot.chunkCount)
        self.settings = settings
        self.lastProgress = now
    }

    /// Whether all chunks are durable here. Whether they make up the digest is still to be found out.
    public var isComplete: Bool { self.stored == self.snapshot.chunkCount }

    /// When to call `requests` again, at the latest.
    public var deadline: Instant {
        if self.isComplete { return .never }
        if !self.asked.isEmpty { return self.lastProgress.advanced(by: self.settings.patience.coreNanoseconds) }
        return self.arrived.isEmpty ? self.pausedUntil : .never
    }

    /// That member offers the snapshot. What the one before was asked for is asked of the new one again.
    public mutating func offered(by member: NodeID, now: Instant) {
        guard member != self.source else { return }
        self.source = member
        self.asked = []
        self.failures = 0
        self.pausedUntil = .zero
        self.lastProgress = now
    }

    /// The chunks to ask the source for now.
    public mutating func requests(now: Instant) -> [UInt32] {
        if !self.asked.isEmpty, now >= self.deadline { self.fail(now) }
        guard now >= self.pausedUntil else { return [] }
        if self.asked.isEmpty { self.lastProgress = now }
        var requests: [UInt32] = []
        var next = self.stored
        while next < self.snapshot.chunkCount, self.asked.count + self.arrived.count < self.settings.window {
            if !self.asked.contains(next) && !self.arrived.contains(next) {
                requests.append(next)
                self.asked.append(next)
            }
            next += 1
        }
        self.asked.sort()
        return requests
    }

    /// A chunk has come, whoever sent it. False if it is not wanted: it is here already, or no chunk of the snapshot.
    public mutating func received(_ number: UInt32, byteCount: Int, now: Instant) -> Bool {
        guard byteCount == self.snapshot.byteCount(ofChunk: number) else {
            if self.asked.contains(number) { self.fail(now) }
            return false
        }
        guard number >= self.stored, !self.arrived.contains(number),
            self.asked.contains(number) || self.asked.count + self.arrived.count < self.settings.window
        else { return false }
        self.asked.removeAll { $0 == number }
        self.arrived.append(number)
        self.arrived.sort()
        self.failures = 0
        self.lastProgress = now
        return true
    }

    /// A chunk that `member` was asked for will not come. If that is no longer the source, others are on their way by
    /// now, and to ask for them again would send them twice.
    public mutating func failed(_ number: UInt32, of member: NodeID, now: Instant) {
        if member == self.source, self.asked.contains(number) { self.fail(now) }
    }

    /// So many chunks are durable now. Those that arrived and are not among them are with the driver still.
    public mutating func stored(upTo count: UInt32) {
        self.stored = min(count, self.snapshot.chunkCount)
        self.arrived.removeAll { $0 < self.stored }
        self.asked.removeAll { $0 < self.stored }
    }

    /// A chunk that had arrived could not be stored: it has to come again, later.
    public mutating func dropped(_ number: UInt32, now: Instant) {
        self.arrived.removeAll { $0 == number }
        self.pause(now)
    }

    /// What was asked for is not waited for any more.
    private mutating func fail(_ now: Instant) {
        self.asked = []
        self.pause(now)
    }

    private mutating func pause(_ now: Instant) {
        let (least, most) = (self.settings.pause.coreNanoseconds, self.settings.pauseMax.coreNanoseconds)
        let pause = min(most, least << UInt64(min(self.failures, 16)))
        self.failures += 1
        self.pausedUntil = now.advanced(by: pause)
    }
}
