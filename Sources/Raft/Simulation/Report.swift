/// What happened in a run.
public struct Report: Sendable {
    /// Inputs that members handled, those after everything healed included.
    public var steps = 0
    /// Entries that were committed, by whomever first.
    public var commits = 0
    /// Writes that clients were told are done.
    public var acknowledged = 0
    public var reads = 0
    /// Elections that somebody won.
    public var elections = 0
    public var crashes = 0
    public var crashesThatLostWrites = 0
    public var partitions = 0
    public var pauses = 0
    /// Messages lost by chance; those that meet a dead link are not counted.
    public var dropped = 0
    public var duplicated = 0
    /// Messages that nobody listened to, for their sender's disk or because it was removed.
    public var refused = 0
    public var stalls = 0
    public var wipes = 0
    /// Changes of the membership that the operator asked for, and transfers, whatever came of them.
    public var changes = 0
    public var transfers = 0
    /// Snapshots that were begun, chunks that were sent, and snapshots that took the place of a log.
    public var captures = 0
    public var chunks = 0
    public var installs = 0
    /// Runs whose clients' history was held against a register, and those where that grew too large.
    public var judged = 0
    public var undecided = 0
    /// Faults, the operator's acts among them, and client requests; also those that were left out.
    public var faults = 0
    public var faultsLeftOut = 0
    public var requests = 0
    /// The same for equal seeds, on every machine.
    public var trace: UInt64 = 0

    public init() {}

    /// Adds another run's counts. Traces are combined so that the order of the runs makes no difference.
    public mutating func add(_ other: Report) {
        self.steps += other.steps
        self.commits += other.commits
        self.acknowledged += other.acknowledged
        self.reads += other.reads
        self.elections += other.elections
        self.crashes += other.crashes
        self.crashesThatLostWrites += other.crashesThatLostWrites
        self.partitions += other.partitions
        self.pauses += other.pauses
        self.dropped += other.dropped
        self.duplicated += other.duplicated
        self.refused += other.refused
        self.stalls += other.stalls
        self.wipes += other.wipes
        self.changes += other.changes
        self.transfers += other.transfers
        self.captures += other.captures
        self.chunks += other.chunks
        self.installs += other.installs
        self.judged += other.judged
        self.undecided += other.undecided
        self.faults += other.faults
        self.faultsLeftOut += other.faultsLeftOut
        self.requests += other.requests
        self.trace ^= other.trace
    }

    /// What a run of many seeds must have met, or it has proved little.
    public var classes: [(name: String, count: Int)] {
        [
            ("commits", self.commits), ("acknowledged writes", self.acknowledged), ("reads", self.reads),
            ("elections", self.elections), ("crashes", self.crashes),
            ("crashes that lost writes", self.crashesThatLostWrites), ("partitions", self.partitions),
            ("pauses", self.pauses), ("messages dropped", self.dropped), ("messages duplicated", self.duplicated),
            ("messages refused for their sender", self.refused),
            ("stalled disks", self.stalls),
            ("wiped disks", self.wipes),
            ("membership changes asked for", self.changes),
            ("transfers", self.transfers),
            ("snapshots taken", self.captures),
            ("chunks sent", self.chunks),
            ("snapshots installed", self.installs),
            ("histories found linearizable", self.judged),

        ]
    }
}
