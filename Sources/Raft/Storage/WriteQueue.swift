internal import DequeModule
internal import Dispatch
internal import RaftCore
internal import Synchronization

/// What waits for a storage thread, in order. Bounded: a full queue refuses, and the refusal is counted.
final class WriteQueue: Sendable {
    private enum Phase {
        case open
        /// Takes nothing more; what is waiting is still written.
        case closing
        case ended
    }

    private struct State {
        var phase = Phase.open
        var writes: Deque<Write> = []
        var metrics = StorageMetrics()
    }

    private let limits: StorageThread.Limits
    private let state = Mutex(State())
    /// Signalled when the queue stops being empty and when it closes. May be signalled once too often: `next` looks
    /// again before it waits.
    private let changes = DispatchSemaphore(value: 0)
    private let ends = DispatchSemaphore(value: 0)

    init(limits: StorageThread.Limits) { self.limits = limits }

    var metrics: StorageMetrics { self.state.withLock { $0.metrics } }

    var hasRoom: Bool { self.state.withLock { self.hasRoom($0) } }

    /// Takes all of `writes` or nothing.
    func submit(_ writes: [Write]) -> StorageThread.Submission {
        guard !writes.isEmpty else { return .accepted }
        let (submission, wakes) = self.state.withLock { state -> (StorageThread.Submission, Bool) in
            guard state.phase == .open else { return (.closed, false) }
            guard self.hasRoom(state) else {
                state.metrics.refusals += 1
                return (.full, false)
            }
            let wasEmpty = state.writes.isEmpty
            state.writes.append(contentsOf: writes)
            for write in writes { state.metrics.add(write, times: 1) }
            return (.accepted, wasEmpty)
        }
        if wakes { self.changes.signal() }
        return submission
    }

    /// Waits for something to write, and takes as much of it as one transaction may hold: a single write at least,
    /// however large. Nil when the queue is closed and empty.
    func next() -> [Write]? {
        while true {
            let (batch, isOver) = self.state.withLock { state -> ([Write], Bool) in
                var batch: [Write] = []
                var entries = 0
                var bytes = 0
                while let write = state.writes.first {
                    entries += write.entries.count
                    bytes += write.weight
                    let isLarge = entries > self.limits.transactionEntriesMax || bytes > self.limits.transactionBytesMax
                    if isLarge && !batch.isEmpty { break }
                    batch.append(write)
                    state.writes.removeFirst()
                    state.metrics.add(write, times: -1)
                }
                return (batch, state.phase != .open)
            }
            if !batch.isEmpty { return batch }
            if isOver { return nil }
            self.changes.wait()
        }
    }

    /// Counts a commit.
    func committed(_ writes: [Write], in duration: Duration) {
        self.state.withLock { state in
            state.metrics.commits += 1
            state.metrics.entries += writes.reduce(0) { $0 + $1.entries.count }
            state.metrics.lastCommit = duration
            state.metrics.slowestCommit = max(state.metrics.slowestCommit, duration)
        }
    }

    func close() {
        self.state.withLock { if $0.phase == .open { $0.phase = .closing } }
        self.changes.signal()
    }

    /// Nobody will take anything any more.
    func end() {
        self.state.withLock { state in
            state.phase = .ended
            state.writes.removeAll()
        }
        self.ends.signal()
    }

    /// Waits for `end`.
    func waitForEnd() {
        self.ends.wait()
        self.ends.signal()  // For the next one who waits.
    }

    private func hasRoom(_ state: State) -> Bool {
        state.metrics.waitingEntries < self.limits.waitingEntriesMax
            && state.metrics.waitingBytes < self.limits.waitingBytesMax
    }
}

extension StorageMetrics {
    fileprivate mutating func add(_ write: Write, times sign: Int) {
        self.waitingWrites += sign
        self.waitingEntries += sign * write.entries.count
        self.waitingBytes += sign * write.weight
    }
}

extension Write {
    /// What the write weighs against limits in bytes.
    fileprivate var weight: Int { self.entries.reduce(64) { $0 + $1.weight } }
}
