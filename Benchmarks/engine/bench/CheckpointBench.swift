import ArgumentParser
import Dispatch
import Engine
import Foundation
import Synchronization

/// What a checkpoint each second costs the thread that processes events, with a million keys or runs to be saved.
///
/// A second is one of the thread's CPU time, so that others on the machine make no difference.
/// The snapshot is taken between two batches; another thread encodes it. Runs with and without checkpoints take turns.
enum CheckpointBench {
    static let name = "checkpoint"
    private static let seconds = 5.0

    static func measure(quick: Bool, into figures: inout Figures) throws {
        let keyCount = quick ? 100_000 : 1_000_000
        let rounds = quick ? 1 : 3
        let seconds = quick ? 2.5 : Self.seconds
        try Self.measure("aggregate", try Batches.sums(keyCount), rounds, seconds, &figures)
        try Self.measure("sequence", try Batches.runs(keyCount), rounds, seconds, &figures)
    }

    private static func measure(
        _ work: String,
        _ subject: some Subject,
        _ rounds: Int,
        _ seconds: Double,
        _ figures: inout Figures
    ) throws {
        var (plain, saved, pauses): ([Double], [Double], [Double]) = ([], [], [])
        let writer = SnapshotWriter()
        for _ in 0..<rounds {
            plain.append(try Self.rate(of: subject, for: seconds, nil, &pauses))
            saved.append(try Self.rate(of: subject, for: seconds, writer, &pauses))
        }
        let written = writer.finish()
        guard written.count > 0 else { throw ValidationError("no checkpoint was taken") }
        let ratio = zip(saved, plain).map { $0 / $1 }.median
        figures["checkpoint.\(work).per_thread_cpu_s"] = saved.median
        figures["checkpoint.\(work).without_per_thread_cpu_s"] = plain.median
        figures["checkpoint.\(work).ratio"] = ratio
        print(
            "checkpoint of \(work): \(millions(saved.median)) events per CPU second of the processing thread with one a "
                + "second, \(millions(plain.median)) without, \(decimals(ratio, 3)) of it; \(written.count) checkpoints of "
                + "\(written.bytes >> 20) MiB, \(decimals(written.seconds / Double(written.count), 2)) s to encode, snapshots "
                + "took \(decimals(pauses.median * 1000, 1)) ms"
        )
    }

    /// Events per CPU second of this thread.
    private static func rate(
        of subject: some Subject,
        for seconds: Double,
        _ writer: SnapshotWriter?,
        _ pauses: inout [Double]
    ) throws -> Double {
        var events = 0
        let start = Self.now(CLOCK_THREAD_CPUTIME_ID)
        var due = start + 1
        while true {
            events += try subject.processSome()
            let now = Self.now(CLOCK_THREAD_CPUTIME_ID)
            if let writer, now >= due, !writer.isBusy {
                due = now + 1
                let before = Self.now(CLOCK_THREAD_CPUTIME_ID)
                let snapshot = subject.snapshot
                pauses.append(Self.now(CLOCK_THREAD_CPUTIME_ID) - before)
                writer.write(snapshot)
            }
            if now - start >= seconds { break }
        }
        return Double(events) / (Self.now(CLOCK_THREAD_CPUTIME_ID) - start)
    }

    fileprivate static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// A program with its input.
private protocol Subject {
    /// Processes a handful of batches. Returns how many events they had.
    func processSome() throws -> Int
    var snapshot: EngineSnapshot { get }
}

/// Encodes snapshots on a thread of its own.
private final class SnapshotWriter: Sendable {
    private let queue = DispatchQueue(label: "checkpoints")
    private let state = Mutex((isBusy: false, count: 0, bytes: 0, seconds: 0.0))

    var isBusy: Bool { self.state.withLock { $0.isBusy } }

