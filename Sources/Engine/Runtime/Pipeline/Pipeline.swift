/// A running program. Owned by one thread at a time; it does no I/O and knows no clock.
///
/// An event goes through every stream that reads its type, in the order in which the streams are declared; what a stream
/// results in is queued under the stream's name. The queue is drained before the next event is taken.
public struct Pipeline: ~Copyable, Sendable {
    /// What `now()` is in the program; nil, as in a simulation, for the time of the event being processed.
    public var now: Int64? {
        get { self.evaluator.now }
        set { self.evaluator.now = newValue }
    }
    public var counters: Counters {
        var counters = self.counted
        counters.limits.joinEventsForgotten = self.joins.reduce(0) { $0 + $1.forgotten }
        counters.limits.runsDropped = self.sequences.reduce(0) { $0 + $1.dropped }
        counters.limits.runsRefused = self.sequences.reduce(0) { $0 + $1.refused }
        counters.limits.runsEvicted = self.sequences.reduce(0) { $0 + $1.evicted }
        counters.limits.trendGroupsDropped = self.trends.reduce(0) { $0 + $1.dropped }
        counters.limits.trendCountsSaturated = self.trends.reduce(0) { $0 + $1.saturated }
        counters.limits.distinctKeysForgotten = self.memories.reduce(0) { $0 + $1.forgotten }
        counters.limits.evaluationsCut = self.evaluator.cuts
        counters.limits.eventsLateDropped = self.eventsLateDropped
        return counters
    }
    var counted = Counters()
    /// What was cut of payloads.
    public internal(set) var cuts = EventCuts()
    /// Of which types the events are; nil where nobody wants to know.
    public var types: TypeCounts?
    private var typeNumbers: [String: Int] = [:]
    public let plan: Plan

    var evaluator: Evaluator
    var counts: [Int64]
    var memories: [RecencySet]
    var windows: [WindowState]
    /// In place of those windows that wait for a watermark.
    var eventTimeWindows: [EventTimeWindows?]
    var watermarkStates: [WatermarkState]
    /// In place of those windows that sum up while they slide, and of the aggregates after them.
    var slidingAggregates: [SlidingAggregate?]
    /// In place of those tumbling windows that sum up, and of the aggregates after them.
    var windowSums: [KeyedSums?]
    /// The order in which windows are asked for what they hold.
    let sourcesFirst: [Int]
    var joins: [JoinState]
    var sequences: [SequenceState]
    var trends: [TrendState]
    /// The aggregates over all events so far.
    var sums: [KeyedSums]
    private var queue: [Queued] = []
    /// Notes what becomes of events; nil where nobody wants to know.
    var journal: TraceJournal?
    /// The variables of contexts other than that of the stream being run, each by its place.
    private var otherGlobals: [[Value?]]
    private var context = 0
    /// Set where contexts run apart from each other, and this is one of them.
    var exchange: ContextExchange?

    struct Queued {
        let event: Event
        let depth: Int
    }

    /// An event that is the result of so many streams is dropped.
    static let depthMax = 10
    /// How many keys `.distinct` remembers.
    static let distinctKeysMax = 100_000

    public init(_ plan: Plan, budget: StateBudget = StateBudget()) {
        self.plan = plan
        self.evaluator = Evaluator(code: plan.code, functions: plan.functions, globals: plan.globals)
        self.counts = Array(repeating: 0, count: plan.counterCount)
        self.memories = Array(repeating: RecencySet(capacity: Self.distinctKeysMax), count: plan.memoryCount)
        self.sourcesFirst = plan.sourcesFirst
        self.windows = plan.windows.map { WindowState($0) }
        self.slidingAggregates = plan.slidingAggregates
        self.windowSums = plan.windowSums
        self.eventTimeWindows = plan.windows.map { EventTimeWindows($0) }
        self.watermarkStates = plan.streams.compactMap { stream in stream.watermark.map { WatermarkState($0.0) } }
        self.joins = plan.streams.compactMap { $0.join.map { JoinState($0.0) } }
        self.sequences = plan.streams.compactMap { stream in
            stream.sequence.map { SequenceState($0.0, stream: stream.name, budget: budget) }
        }
        self.trends = plan.streams.compactMap { stream in
            stream.trends.map { TrendState($0.0, stream: stream.name) }
        }
        self.sums = plan.sums
        let hasOwnGlobals = plan.contextCount > 1 && plan.functions.contains(where: \.changesGlobals)
        self.otherGlobals = Array(repeating: plan.globals, count: hasOwnGlobals ? plan.contexts.count + 1 : 0)
    }

