/// Runs a program over batches. It gives for them what `Pipeline` gives for their events one after the other.
public final class BatchPipeline {
    public let plan: Plan
    public var counters: Pipeline.Counters {
        var counters = self.counted
        counters.limits.joinEventsForgotten = self.joins.reduce(0) { $0 + ($1?.forgotten ?? 0) }
        counters.limits.trendCountsSaturated = self.trends.reduce(0) { $0 + ($1?.saturated ?? 0) }
        counters.limits.runsDropped = self.sequences.reduce(0) { $0 + ($1?.dropped ?? 0) }
        counters.limits.runsRefused = self.sequences.reduce(0) { $0 + ($1?.refused ?? 0) }
        counters.limits.runsEvicted = self.sequences.reduce(0) { $0 + ($1?.evicted ?? 0) }
        counters.limits.distinctKeysForgotten = self.memories.reduce(0) { $0 + $1.forgotten }
        counters.limits.evaluationsCut = self.evaluator.scalar.cuts
        return counters
    }
    var counted = Pipeline.Counters()
    /// What was cut of payloads.
    public internal(set) var cuts = EventCuts()

    /// Of which types the events are; nil where nobody wants to know.
    public var types: TypeCounts?

    let program: BatchProgram
    let batch: Batch
    let evaluator: ColumnEvaluator
    var counts: [Int64]
    /// The numbers of the types that each stream reads from the input, and under which condition.
    private let inputs: [[(type: UInt16, condition: NodeID?)]]
    /// What each step of the batch under way results in.
    private var results: [[Frame]]
    private let allRows: UnsafeMutablePointer<UInt16>
    /// By stream, and by the place of the operation.
    let aggregates: [[Int: ColumnAggregate]]
    let joins: [ColumnJoin?]
    let trends: [ColumnTrends?]
    let sequences: [ColumnSequence?]
    /// The rank of each step: see `Ways`.
    let ranks: [Int]
    /// By stream: which of a join's sources has which type.
    private let joinTypes: [[Int]]
    private(set) var emitted = RankedRows<Void>()
    /// The results that go to other contexts, each with its step.
    private(set) var departures = RankedRows<Int>()
    private var asides = BatchAsides()
    var memories: [RecencySet]
    let writer: RowWriter

    /// How many events a batch holds at most.
    public static let rowsMax = Batch.rowsMax

    /// Nil for a program that needs one event after the other.
    public convenience init?(_ plan: Plan, budget: StateBudget = StateBudget()) {
        self.init(plan, budget: budget, heapBytesMax: Self.heapBytesMax)
    }

    /// How many bytes of texts a batch may make before they are kept one by one.
    static let heapBytesMax = 1 << 30

    /// - Parameters:
    ///   - heapBytesMax: How many bytes of texts a batch may make before they are kept one by one.
    ///   - whole: The plan of which this is what one context runs.
    init?(_ plan: Plan, budget: StateBudget = StateBudget(), heapBytesMax: Int, partOf whole: Plan? = nil) {
        guard let program = BatchProgram(plan, partOf: whole) else { return nil }
        self.plan = plan
        self.program = program
        self.batch = Batch(program.schema, heapBytesMax: heapBytesMax)
        self.evaluator = ColumnEvaluator(plan, self.batch)
        self.writer = RowWriter(self.batch)
        self.counts = Array(repeating: 0, count: plan.counterCount)
        self.memories = Array(
            repeating: RecencySet(capacity: Pipeline.distinctKeysMax),
            count: plan.memoryCount
        )
        self.inputs = plan.streams.map { stream in
            stream.branches.map { (program.schema.type(named: $0.type), $0.condition) }
        }
        self.results = Array(repeating: [], count: program.steps.count)
        self.ranks = program.steps.indices.map { Ways.rank(depth: program.depth(ofStep: $0), step: $0) }
        let (batch, evaluator) = (self.batch, self.evaluator)
        self.sequences = plan.streams.map { stream in
            stream.isElsewhere
                ? nil : stream.sequence.map { ColumnSequence($0.0, of: stream, plan, batch, evaluator, budget: budget) }
        }
        self.aggregates = plan.streams.map { stream in
            var aggregates: [Int: ColumnAggregate] = [:]
            if stream.isElsewhere { return aggregates }
            for (place, operation) in stream.operations.enumerated() {
                guard case .aggregate(let aggregate, _) = operation else { continue }
                let window = stream.window(before: place, in: plan)
                aggregates[place] = ColumnAggregate(
                    window,
                    aggregate,
                    type: stream.name,
                    program.schema,
                    givesAllFields: program.givesAllFields
                )
            }
            return aggregates
        }
        self.joins = plan.streams.map { stream in
            stream.isElsewhere ? nil : stream.join.map { ColumnJoin($0.0, type: stream.name, program.schema) }
        }
        self.trends = plan.streams.map { stream in
            stream.isElsewhere ? nil : stream.trends.map { ColumnTrends($0.0, type: stream.name, program.schema) }
        }
        self.joinTypes = plan.streams.map { stream in
            let sources = stream.join?.0.sources ?? []
            return program.schema.types.names.map { name in sources.firstIndex { $0.type == name } ?? 0 }
        }
        self.allRows = .allocate(capacity: Batch.rowsMax)
        for row in 0..<Batch.rowsMax { self.allRows[row] = UInt16(row) }
    }

