import Engine
import Synchronization

/// What became of the lines of one request: its pieces are processed on the engine's thread while others still come.
final class LineTally: Sendable {
    struct Outcome: Sendable {
        var lines: UInt64 = 0
        var rejections = RejectionCounts()
        /// The program's output as JSON, separated by commas.
        var output: [UInt8] = []
        var isOutputCut = false
        /// Some lines never got to the program, because it stopped.
        var isDropped = false
    }

    private struct State {
        var outcome = Outcome()
        var outstanding = 0
        var isEnded = false
    }

    private let state = Mutex(State())
    private let done = Promise<Void>()

    /// How much output an answer has at most.
    static let outputBytesMax = 16 << 20

    /// A piece goes to the engine.
    func begin(lines: Int) {
        self.state.withLock { state in
            state.outstanding += 1
            state.outcome.lines += UInt64(lines)
        }
    }

    /// A piece did not get to the engine after all.
    func withdraw(lines: Int) {
        self.state.withLock { state in
            state.outstanding -= 1
            state.outcome.lines -= UInt64(lines)
        }
    }

    /// A piece was processed.
    func end(_ result: BatchResult, lines: Int) {
        if result.isDropped { return self.drop(lines: lines) }
        let isDone = self.state.withLock { state in
            state.outstanding -= 1
            state.outcome.rejections += result.rejections
            for event in result.emitted {
                guard state.outcome.output.count < Self.outputBytesMax else {
                    state.outcome.isOutputCut = true
                    break
                }
                if !state.outcome.output.isEmpty { state.outcome.output.append(UInt8(ascii: ",")) }
                state.outcome.output += EventEncoder.sinkPayload(event)
            }
            return state.isEnded && state.outstanding == 0
        }
        if isDone { self.done.fulfil(()) }
    }

    /// The pipeline stopped before it came to a piece.
    private func drop(lines: Int) {
        let isDone = self.state.withLock { state in
            state.outstanding -= 1
            state.outcome.lines -= UInt64(lines)
            state.outcome.isDropped = true
            return state.isEnded && state.outstanding == 0
        }
        if isDone { self.done.fulfil(()) }
    }

    /// How many lines the engine was given so far.
    var lines: UInt64 { self.state.withLock { $0.outcome.lines } }

    /// What became of all lines; nil when the engine is not through with them in time.
    func outcome(longLines: Int, within patience: Duration) async -> Outcome? {
        let isDone = self.state.withLock { state in
            state.isEnded = true
            state.outcome.lines += UInt64(longLines)
            for _ in 0..<longLines { state.outcome.rejections.add(.tooLarge) }
            return state.outstanding == 0
        }
        if !isDone, await self.done.value(within: patience) == nil { return nil }
        return self.state.withLock { $0.outcome }
    }
}
