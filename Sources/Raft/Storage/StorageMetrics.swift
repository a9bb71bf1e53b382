/// What a storage thread has done and has to do.
public struct StorageMetrics: Hashable, Sendable {
    /// Commits: of what one drain of the queue gave.
    public var commits = 0
    /// Entries stored by them.
    public var entries = 0
    /// How long the last commit took, and the slowest one, the disk's part included.
    public var lastCommit = Duration.zero
    public var slowestCommit = Duration.zero
    /// What is submitted and not yet in a commit.
    public var waitingWrites = 0
    public var waitingEntries = 0
    public var waitingBytes = 0
    /// Submissions that found the queue full.
    public var refusals = 0

    public init() {}
}
