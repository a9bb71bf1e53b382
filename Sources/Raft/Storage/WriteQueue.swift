internal import DequeModule
internal import RaftCore
internal import Threads

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
    private let state = Monitor(State())

    init(limits: StorageThread.Limits) { self.limits = limits }

    var metrics: StorageMetrics { self.state.withLock { $0.metrics } }

    var hasRoom: Bool { self.state.withLock { self.hasRoom($0) } }

    /// Takes all of `writes` or nothing.
    func submit(_ writes: [Write]) -> StorageThread.Submission {
        guard !writes.isEmpty else { return .accepted }
        return self.state.change { state in
            guard state.phase == .open else { return .closed }
            guard self.hasRoom(state) else {
                state.metrics.refusals += 1
                return .full
            }
            state.writes.append(contentsOf: writes)
            for write in writes { state.metrics.add(write, times: 1) }
            return .accepted
        }
    }

    enum Drain {
        case writes([Write])
        /// Nothing came in time.
        case idle
        /// The queue is closed, and nothing is left in it.
        case closed
    }

    /// Waits for something to write, and takes as much of it as one commit may hold: a single write at least,
    /// however large.
    func next(atMost patience: Duration?) -> Drain {
        func take(_ state: inout State) -> Drain? {
            let batch = self.batch(from: &state)
            if !batch.isEmpty { return .writes(batch) }
            return state.phase == .open ? nil : .closed
        }
        guard let patience else { return self.state.wait(for: take) }
        return self.state.wait(atMost: patience, for: take) ?? .idle
    }

    private func batch(from state: inout State) -> [Write] {
        var batch: [Write] = []
        var entries = 0
        var bytes = 0
        while let write = state.writes.first {
            entries += write.entries.count
            bytes += write.weight
            let isLarge = entries > self.limits.commitEntriesMax || bytes > self.limits.commitBytesMax
            if isLarge && !batch.isEmpty { break }
            batch.append(write)
            state.writes.removeFirst()
            state.metrics.add(write, times: -1)
        }
        return batch
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
        self.state.change { if $0.phase == .open { $0.phase = .closing } }
    }

    /// Nobody will take anything any more.
    func end() {
        self.state.change { state in
            state.phase = .ended
            state.writes.removeAll()
        }
    }

    /// Waits for `end`.
    func waitForEnd() {
        self.state.wait { $0.phase == .ended ? () : nil }
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