    deinit { self.allRows.deallocate() }

    /// What `now()` is in the program; nil, as in a simulation, for the time of the event being processed.
    public var now: Int64? {
        get { self.evaluator.scalar.now }
        set { self.evaluator.scalar.now = newValue }
    }

    /// Processes events, and gives their outputs in order.
    public func process(_ events: some Sequence<Event>, into outputs: inout Outputs) {
        for event in events {
            self.batch.append(event)
            if self.batch.isFull { self.runBatch(into: &outputs) }
        }
        self.runBatch(into: &outputs)
    }

    /// Processes the batch, appends what it gives, and clears it.
    func runBatch(into outputs: inout Outputs, emits: Bool = true) {
        self.run()
        if emits { self.appendEmitted(to: &outputs) }
        self.appendAsides(to: &outputs)
        self.clear()
    }

    func appendEmitted(to outputs: inout Outputs) {
        self.emitted.forEach { list, row in outputs.emitted.append(self.batch.event(row, in: list.frame)) }
    }

    /// Appends what the batch printed, logged and sent, each in the order of single events.
    public func appendAsides(to outputs: inout Outputs) {
        self.asides.append(to: &outputs, self.batch, self.writer)
    }

    /// How many events each `.tap` has seen, by its name.
    public var taps: [String: Int64] { self.plan.taps(self.counts) }

    /// How many events the batch emits that was run last.
    public var emittedCount: Int { self.emitted.count }

    /// Processes the batch. What it emits is in `emitted` until `clear`.
    public func run() {
        self.counted.processed += UInt64(self.batch.count)
        if self.types != nil { self.addTypes() }
        self.runAll { _ in nil }
    }

    /// Takes the batch through all streams. `results` gives what a stream results in already, or nil for one to be run.
    func runAll(_ results: (Int) -> Ways?) {
        self.batch.close()
        for stream in self.program.order { self.run(stream, results(stream)) }
        self.emitted.close()
        self.departures.close()
        self.asides.close()
        self.counted.emitted += UInt64(self.emitted.count)
    }

    /// From here on it counts the types of the events.
    public func countTypes() { self.types = TypeCounts(typeCount: self.program.schema.types.names.count) }

    private func addTypes() {
        guard var types = self.types.take() else { return }
        for row in 0..<self.batch.count { types.add(type: Int(self.batch.types[row])) }
        self.types = types
    }

    /// Makes the batch's events later, so that it can be run again as if it were the next one.
    public func delayBatch(by nanoseconds: Int64) {
        for row in 0..<self.batch.count { self.batch.times[row] &+= nanoseconds }
    }

    /// Forgets what the batch emitted and, unless it is to be run again, the batch.
    public func clear(keepingBatch isKept: Bool = false) {
        self.emitted.clear()
        self.departures.clear()
        self.asides.clear()
        self.evaluator.reset()
        if !isKept { self.batch.clear() }
    }