    /// Each context has its own copy of the global variables.
    mutating func enterContext(of stream: CompiledStream) {
        let context = stream.context.map { $0 + 1 } ?? 0
        guard context != self.context, !self.otherGlobals.isEmpty else { return }
        swap(&self.evaluator.globals, &self.otherGlobals[self.context])
        swap(&self.evaluator.globals, &self.otherGlobals[context])
        self.context = context
    }

    /// Whether contexts have variables of their own.
    var hasOwnGlobals: Bool { !self.otherGlobals.isEmpty }

    /// - Parameter context: 0 is the default one.
    func globals(ofContext context: Int) -> [Value?] {
        context == self.context ? self.evaluator.globals : self.otherGlobals[context]
    }

    mutating func setGlobals(_ globals: [Value?], ofContext context: Int) {
        if context == self.context { self.evaluator.globals = globals } else { self.otherGlobals[context] = globals }
    }

    /// A pipeline that holds what another one does, and goes its own way from there.
    init(copying other: borrowing Pipeline) {
        self.plan = other.plan
        self.evaluator = other.evaluator
        self.counted = other.counted
        self.cuts = other.cuts
        self.types = other.types
        self.typeNumbers = other.typeNumbers
        self.counts = other.counts
        self.memories = other.memories
        self.windows = other.windows
        self.eventTimeWindows = other.eventTimeWindows
        self.watermarkStates = other.watermarkStates
        self.slidingAggregates = other.slidingAggregates
        self.windowSums = other.windowSums
        self.sourcesFirst = other.sourcesFirst
        self.joins = other.joins
        self.sequences = other.sequences
        self.trends = other.trends
        self.sums = other.sums
        self.queue = other.queue
        self.otherGlobals = other.otherGlobals
        self.context = other.context
    }

    /// From here on it counts the types of the events.
    public mutating func countTypes() {
        let names = self.plan.inputTypes
        self.types = TypeCounts(typeCount: names.count)
        for (number, name) in names.enumerated() { self.typeNumbers[name] = number }
    }

    /// Processes events one after the other, each completely before the next.
    public mutating func process(_ events: [Event], into outputs: inout Outputs) {
        for event in events { self.process(event, into: &outputs) }
    }

    /// Processes one event and everything that follows from it.
    public mutating func process(_ event: Event, into outputs: inout Outputs) {
        self.counted.processed += 1
        if self.types != nil { self.types?.add(type: self.typeNumbers[event.type] ?? .max) }
        let emittedBefore = outputs.emitted.count
        self.queue.append(Queued(event: event, depth: 0))
        self.drain(into: &outputs)
        self.counted.emitted += UInt64(outputs.emitted.count - emittedBefore)
    }

    /// How many events each `.tap` has seen, by its name.
    public var taps: [String: Int64] { self.plan.taps(self.counts) }

    // MARK: - Routing

    mutating func drain(into outputs: inout Outputs) {
        var position = 0
        while position < self.queue.count {
            let next = self.queue[position]
            position += 1
            self.journal?.begin(next.event, depth: next.depth)
            for stream in self.plan.routes[next.event.type] ?? [] {
                self.deliver(next, to: self.plan.streams[stream], into: &outputs)
            }
        }
        self.queue.removeAll(keepingCapacity: true)
        self.takePrinted(into: &outputs)
    }

    /// Gives an event to a stream that reads its type.
    mutating func deliver(_ queued: Queued, to stream: CompiledStream, into outputs: inout Outputs) {
        self.enterContext(of: stream)
        if let (_, state) = stream.watermark {
            self.runInEventTime(stream, state, on: queued, into: &outputs)
        } else {
            self.run(stream, on: queued, into: &outputs)
        }
    }

    mutating func takePrinted(into outputs: inout Outputs) {
        outputs.printed.append(contentsOf: self.evaluator.printed)
        self.evaluator.printed.removeAll(keepingCapacity: true)
    }

    /// Queues a result under a name, if any stream reads it.
    private mutating func route(_ event: Event, as type: String, depth: Int) {
        let isRead = self.plan.routes[type] != nil
        guard isRead || self.exchange?.isRead(type) ?? false else { return }
        guard depth < Self.depthMax else {
            self.counted.limits.resultsTooDeep += 1
            return
        }
        var renamed = event
        renamed.type = type
        renamed.captured = []
        if self.exchange != nil {
            self.exchange?.take(renamed, isReadHere: isRead)
        } else {
            self.queue.append(Queued(event: renamed, depth: depth))
        }
    }

