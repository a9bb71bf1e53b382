/// How a member behaves. The same on all members. Where they differ nothing unsafe happens, unless leases are allowed:
/// a lease counts on the others' `electionTimeoutMin` and `allowsLeases` as much as on the leader's own.
///
/// What is weighed is weighed in bytes: see `Entry.weight`.
public struct Settings: Sendable {
    /// How often a leader speaks to a follower it has nothing to tell.
    public var heartbeatInterval: Duration = .milliseconds(50)
    /// A follower that hears nothing for a random time between the two stands for election. The lower bound is also
    /// how long a member that heard from a leader refuses to help replace it.
    public var electionTimeoutMin: Duration = .milliseconds(300)
    public var electionTimeoutMax: Duration = .milliseconds(600)
    /// Limits of one append message, by weight and by number. A single entry larger than the limit still goes, alone.
    public var appendBytesMax = 1 << 20
    public var appendEntriesMax = 1_024
    /// How many appends may be under way to one follower, and what they may weigh before the last one.
    public var appendsInFlightMax = 16
    public var bytesInFlightMax = 4 << 20
    /// The weight that may wait for a quorum before further proposals are refused as `overloaded`.
    public var uncommittedBytesMax = 64 << 20

    /// A snapshot is due when what was applied since the last one weighs this much, or is this many entries; and not
    /// before it weighs half of the last snapshot, so that writing snapshots costs no more than writing the log.
    public var snapshotWeight = 16 << 20
    public var snapshotEntries = 50_000
    /// How many entries stay in the log behind a snapshot, for members that are only a little late.
    public var trailingEntries = 2_000
    /// A log that weighs more is cut although a member that is alive still needs what goes.
    public var logWeightMax = 128 << 20
    /// A leader that has waited this long for its own disk steps down and goes silent. Nobody who waits so long stands.
    public var diskPatience: Duration = .milliseconds(1_200)
    /// Whether reads may trust the leader's lease. A member then grants no vote during its first election timeout,
    /// and a closed connection does not shorten an election. Either all members allow leases, or none does.
    public var allowsLeases = false

    public init() {}
}
