import Dispatch
import Engine
import EngineCheckpoints
import Synchronization

/// Takes checkpoints of a simulation now and then. The program goes on while one is encoded and written; until that is done
/// no other is taken.
final class SimulationCheckpoints: Sendable {
    private let directory: CheckpointDirectory
    private let interval: Duration
    private let queue = DispatchQueue(label: "checkpoints")
    private let state: Mutex<State>

    private struct State {
        var due: ContinuousClock.Instant
        var isWriting = false
        var failure: CheckpointFailure?
    }

    init(path: String, interval: Duration) throws {
        self.directory = try CheckpointDirectory(path)
        self.interval = interval
        self.state = Mutex(State(due: .now + interval))
    }

    /// What to go on from; nil where there is no checkpoint.
    func restoration(
        of plan: Plan,
        allowingStateLoss: Bool,
        warn: (String) -> Void
    ) throws -> (Restoration, SimulationPosition)? {
        let newest = try self.directory.newest()
        for sentence in newest.skipped { warn(sentence) }
        guard let checkpoint = newest.checkpoint else {
            if !newest.skipped.isEmpty {
                throw FileFailure(description: "no checkpoint in \(self.directory.path) can be read")
            }
            return nil
        }
        let restoration = try Restoration(checkpoint, of: plan, allowingStateLoss: allowingStateLoss)
        for sentence in restoration.warnings { warn(sentence) }
        return (restoration, try SimulationPosition(checkpoint.manifest.positions))
    }

    /// Whether it is time for the next. A failure to write one is told of here.
    var isDue: Bool {
        get throws {
            try self.state.withLock { state in
                if let failure = state.failure { throw failure }
                return !state.isWriting && ContinuousClock.now >= state.due
            }
        }
    }

    /// Writes a checkpoint while the program goes on.
    func take(_ snapshot: EngineSnapshot, at position: SimulationPosition) {
        self.state.withLock { state in
            state.isWriting = true
            state.due = .now + self.interval
        }
        var snapshot = snapshot
        snapshot.manifest.positions = position.positions
        let files = position.files.keys.sorted()
        // Whoever calls `write` waits for it.
        self.queue.async { [snapshot] in
            var failure: CheckpointFailure?
            do throws(CheckpointFailure) {
                // The output that the checkpoint counts on is there before it is.
                for file in files { try CheckpointDirectory.synchronize(file) }
                try self.directory.write(snapshot.checkpoint.encoded())
            } catch {
                failure = error
            }
            self.state.withLock { state in
                state.isWriting = false
                state.failure = state.failure ?? failure
            }
        }
    }

    /// Writes the first or the last one, and returns when it is durable.
    ///
    /// The first is of a program that has seen nothing: it says how long files were that are appended to.
    func write(_ snapshot: EngineSnapshot, at position: SimulationPosition) throws {
        self.queue.sync {}
        self.take(snapshot, at: position)
        self.queue.sync {}
        try self.state.withLock { state in if let failure = state.failure { throw failure } }
    }
}