    mutating func run(_ stream: CompiledStream, on queued: Queued, into outputs: inout Outputs) {
        var isTyped = false
        self.journal?.begin(stream.name)
        if let (_, state) = stream.sequence {
            let room = self.journal == nil ? nil : self.room(state, for: queued.event)
            if self.journal != nil { self.noteRuns(state, offered: queued.event) }
            let matches = self.sequences[state].take(queued.event, &self.evaluator)
            if let room { self.correctRuns(state, offered: queued.event, room) }
            for match in matches {
                isTyped = false
                self.run(stream, from: 0, on: [match], depth: queued.depth, isTyped: &isTyped, into: &outputs)
            }
            return
        }
        if let (_, state) = stream.trends {
            if self.journal != nil { self.noteTrends(state, offered: queued.event) }
            if let result = self.trends[state].take(queued.event, &self.evaluator) {
                self.run(stream, from: 0, on: [result], depth: queued.depth, isTyped: &isTyped, into: &outputs)
            }
            return
        }
        guard let (join, state) = stream.join else {
            guard self.admits(queued.event, to: stream) else {
                if self.journal != nil { self.noteRefusal(of: queued.event, by: stream) }
                return
            }
            self.run(stream, from: 0, on: [queued.event], depth: queued.depth, isTyped: &isTyped, into: &outputs)
            return
        }
        for (source, described) in join.sources.enumerated() where described.type == queued.event.type {
            guard let partners = self.joins[state].add(queued.event, to: source) else {
                if self.journal != nil { self.noteLoneliness(of: queued.event, from: source, in: join, state) }
                continue
            }
            let event = self.joins[state].joined(partners, type: stream.name)
            self.evaluator.event = event
            guard join.conditions.allSatisfy({ self.evaluator.holds($0) }) else {
                if self.journal != nil { self.noteRefusal(of: event, by: join) }
                continue
            }
            self.run(stream, from: 0, on: [event], depth: queued.depth, isTyped: &isTyped, into: &outputs)
        }
    }

    /// Takes a batch through the operations from `place` on, and routes what is left. Where no aggregate follows, each event
    /// goes through all of them before the next.
    ///
    /// - Parameter isTyped: Whether the events carry a type of their own, given by `.emit as` or `.process`, that streams
    ///   may read.
    mutating func run(
        _ stream: CompiledStream,
        from place: Int,
        on events: [Event],
        depth: Int,
        isTyped: inout Bool,
        into outputs: inout Outputs
    ) {
        var batch = events
        for place in place..<stream.operations.count {
            if batch.count > 1, place >= stream.individualPlace {
                let before = isTyped
                for event in batch {
                    isTyped = before
                    self.run(stream, from: place, on: [event], depth: depth, isTyped: &isTyped, into: &outputs)
                }
                return
            }
            if case .window(let state) = stream.operations[place] {
                if self.eventTimeWindows[state] != nil {
                    self.gather(batch, in: state, of: stream, at: place, depth: depth, into: &outputs)
                    return
                }
                let slides = self.slidingAggregates[state] != nil
                let isSummed = slides || self.windowSums[state] != nil
                for event in batch {
                    let fired =
                        slides
                        ? self.slidingAggregates[state]?.add(event, &self.evaluator).map { [$0] }
                        : isSummed
                            ? self.windowSums[state]?.add(event, &self.evaluator).map { [$0] }
                            : self.windows[state].add(event)
                    if self.journal != nil { self.noteWindow(state, taking: event, giving: fired) }
                    guard let fired else { continue }
                    let next = place + (isSummed ? 2 : 1)
                    self.run(stream, from: next, on: fired, depth: depth, isTyped: &isTyped, into: &outputs)
                }
                return
            }
            let arrived = self.journal == nil ? [] : batch
            self.apply(stream.operations[place], of: stream, to: &batch, isTyped: &isTyped, into: &outputs)
            if self.journal != nil { self.note(stream.operations[place], of: stream, taking: arrived, giving: batch) }
            if batch.isEmpty { return }
        }
        if self.journal != nil { self.noteResults(batch, of: stream, isTyped: isTyped, depth: depth + 1) }
        for event in batch {
            self.route(event, as: stream.name, depth: depth + 1)
            if isTyped, event.type != stream.name { self.route(event, as: event.type, depth: depth + 1) }
        }
    }

    /// An event of a merged type passes once if any of its branches lets it.
    mutating func admits(_ event: Event, to stream: CompiledStream) -> Bool {
        for branch in stream.branches where branch.type == event.type {
            guard let condition = branch.condition else { return true }
            self.evaluator.event = event
            if self.evaluator.holds(condition) { return true }
        }
        return false
    }

    // MARK: - Operations

