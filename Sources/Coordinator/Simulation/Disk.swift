import RaftCore

/// A coordinator's disk: one batch of writes at a time goes to it as a whole; what was not synced is lost at a crash.
struct Disk {
    private var hardState = HardState()
    private var entries: [Entry] = []
    /// Under way: after a crash all of it is there, or nothing.
    private var syncing: [Write] = []
    private var queue: [Write] = []

    /// Takes on more. True if a sync is to be begun.
    mutating func enqueue(_ writes: [Write]) -> Bool {
        self.queue.append(contentsOf: writes)
        return self.start()
    }

    /// The batch is durable. What its last write was, and whether another sync is to be begun.
    mutating func finish() -> (receipt: Receipt, goesOn: Bool)? {
        guard let last = self.syncing.last else { return nil }
        for write in self.syncing { self.carryOut(write) }
        self.syncing = []
        return (Receipt(write: last.id), self.start())
    }

    mutating func crash(keepingBatch: Bool) {
        self.queue = []
        if keepingBatch { _ = self.finish() }
        self.syncing = []
    }

    func recovered(_ membership: Membership) -> Recovered {
        Recovered(hardState: self.hardState, entries: self.entries, membership: membership)
    }

    private mutating func start() -> Bool {
        guard self.syncing.isEmpty, !self.queue.isEmpty else { return false }
        swap(&self.syncing, &self.queue)
        return true
    }

    private mutating func carryOut(_ write: Write) {
        if let hardState = write.hardState { self.hardState = hardState }
        if let from = write.truncateFrom, from.rawValue <= self.entries.count {
            self.entries.removeSubrange((Int(from.rawValue) - 1)...)
        }
        self.entries.append(contentsOf: write.entries)
    }
}
