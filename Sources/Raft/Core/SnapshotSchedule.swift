/// When to take a snapshot. The answer depends on the log alone, so members that apply the same log take their
/// snapshots at the same positions, and a transfer begun from one can go on from another.
public struct SnapshotSchedule: Sendable {
    private let settings: Settings
    private var weight = 0
    private var entries = 0
    private var lastSize: Int

    /// `last`: the snapshot the state was restored from, if it was.
    public init(_ settings: Settings, last: Snapshot?) {
        self.settings = settings
        self.lastSize = Int(clamping: last?.size ?? 0)
    }

    /// An entry was applied. True if the state is to be captured now.
    public mutating func applied(_ entry: Entry) -> Bool {
        self.weight += entry.weight
        self.entries += 1
        guard self.weight >= self.settings.snapshotWeight || self.entries >= self.settings.snapshotEntries,
            self.weight >= self.lastSize / 2
        else { return false }
        self.weight = 0
        self.entries = 0
        return true
    }

    /// A snapshot was taken, and is this large.
    public mutating func captured(_ snapshot: Snapshot) { self.lastSize = Int(clamping: snapshot.size) }
}