    private mutating func apply(
        _ operation: CompiledOperation,
        of stream: CompiledStream,
        to batch: inout [Event],
        isTyped: inout Bool,
        into outputs: inout Outputs
    ) {
        switch operation {
        case .filter(let condition): self.keep(&batch) { $0.evaluator.holds(condition) }
        case .window: break
        case .pattern(let patterns):
            if !patterns.allSatisfy({ self.evaluator.passes(batch, $0.node) }) { batch = [] }
        case .aggregate(let aggregate, let state):
            guard let state else {
                batch = self.addUp(batch, aggregate, of: stream)
                return
            }
            for index in batch.indices {
                if let sum = self.sums[state].add(batch[index], &self.evaluator) { batch[index] = sum }
            }
        case .select(let fields):
            for index in batch.indices { self.replaceFields(of: &batch[index], by: fields) }
        case .emit(let type, let hasOwnType, let fields):
            isTyped = hasOwnType
            for index in batch.indices {
                if let fields { self.replaceFields(of: &batch[index], by: fields) }
                batch[index].type = type
            }
            outputs.emitted.append(contentsOf: batch)
        case .process(let expression, let isOutput):
            isTyped = true
            batch = self.events(from: expression, for: batch)
            if isOutput { outputs.emitted.append(contentsOf: batch) }
        case .distinct(let key, let memory): self.keep(&batch) { $0.isNew(key, in: memory) }
        case .limit(let limit, let counter):
            self.keep(&batch) { pipeline in
                guard pipeline.counts[counter] < limit else { return false }
                pipeline.counts[counter] += 1
                return true
            }
        case .deliver(let sink):
            for event in batch {
                outputs.deliveries.append(Delivery(sink: sink, payload: EventEncoder.sinkPayload(event)))
            }
        case .print(let values):
            for event in batch { self.print(values, event, of: stream.name) }
        case .log(let log):
            for event in batch { outputs.logged.append(self.entry(log, event, of: stream.name)) }
        case .tap(let taps):
            for tap in taps { self.counts[tap.counter] += Int64(batch.count) }
        }
    }

    // MARK: - Aggregates

    /// One event for each partition of the batch, in the order of their first events.
    private mutating func addUp(_ batch: [Event], _ aggregate: CompiledAggregate, of stream: CompiledStream) -> [Event]
    {
        var groups: [Aggregation] = []
        var places: [ExactText: Int] = [:]
        for event in batch {
            let key = aggregate.key.flatMap { event.fields[$0] }
            let text = ExactText(key.partitionText)
            let place = places[text] ?? groups.count
            if place == groups.count {
                groups.append(Aggregation(aggregate, key: key))
                places[text] = place
            }
            self.evaluator.event = event
            groups[place].add(event, aggregate, &self.evaluator)
        }
        return groups.map { $0.result(aggregate, type: stream.name) }
    }

    private mutating func keep(_ batch: inout [Event], where isKept: (inout Pipeline) -> Bool) {
        var kept = 0
        for index in batch.indices {
            self.evaluator.event = batch[index]
            guard isKept(&self) else { continue }
            if kept < index { batch.swapAt(kept, index) }
            kept += 1
        }
        batch.removeLast(batch.count - kept)
    }

    private mutating func replaceFields(of event: inout Event, by projections: [Projection]) {
        self.evaluator.event = event
        event.fields = self.evaluator.evaluate(projections)
        event.captured = []
    }

    private mutating func events(from expression: NodeID, for batch: [Event]) -> [Event] {
        self.evaluator.collected = []
        for event in batch {
            self.evaluator.event = event
            _ = self.evaluator.evaluate(expression)
        }
        let events = self.evaluator.collected ?? []
        self.evaluator.collected = nil
        return events
    }

    /// The key is the value of the expression, missing being null, or else all fields.
    private mutating func isNew(_ key: NodeID?, in memory: Int) -> Bool {
        let value: Value
        if let key {
            value = self.evaluator.evaluate(key) ?? .null
        } else {
            value = .map(self.evaluator.event?.fields ?? Fields())
        }
        return self.memories[memory].insert(value)
    }

    private mutating func print(_ values: [NodeID], _ event: Event, of stream: String) {
        self.evaluator.event = event
        let values = values.map { self.evaluator.evaluate($0) }
        self.evaluator.printed.append(Outputs.printedLine(of: stream, values.isEmpty ? .event(event) : .values(values)))
    }

    private mutating func entry(_ log: CompiledLog, _ event: Event, of stream: String) -> LogEntry {
        self.evaluator.event = event
        return LogEntry(
            stream: stream,
            level: log.level.flatMap { self.evaluator.evaluate($0) },
            message: log.message.map { self.evaluator.evaluate($0) },
            data: log.data.flatMap { self.evaluator.evaluate($0) },
            event: event
        )
    }
}