    func write(_ snapshot: EngineSnapshot) {
        self.state.withLock { $0.isBusy = true }
        // `finish` waits for it.
        self.queue.async {
            let start = CheckpointBench.now(CLOCK_THREAD_CPUTIME_ID)
            let bytes = snapshot.checkpoint.encoded()
            let seconds = CheckpointBench.now(CLOCK_THREAD_CPUTIME_ID) - start
            self.state.withLock { state in
                state = (false, state.count + 1, bytes.count, state.seconds + seconds)
            }
        }
    }

    func finish() -> (count: Int, bytes: Int, seconds: Double) {
        self.queue.sync {}
        return self.state.withLock { ($0.count, $0.bytes, $0.seconds) }
    }
}

/// A program over batches whose input is the same lines over and over.
private final class Batches: Subject {
    private let pipeline: BatchPipeline
    private var text: [UInt8] = []
    private var place = 0
    private var reader = EventFileReader()

    private static let padding = [UInt8](repeating: 0, count: BatchPipeline.paddingBytes)

    /// - Parameters:
    ///   - before: Lines that are processed before anything is measured.
    ///   - text: The lines of which `processSome` takes some.
    init(_ source: String, before: [UInt8], text: [UInt8]) throws {
        guard let plan = Plan.load(source).plan, let pipeline = BatchPipeline(plan) else {
            throw ValidationError("the program of the checkpoint benchmark is wrong")
        }
        self.pipeline = pipeline
        self.text = before + Self.padding
        repeat { _ = try self.processSome() } while self.place > 0
        self.text = text + Self.padding
    }

    var snapshot: EngineSnapshot { self.pipeline.snapshot }

    func processSome() throws -> Int {
        let before = self.pipeline.counters.processed
        let end = min(self.place + EngineRuns.smallChunk, self.text.count - BatchPipeline.paddingBytes)
        let isLast = end == self.text.count - BatchPipeline.paddingBytes
        let taken = try self.text.withUnsafeBufferPointer { bytes in
            try self.pipeline.take(
                UnsafeBufferPointer(rebasing: bytes[self.place..<end]),
                reader: &self.reader,
                isLast: isLast,
                rejected: { throw $0.error },
                output: { _ in }
            )
        }
        self.place = isLast ? 0 : self.place + taken
        return Int(self.pipeline.counters.processed - before)
    }

    // MARK: - Programs

    /// Sums by key.
    static func sums(_ keyCount: Int) throws -> Batches {
        let source = """
            stream Sums = Tick.partition_by(symbol).window(100)
                .aggregate(mean: avg(price), high: max(price), n: count())
                .emit(symbol: symbol, mean: mean, high: high)
            """
        var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        var text: [UInt8] = []
        text.reserveCapacity(keyCount * 90)
        for key in (0..<keyCount).shuffled(using: &random) {
            let price = "\(Int.random(in: 0..<200, using: &random)).\(10 + key % 90)"
            text.append(contentsOf: Self.line("Tick", key, price).utf8)
        }
        // All keys are there before anything is measured.
        return try Batches(source, before: text, text: text)
    }

    /// A sequence of which a million runs wait for their end: each event ends one, or begins another.
    static func runs(_ keyCount: Int) throws -> Batches {
        let source = """
            stream Pairs = Begin as a -> End where price > a.price as b
                .partition_by(symbol).within(1h)
                .emit(symbol: a.symbol, from: a.price, to: b.price)
            """
        var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        var (before, text): ([UInt8], [UInt8]) = ([], [])
        for key in 0..<keyCount { before.append(contentsOf: Self.line("Begin", key, "1").utf8) }
        for key in (0..<keyCount).shuffled(using: &random) {
            text.append(contentsOf: Self.line("End", key, "2").utf8)
            text.append(contentsOf: Self.line("Begin", key, "1").utf8)
        }
        return try Batches(source, before: before, text: text)
    }

    private static func line(_ type: String, _ key: Int, _ price: String) -> String {
        """
        {"event_type":"\(type)","timestamp":1700000000000,"symbol":"S\(key)","price":\(price)}

        """
    }
}