    // MARK: - Steps

    /// The events that a step reads.
    private func inputs(of step: BatchProgram.Step) -> [Frame] {
        guard let parent = step.parent else {
            var frame = Frame(
                selection: Selection(rows: self.allRows, count: self.batch.count, isDense: true),
                columns: self.batch.columns,
                times: self.batch.times,
                fields: nil,
                isInput: true,
                type: nil
            )
            frame.selection = self.rows(of: self.inputs[step.stream], in: frame)
            frame.number = self.evaluator.newFrameNumber()
            return frame.selection.count == 0 ? [] : [frame]
        }
        let branch = self.plan.streams[step.stream].branches.first { $0.type == step.type }
        return self.results[parent].compactMap { result in
            var frame = result
            // Conditions see some of its rows each.
            frame.number = 0
            frame.type = step.type
            frame.captured = []
            if let condition = branch?.condition { frame.selection = self.evaluator.rows(where: condition, in: frame) }
            frame.number = self.evaluator.newFrameNumber()
            return frame.selection.count == 0 ? nil : frame
        }
    }

    /// What comes to a stream on all ways.
    private func ways(to number: Int) -> Ways {
        var ways = Ways(frames: [], ranks: [])
        for step in self.program.ways[number] {
            for frame in self.inputs(of: self.program.steps[step]) {
                ways.frames.append(frame)
                ways.ranks.append(self.ranks[step])
            }
        }
        return ways
    }

    /// The rows of the input whose type is read, and for which its condition holds.
    private func rows(of inputs: [(type: UInt16, condition: NodeID?)], in frame: Frame) -> Selection {
        let types = self.batch.types
        if inputs.count == 1, let input = inputs.first {
            var ofType = frame
            let wanted = input.type
            ofType.selection = frame.selection.filtered(into: self.evaluator.newRows()) { types[$0] == wanted }
            return input.condition.map { self.evaluator.rows(where: $0, in: ofType) } ?? ofType.selection
        }
        if inputs.allSatisfy({ $0.condition == nil }) {
            // One look for all types, so that it does not matter in which order they come.
            let typeCount = self.program.schema.types.names.count
            return withUnsafeTemporaryAllocation(of: Bool.self, capacity: typeCount + 1) { isRead in
                isRead.initialize(repeating: false)
                for input in inputs { isRead[min(Int(input.type), typeCount)] = true }
                isRead[typeCount] = false
                return frame.selection.filtered(into: self.evaluator.newRows()) {
                    isRead[min(Int(types[$0]), typeCount)]
                }
            }
        }
        var isTaken = [Bool](repeating: false, count: Batch.rowsMax)
        for input in inputs {
            self.rows(of: [input], in: frame).forEach { isTaken[$0] = true }
        }
        return frame.selection.filtered(into: self.evaluator.newRows()) { isTaken[$0] }
    }

