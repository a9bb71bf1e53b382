import RaftCore

/// A member's disk: one batch of writes at a time goes to it as a whole; what was not synced is lost at a crash.
///
/// Twin of the real store: a commit is atomic, commits are in order, and a receipt follows the sync.
struct Disk: Sendable {
    private(set) var hardState = HardState()
    private(set) var entries: [Entry] = []
    /// Under way: after a crash all of it is there, or nothing.
    private(set) var syncing: [Write] = []
    private var queue: [Write] = []
    let batchMax = 64

    mutating func enqueue(_ writes: [Write]) { self.queue.append(contentsOf: writes) }

    /// Takes the next batch. False if the disk is busy or has nothing to do.
    mutating func start() -> Bool {
        guard self.syncing.isEmpty, !self.queue.isEmpty else { return false }
        let count = min(self.queue.count, self.batchMax)
        self.syncing = Array(self.queue[..<count])
        self.queue.removeSubrange(..<count)
        return true
    }

    /// The batch is durable. `onTruncate` sees what is about to go.
    mutating func finish(_ onTruncate: (ArraySlice<Entry>) -> Void) -> Receipt? {
        guard let last = self.syncing.last else { return nil }
        for write in self.syncing { self.carryOut(write, onTruncate) }
        self.syncing = []
        return Receipt(write: last.id)
    }

    /// Power is lost. True if anything was lost with it.
    mutating func crash(keepingBatch: Bool, _ onTruncate: (ArraySlice<Entry>) -> Void) -> Bool {
        let lost = !self.queue.isEmpty || (!self.syncing.isEmpty && !keepingBatch)
        if keepingBatch { _ = self.finish(onTruncate) }
        self.syncing = []
        self.queue = []
        return lost
    }

    func term(at index: LogIndex) -> Term? {
        let place = Int(index.rawValue)
        if place == 0 { return .zero }
        return place <= self.entries.count ? self.entries[place - 1].term : nil
    }

    var last: LogPosition { self.entries.last?.position ?? .zero }

    private mutating func carryOut(_ write: Write, _ onTruncate: (ArraySlice<Entry>) -> Void) {
        if let hardState = write.hardState { self.hardState = hardState }
        if let from = write.truncateFrom, Int(from.rawValue) <= self.entries.count {
            let start = Int(from.rawValue) - 1
            onTruncate(self.entries[start...])
            self.entries.removeSubrange(start...)
        }
        self.entries.append(contentsOf: write.entries)
    }
}
