import ArgumentParser
import Engine
import Floor
import Foundation
import VPL

/// `engine-bench`: see `scripts/bench engine`.
@main
struct EngineBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine-bench",
        abstract: "Events per CPU second of the engine, beside a loop in C that does only the one thing."
    )

    @Argument(help: "The scenarios: filter, aggregate, join, crossover. All by default.")
    var names: [String] = []

    @Flag(help: "A tenth of the events, one round.")
    var quick = false

    @Option(help: "Write the figures to this file, as JSON.")
    var json: String?

    func run() throws {
        let count = self.quick ? 100_000 : 1_000_000
        let rounds = self.quick ? 1 : 5
        let ticks = Ticks(count: count)
        let pairs = Ticks(count: count, second: "Tock")
        let eventFile = Ticks(count: count, isEventFile: true)
        var figures: [String: Double] = [:]
        for scenario in Scenario.all where self.names.isEmpty || self.names.contains(scenario.name) {
            try scenario.measure(scenario.name == "join" ? pairs : ticks, rounds: rounds, into: &figures)
            if scenario.name == "filter" { try scenario.measureEventFile(eventFile, rounds: rounds, into: &figures) }
        }
        if let json {
            let data = try JSONSerialization.data(withJSONObject: figures, options: [.prettyPrinted, .sortedKeys])
            try data.write(to: URL(fileURLWithPath: json))
        }
    }
}

/// Seconds of CPU that `body` takes.
func cpuSeconds(_ body: () throws -> Void) rethrows -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    try body()
    return now() - start
}

/// KiB that the process had in memory at most.
func peakMemory() -> Int {
    var usage = rusage()
    // RUSAGE_SELF
    getrusage(0, &usage)
    return usage.ru_maxrss
}

/// The lines of a file of ticks: 200 symbols, prices from 0.00 to 199.99.
struct Ticks {
    let count: Int
    let bytes: [UInt8]
    /// Without the padding.
    let length: Int

    /// - Parameter second: The type of every other event.
    init(count: Int, second: String = "Tick", isEventFile: Bool = false) {
        var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        var text: [UInt8] = []
        text.reserveCapacity(count * 110)
        for number in 0..<count {
            let symbol = 1000 + Int.random(in: 0..<200, using: &random)
            let cents = String(100 + Int.random(in: 0..<100, using: &random)).dropFirst()
            let price = "\(Int.random(in: 0..<200, using: &random)).\(cents)"
            let json = """
                {"event_type":"\(number % 2 == 0 ? "Tick" : second)","timestamp":\(1_700_000_000_000 + number),"data":{"symbol":"S\(symbol)",\
                "price":\(price),"volume":\(number % 1000),"venue":"X"}}

                """
            let notation =
                "@\(number / 1000)s Tick { symbol: \"S\(symbol)\", price: \(price), volume: \(number % 1000), venue: \"X\" }\n"
            text.append(contentsOf: (isEventFile ? notation : json).utf8)
        }
        self.count = count
        self.length = text.count
        self.bytes = text + Array(repeating: 0, count: BatchPipeline.paddingBytes)
    }
}

/// Marsaglia's xorshift: the same ticks in every run.
struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state ^= self.state << 13
        self.state ^= self.state >> 7
        self.state ^= self.state << 17
        return self.state
    }
}

struct Scenario {
    let name: String
    let program: String

    static let all = [
        Scenario(
            name: "filter",
            program: """
                stream Large = Tick
                    .where(price > 180.0)
                    .emit(symbol: symbol, value: price * volume)
                """
        ),
        Scenario(
            name: "aggregate",
            program: """
                stream PerSymbol = Tick
                    .partition_by(symbol)
                    .window(100)
                    .aggregate(mean: avg(price), volume: sum(volume), high: max(price), n: count())
                    .emit(symbol: symbol, mean: mean, volume: volume, high: high, n: n)
                """
        ),
        Scenario(
            name: "join",
            program: """
                stream Spread = join(Tick, Tock)
                    .on(Tick.symbol == Tock.symbol)
                    .window(10s)
                    .where(Tock.price > Tick.price + 190.0)
                    .emit(symbol: Tick.symbol, spread: Tock.price - Tick.price)
                """
        ),
        Scenario(
            name: "crossover",
            program: """
                stream Fast = Tick.partition_by(symbol).aggregate(e: ema(price, 12))
                stream Slow = Tick.partition_by(symbol).aggregate(e: ema(price, 26))
                stream Cross = join(Fast, Slow)
                    .on(Fast.symbol == Slow.symbol)
                    .window(1m)
                    .where(Fast.e > Slow.e + 20.0)
                    .emit(symbol: Fast.symbol, distance: Fast.e - Slow.e)
                """
        ),
    ]

