/// What happened in a run.
public struct Report: Sendable {
    public var steps = 0
    public var commits = 0
    public var acknowledged = 0
    public var reads = 0
    public var elections = 0
    public var crashes = 0
    public var crashesThatLostWrites = 0
    public var partitions = 0
    public var pauses = 0
    public var dropped = 0
    public var duplicated = 0
    /// The same for equal seeds, on every machine.
    public var trace: UInt64 = 0

    public init() {}

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
        self.trace ^= other.trace
    }

    /// What a run of many seeds must have met, or it has proved little.
    public var classes: [(name: String, count: Int)] {
        [
            ("commits", self.commits), ("acknowledged writes", self.acknowledged), ("reads", self.reads),
            ("elections", self.elections), ("crashes", self.crashes),
            ("crashes that lost writes", self.crashesThatLostWrites), ("partitions", self.partitions),
            ("pauses", self.pauses), ("messages dropped", self.dropped), ("messages duplicated", self.duplicated),
        ]
    }
}