    /// Takes what comes to a stream, on all ways, through its operations.
    ///
    /// - Parameter results: What its operations see, where that is known already.
    private func run(_ number: Int, _ results: Ways?) {
        let stream = self.plan.streams[number]
        var ways = results ?? self.ways(to: number)
        if results == nil, !ways.isEmpty {
            if let sequence = self.sequences[number] { ways = sequence.run(ways, self.evaluator) }
            if let trends = self.trends[number] { ways.replace { trends.run($0, self.evaluator) } }
        }
        if let join = self.joins[number], let conditions = stream.join?.0.conditions, !ways.isEmpty {
            let sources = ways.ranks.map { rank in
                self.program.steps[Ways.step(ofRank: rank)].type.map {
                    self.joinTypes[number][Int(self.program.schema.type(named: $0))]
                }
            }
            ways.replace { join.run($0, sourceOfWay: sources, sourceOfType: self.joinTypes[number], self.evaluator) }
            for condition in conditions { self.filter(&ways, condition) }
        }
        // A stream has fewer operations than that.
        func rank(_ way: Int, _ place: Int) -> Int { ways.ranks[way] | place }
        for (place, operation) in stream.operations.enumerated() {
            if ways.isEmpty { break }
            switch operation {
            case .filter(let condition): self.filter(&ways, condition)
            case .select(let fields): self.change(&ways) { self.project(fields, $0) }
            case .emit(let type, _, let fields):
                self.change(&ways) { frame in
                    var frame = fields.map { self.project($0, frame) } ?? frame
                    frame.type = type
                    return frame
                }
                for (way, frame) in ways.frames.enumerated() {
                    if let frame { self.emitted.add(frame, rank: rank(way, place), ()) }
                }
            case .limit(let limit, let counter): self.limit(&ways, limit, counter)
            case .tap(let taps):
                let count = ways.frames.reduce(0) { $0 + ($1?.selection.count ?? 0) }
                for tap in taps { self.counts[tap.counter] += Int64(count) }
            case .window: break
            case .aggregate:
                if let aggregate = self.aggregates[number][place] {
                    ways.replace { aggregate.run($0, self.evaluator) }
                }
            case .distinct(let key, let memory): self.distinct(&ways, key, memory)
            case .deliver, .print, .log:
                for (way, frame) in ways.frames.enumerated() {
                    guard let frame else { continue }
                    self.asides.note(operation, of: stream.name, frame, rank: rank(way, place), self.evaluator)
                }
            case .process, .pattern: preconditionFailure("not a program for batches")
            }
            ways.removeEmpty()
        }
        for step in self.program.ways[number] { self.results[step].removeAll(keepingCapacity: true) }
        for (way, frame) in ways.frames.enumerated() {
            guard let frame else { continue }
            let step = Ways.step(ofRank: ways.ranks[way])
            self.results[step].append(frame)
            if stream.isHandedOver { self.departures.add(frame, rank: rank(way, stream.operations.count), step) }
        }
    }

    private func filter(_ ways: inout Ways, _ condition: NodeID) {
        self.change(&ways) { frame in
            var frame = frame
            frame.selection = self.evaluator.rows(where: condition, in: frame)
            return frame
        }
        ways.removeEmpty()
    }

    private func change(_ ways: inout Ways, _ body: (Frame) -> Frame) {
        for way in ways.frames.indices { ways.frames[way] = ways.frames[way].map(body) }
    }

    private func limit(_ ways: inout Ways, _ limit: Int64, _ counter: Int) {
        var left = max(0, limit - self.counts[counter])
        var passed = [Int](repeating: 0, count: ways.frames.count)
        ways.forEach { way, _ in
            guard left > 0 else { return }
            left -= 1
            passed[way] += 1
        }
        self.counts[counter] += Int64(passed.reduce(0, +))
        for way in ways.frames.indices { ways.frames[way]?.selection.count = passed[way] }
    }

    private func distinct(_ ways: inout Ways, _ key: NodeID?, _ memory: Int) {
        let columns = ways.frames.map { frame in
            frame.flatMap { frame in key.map { self.evaluator.column($0, in: frame) } }
        }
        let rows = ways.frames.map { _ in self.evaluator.newRows() }
        var counts = [Int](repeating: 0, count: rows.count)
        ways.forEach { way, row in
            guard let frame = ways.frames[way] else { return }
            let value =
                columns[way].map { self.batch.value($0, row) ?? .null } ?? .map(self.batch.event(row, in: frame).fields)
            guard self.memories[memory].insert(value) else { return }
            rows[way][counts[way]] = UInt16(truncatingIfNeeded: row)
            counts[way] += 1
        }
        for way in ways.frames.indices {
            ways.frames[way]?.selection = Selection(rows: rows[way], count: counts[way], isDense: false)
        }
    }

    private func project(_ projections: [Projection], _ frame: Frame) -> Frame {
        var result = frame
        result.isInput = false
        result.number = self.evaluator.newFrameNumber()
        for slot in result.columns.indices { result.columns[slot] = nil }
        result.fields = projections.map { projection in
            let column = self.evaluator.column(projection.value, in: frame)
            if let slot = self.batch.schema.slots.find(projection.name) { result.columns[slot] = column }
            return Frame.Field(name: projection.name, column: column)
        }
        return result
    }
}
