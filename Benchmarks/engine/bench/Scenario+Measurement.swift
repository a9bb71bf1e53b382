import ArgumentParser
import Dispatch
import Engine
import Floor
import VPL

extension Scenario {
    /// Measures everything that the scenario has, engine and floor by turns, and prints it.
    func measure(_ inputs: Inputs, rounds: Int, into figures: inout Figures) throws {
        let ticks =
            self.makeTicks?(inputs.count) ?? self.symbols.map { inputs.triples(symbols: $0) }
            ?? (self.readsPairs ? inputs.pairs : inputs.ticks)
        try self.measureText(ticks, rounds, &figures)
        try self.measureColumns(ticks, rounds, &figures)
        if self.readsEventFile { try self.measureEventFile(inputs.eventFile, rounds, &figures) }
        if self.readsFrames { try self.measureFrames(ticks, rounds, &figures) }
        // Two threads are disturbed more than one by others on the machine.
        if self.hasShards { try self.measureShards(ticks, 4 * rounds + 1, &figures) }
    }

    private func plan() throws -> Plan {
        let (plan, diagnostics) = Plan.load(self.program)
        guard let plan else { throw ValidationError("the program of \(self.name) is wrong: \(diagnostics)") }
        return plan
    }

    /// A new one for each run: time would go back otherwise.
    private func pipeline() throws -> BatchPipeline {
        guard let pipeline = BatchPipeline(try self.plan()) else {
            throw ValidationError("the program of \(self.name) does not run over batches")
        }
        return pipeline
    }

    private func measureText(_ ticks: Ticks, _ rounds: Int, _ figures: inout Figures) throws {
        var (ours, floors, allocations): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<rounds {
            let pipeline = try self.pipeline()
            EngineRuns.warmUp(ticks, pipeline, rounds: self.warmUpRounds)
            let before = floor_allocations()
            let run = try EngineRuns.runText(ticks, pipeline, chunk: EngineRuns.smallChunk)
            allocations.append(Double(floor_allocations() - before) / Double(ticks.count))
            ours.append(run.rate)
            guard let floor = self.floor?.runJSON(ticks) else { continue }
            try run.check(against: floor, self.name)
            floors.append(floor.rate)
        }
        self.report("JSON", ours, floors, &figures)
        figures["\(self.name).allocations_per_event"] = allocations.median
        print("\(self.name): \(decimals(allocations.median, 4)) allocations per event from JSON, output included")
    }

    private func measureColumns(_ ticks: Ticks, _ rounds: Int, _ figures: inout Figures) throws {
        var (ours, floors): ([Double], [Double]) = ([], [])
        for _ in 0..<rounds {
            let pipeline = try self.pipeline()
            EngineRuns.warmUp(ticks, pipeline, rounds: self.warmUpRounds)
            // A batch that is run again and again has no more symbols than rows.
            let run =
                self.floor == nil && self.symbols != nil
                ? EngineRuns.runFreshColumns(ticks, pipeline) : EngineRuns.runColumns(ticks, pipeline)
            ours.append(run.rate)
            guard let floor = self.floor?.runColumns(ticks) else { continue }
            try run.check(against: floor, self.name)
            floors.append(floor.rate)
        }
        self.report("columns", ours, floors, &figures)
    }

    /// From the notation of event files; the floor reads JSON only.
    private func measureEventFile(_ ticks: Ticks, _ rounds: Int, _ figures: inout Figures) throws {
        let rates = try (0..<rounds).map { _ in
            try EngineRuns.runText(ticks, try self.pipeline(), chunk: EngineRuns.smallChunk).rate
        }
        self.report("evt", rates, [], &figures)
    }

    /// From frames of events, which the engine takes without parsing.
    private func measureFrames(_ ticks: Ticks, _ rounds: Int, _ figures: inout Figures) throws {
        let frames = try ticks.frames()
        let rates = try (0..<rounds).map { _ in
            try EngineRuns.runFrames(frames, try self.pipeline(), events: ticks.count).rate
        }
        self.report("frames", rates, [], &figures)
        let bytes = Double(frames.reduce(0) { $0 + $1.count }) / Double(ticks.count)
        figures["\(self.name).frames.bytes_per_event"] = bytes
        print("\(self.name): \(decimals(bytes, 1)) bytes per event in frames")
    }

    private func report(_ input: String, _ ours: [Double], _ floors: [Double], _ figures: inout Figures) {
        figures["\(self.name).\(input).per_cpu_s"] = ours.median
        var text = "\(self.name) from \(input): \(millions(ours.median)) events per CPU second"
        if !floors.isEmpty {
            let ratio = zip(ours, floors).map { $0 / $1 }.median
            figures["\(self.name).\(input).floor_per_cpu_s"] = floors.median
            figures["\(self.name).\(input).ratio"] = ratio
            text += ", floor \(millions(floors.median)), \(decimals(ratio, 3)) of it"
        }
        print(text)
    }

    // MARK: - Shards

    private static let shardCount = 2

    /// Two shards beside one, and beside a pipeline without any: events per CPU second, which sharing them out makes fewer,
    /// and time on the clock, which needs two processors that have nothing else to do.
    private func measureShards(_ ticks: Ticks, _ rounds: Int, _ figures: inout Figures) throws {
        let plan = try self.plan()
        let key = plan.obstacles(toPartitioningBy: nil).isEmpty ? nil : "symbol"
        func run(shards count: Int) throws -> Run {
            guard let shards = ShardedPipeline(plan, key: key, shardCount: count) else {
                throw ValidationError("the program of \(self.name) does not run in shards")
            }
            return try EngineRuns.runShards(
                ticks,
                shards,
                chunk: ShardedPipeline.pieceBytesMax * count,
                DispatchQueue.concurrentPerform
            )
        }
        var (plain, one, several): ([Run], [Run], [Run]) = ([], [], [])
        for _ in 0..<rounds {
            plain.append(try EngineRuns.runText(ticks, try self.pipeline(), chunk: EngineRuns.largeChunk))
            one.append(try run(shards: 1))
            several.append(try run(shards: Self.shardCount))
            try several[several.count - 1].check(against: plain[plain.count - 1], self.name)
        }
        let rates = [plain, one, several].map { $0.map(\.rate) }
        let efficiency = zip(rates[2], rates[1]).map { $0 / $1 }.median
        let ofPlain = zip(rates[2], rates[0]).map { $0 / $1 }.median
        let speedUp = zip(plain, several).map { $0.wallSeconds / $1.wallSeconds }.median
        figures["\(self.name).shards.per_cpu_s"] = rates[2].median
        figures["\(self.name).shards.one_per_cpu_s"] = rates[1].median
        figures["\(self.name).shards.plain_per_cpu_s"] = rates[0].median
        figures["\(self.name).shards.efficiency"] = efficiency
        figures["\(self.name).shards.of_plain"] = ofPlain
        figures["\(self.name).shards.speed_up"] = speedUp
        print(
            "\(self.name) in \(Self.shardCount) shards: \(millions(rates[2].median)) events per CPU second, "
                + "\(decimals(efficiency, 3)) of one shard's \(millions(rates[1].median)) and \(decimals(ofPlain, 3)) of the "
                + "\(millions(rates[0].median)) without shards; \(decimals(speedUp, 2)) times as fast on the clock as without"
        )
    }
}