    func measure(_ ticks: Ticks, rounds: Int, into figures: inout [String: Double]) throws {
        let (plan, diagnostics) = Plan.load(self.program)
        func newPipeline() throws -> BatchPipeline {
            guard let plan, let pipeline = BatchPipeline(plan) else {
                throw ValidationError("the program of \(self.name) does not run over batches: \(diagnostics)")
            }
            return pipeline
        }
        var (fromJSON, fromColumns, floorJSON, floorColumns): ([Double], [Double], [Double], [Double]) = (
            [], [], [], []
        )
        var allocations: [Double] = []
        for _ in 0..<rounds {
            // New ones each time: time would go back otherwise.
            let (pipeline, columns) = (try newPipeline(), try newPipeline())
            floorJSON.append(self.rate(ticks.count, self.floorFromJSON(ticks)))
            let before = floor_allocations()
            fromJSON.append(self.rate(ticks.count, try self.engineFromText(ticks, pipeline)))
            allocations.append(Double(floor_allocations() - before) / Double(ticks.count))
            floorColumns.append(self.rate(ticks.count, self.floorParsed(ticks)))
            fromColumns.append(self.rate(ticks.count, self.engineParsed(ticks, columns)))
        }
        self.report("JSON", fromJSON, floorJSON, into: &figures)
        self.report("columns", fromColumns, floorColumns, into: &figures)
        let perEvent = allocations.sorted()[rounds / 2]
        figures["\(self.name).allocations_per_event"] = perEvent
        print(
            "\(self.name): \(String(format: "%.4f", perEvent)) allocations per event from JSON, output included; "
                + "peak memory so far \(peakMemory() / 1024) MiB, input included"
        )
    }

    /// From the notation of event files; the floor reads JSON.
    func measureEventFile(_ ticks: Ticks, rounds: Int, into figures: inout [String: Double]) throws {
        guard let plan = Plan.load(self.program).plan, let pipeline = BatchPipeline(plan) else { return }
        let rates = try (0..<rounds).map { _ in self.rate(ticks.count, try self.engineFromText(ticks, pipeline)) }
        figures["\(self.name).evt.per_cpu_s"] = rates.sorted()[rates.count / 2]
        print(
            "\(self.name) from .evt: \(String(format: "%.2f M", rates.sorted()[rates.count / 2] / 1e6)) events per CPU second"
        )
    }

    private func rate(_ count: Int, _ seconds: Double) -> Double { Double(count) / seconds }

    private func report(_ input: String, _ ours: [Double], _ floor: [Double], into figures: inout [String: Double]) {
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        let (rate, best, ratio) = (median(ours), median(floor), median(zip(ours, floor).map { $0 / $1 }))
        figures["\(self.name).\(input).per_cpu_s"] = rate
        figures["\(self.name).\(input).floor_per_cpu_s"] = best
        figures["\(self.name).\(input).ratio"] = ratio
        func millions(_ value: Double) -> String { String(format: "%.2f M", value / 1e6) }
        print(
            "\(self.name) from \(input): \(millions(rate)) events per CPU second, "
                + "floor \(millions(best)), \(String(format: "%.3f", ratio)) of it"
        )
    }

    // MARK: - From JSON Lines

    private func engineFromText(_ ticks: Ticks, _ pipeline: BatchPipeline) throws -> Double {
        var reader = EventFileReader()
        var output: [UInt8] = []
        var lines = 0
        let seconds = try cpuSeconds {
            try ticks.bytes.withUnsafeBufferPointer { bytes in
                var start = 0
                while start < ticks.length {
                    let end = min(ticks.length, start + 256 << 10)
                    let taken = try pipeline.take(
                        UnsafeBufferPointer(rebasing: bytes[start..<end]),
                        reader: &reader,
                        isLast: end == ticks.length,
                        rejected: { preconditionFailure("line \($0.error.line): \($0.error.message)") }
                    ) {
                        output.removeAll(keepingCapacity: true)
                        $0.appendOutputLines(to: &output)
                        lines += $0.emittedCount
                    }
                    start += taken
                }
            }
        }
        precondition(lines > 0)
        return seconds
    }

    private func floorFromJSON(_ ticks: Ticks) -> Double {
        var sum = 0.0
        var passed = 0
        let seconds = cpuSeconds {
            passed = ticks.bytes.withUnsafeBytes {
                floor_filter_json($0.baseAddress!.assumingMemoryBound(to: CChar.self), ticks.length, 180, &sum)
            }
        }
        precondition(passed > 0)
        return seconds
    }

    // MARK: - From parsed columns

    /// The first events, again and again: a batch that stays in the cache, as one does that was just received.
    private func engineParsed(_ ticks: Ticks, _ pipeline: BatchPipeline) -> Double {
        var emitted = 0
        return ticks.bytes.withUnsafeBufferPointer { bytes in
            pipeline.fill(from: UnsafeBufferPointer(rebasing: bytes[..<ticks.length]))
            let rounds = ticks.count / BatchPipeline.rowsMax
            let seconds = cpuSeconds {
                for _ in 0..<rounds {
                    pipeline.run()
                    emitted += pipeline.emittedCount
                    pipeline.clear(keepingBatch: true)
                    pipeline.delayBatch(by: Int64(BatchPipeline.rowsMax) * 1_000_000)
                }
            }
            pipeline.clear()
            precondition(emitted > 0)
            return seconds * Double(ticks.count) / Double(rounds * BatchPipeline.rowsMax)
        }
    }

    private func floorParsed(_ ticks: Ticks) -> Double {
        var parsed = [floor_tick](repeating: floor_tick(), count: ticks.count)
        _ = ticks.bytes.withUnsafeBytes {
            floor_parse($0.baseAddress!.assumingMemoryBound(to: CChar.self), ticks.length, &parsed)
        }
        var out = [Double](repeating: 0, count: BatchPipeline.rowsMax)
        var passed = 0
        let rounds = ticks.count / BatchPipeline.rowsMax
        let seconds = cpuSeconds {
            for _ in 0..<rounds { passed += floor_filter(parsed, BatchPipeline.rowsMax, 180, &out) }
        }
        precondition(passed > 0)
        return seconds * Double(ticks.count) / Double(rounds * BatchPipeline.rowsMax)
    }
}
