import ArgumentParser
import Engine

/// Events, what came of them, and how long it took.
struct Run {
    let outputs: Int
    let cpuSeconds: Double
    let wallSeconds: Double
    /// Events per second of CPU.
    let rate: Double

    /// - Parameter watch: Made when the run began.
    init(_ watch: Stopwatch, events: Int, outputs: Int) {
        (self.cpuSeconds, self.wallSeconds) = (watch.cpuSeconds, watch.wallSeconds)
        self.outputs = outputs
        self.rate = Double(events) / self.cpuSeconds
    }

    /// Fails if another run over the same events gave another number of outputs: they did not do the same work.
    func check(against other: Run, _ scenario: String) throws {
        guard self.outputs == other.outputs, self.outputs > 0 else {
            throw ValidationError("\(scenario): \(self.outputs) events emitted, but \(other.outputs) in the other run")
        }
    }
}

/// What the engine does in scenarios. Its output is written into memory.
enum EngineRuns {
    /// As much as a worker gets at once.
    static let smallChunk = 256 << 10
    /// As much as `varpulis simulate` reads at once.
    static let largeChunk = 2 * EventLimits.payloadBytesMax

    static func runText(_ ticks: Ticks, _ pipeline: BatchPipeline, chunk: Int) throws -> Run {
        var reader = EventFileReader()
        var output: [UInt8] = []
        let watch = Stopwatch()
        try ticks.forEachChunk(of: chunk) { bytes, isLast in
            try pipeline.take(bytes, reader: &reader, isLast: isLast, rejected: Self.refuse) {
                output.removeAll(keepingCapacity: true)
                $0.appendOutputLines(to: &output)
            }
        }
        return Run(watch, events: ticks.count, outputs: Int(pipeline.counters.emitted))
    }

    static func runFrames(_ frames: [[UInt8]], _ pipeline: BatchPipeline, events: Int) throws -> Run {
        var output: [UInt8] = []
        let watch = Stopwatch()
        for frame in frames {
            try pipeline.take(frame: frame.span) {
                output.removeAll(keepingCapacity: true)
                $0.appendOutputLines(to: &output)
            }
        }
        return Run(watch, events: events, outputs: Int(pipeline.counters.emitted))
    }

    static func runShards(
        _ ticks: Ticks,
        _ pipeline: ShardedPipeline,
        chunk: Int,
        _ concurrently: ShardedPipeline.Concurrently
    ) throws -> Run {
        var output: [UInt8] = []
        let watch = Stopwatch()
        try ticks.forEachChunk(of: chunk) { bytes, isLast in
            output.removeAll(keepingCapacity: true)
            return try pipeline.take(bytes, isLast: isLast, concurrently: concurrently, rejected: Self.refuse) {
                output.append(contentsOf: $0)
            }
        }
        return Run(watch, events: ticks.count, outputs: Int(pipeline.counters.emitted))
    }

    /// The first events, again and again, each time a second later: a batch that stays in the cache, as one does that was
    /// just received.
    static func runColumns(_ ticks: Ticks, _ pipeline: BatchPipeline) -> Run {
        ticks.bytes.withUnsafeBufferPointer { bytes in
            pipeline.fill(from: UnsafeBufferPointer(rebasing: bytes[..<ticks.length]))
            let rounds = ticks.count / BatchPipeline.rowsMax
            let watch = Stopwatch()
            for _ in 0..<rounds {
                pipeline.run()
                pipeline.clear(keepingBatch: true)
                pipeline.delayBatch(by: Int64(BatchPipeline.rowsMax) * 1_000_000)
            }
            let outputs = Int(pipeline.counters.emitted)
            let run = Run(watch, events: rounds * BatchPipeline.rowsMax, outputs: outputs)
            pipeline.clear()
            return run
        }
    }

    /// All events, in batches that were just made. The time for making them does not count.
    static func runFreshColumns(_ ticks: Ticks, _ pipeline: BatchPipeline) -> Run {
        var watch = Stopwatch(isRunning: false)
        ticks.forEachBatch { lines in
            pipeline.fill(from: lines)
            watch.start()
            pipeline.run()
            pipeline.clear()
            watch.stop()
        }
        return Run(watch, events: ticks.count, outputs: Int(pipeline.counters.emitted))
    }

    /// Lets the events go by as if they had come before, so many times.
    static func warmUp(_ ticks: Ticks, _ pipeline: BatchPipeline, rounds: Int) {
        for round in 0..<rounds {
            ticks.forEachBatch { lines in
                pipeline.fill(from: lines)
                pipeline.delayBatch(by: -Int64((rounds - round) * ticks.count) * 1_000_000)
                pipeline.run()
                pipeline.clear()
            }
        }
    }

    private static func refuse(_ line: RejectedLine) {
        preconditionFailure("line \(line.error.line): \(line.error.message)")
    }
}
