/// A context that runs over batches of columns.
final class ColumnsPart {
    let pipeline: BatchPipeline
    /// The types that go along each edge that leaves the context.
    private let edges: [Set<String>]
    /// By type: whether a stream of the context reads it.
    private let isRead: [Bool]
    /// By step: how its results stand behind the event that came to the context.
    private let waysOfSteps: [Way]
    /// By row of the pipeline's batch: which event of the round it is or follows from, and how.
    private var origins: [Int] = []
    private var ways: [Way] = []
    /// Without, all rows are events of the input, and nobody looks at `ways`.
    private let hasArrivals: Bool
    /// Scratch: rows of the round.
    private let rows: UnsafeMutablePointer<UInt16>
    private var departures: [[ContextArrival]]

    /// Nil for a part that needs one event after the other.
    ///
    /// - Parameters:
    ///   - whole: What all contexts run together.
    ///   - edges: The types that go along each edge that leaves the context.
    ///   - hasArrivals: Whether streams of other contexts are read.
    init?(_ part: Plan, of whole: Plan, edges: [[String]], hasArrivals: Bool) {
        guard let pipeline = BatchPipeline(part, heapBytesMax: BatchPipeline.heapBytesMax, partOf: whole) else {
            return nil
        }
        let steps = pipeline.program.steps
        // Here an event is taken with all that follows from it before the next one, in place of level by level. That is the
        // same where nothing comes in between, or nothing follows.
        guard !part.givesAtEnd, !hasArrivals || steps.allSatisfy({ $0.parent == nil }) else { return nil }
        self.pipeline = pipeline
        self.hasArrivals = hasArrivals
        self.edges = edges.map { Set($0) }
        self.isRead = pipeline.batch.schema.types.names.map { part.routes[$0] != nil }
        var ways: [Way] = []
        for step in steps {
            let way = step.parent.map { parent in
                let stream = steps[parent].stream
                let result = step.type == part.streams[stream].name ? 0 : 1
                return ways[parent].appending(stream: stream, result: result)
            }
            ways.append(way ?? Way())
        }
        self.waysOfSteps = ways
        self.rows = .allocate(capacity: Batch.rowsMax)
        self.departures = edges.map { _ in [] }
    }

    deinit { self.rows.deallocate() }

    func take(
        _ round: ContextRound,
        _ arrivals: [ContextArrival],
        _ form: ContextOutputForm,
        into outputs: inout ContextOutputs
    ) -> [[ContextArrival]] {
        self.pipeline.now = round.now
        self.appendEvents(of: round.batch, arrivals[...], form, into: &outputs)
        self.run(form, into: &outputs)
        let departures = self.departures
        self.departures = departures.map { _ in [] }
        return departures
    }

    /// Events of the input that streams here read, each before what follows from it elsewhere.
    private func appendEvents(
        of batch: Batch,
        _ arrivals: ArraySlice<ContextArrival>,
        _ form: ContextOutputForm,
        into outputs: inout ContextOutputs
    ) {
        let (types, rows) = (batch.types, self.rows)
        var count = 0
        self.isRead.withUnsafeBufferPointer { isRead in
            for row in 0..<batch.count {
                let type = Int(types[row])
                rows[count] = UInt16(truncatingIfNeeded: row)
                count += type < isRead.count && isRead[type] ? 1 : 0
            }
        }
        var (taken, arrivals) = (0, arrivals)
        while taken < count || !arrivals.isEmpty {
            if self.pipeline.batch.isFull { self.run(form, into: &outputs) }
            var end = count
            if let arrival = arrivals.first {
                guard taken < count, Int(self.rows[taken]) <= arrival.origin else {
                    self.pipeline.batch.append(arrival.event)
                    self.origins.append(arrival.origin)
                    self.ways.append(arrival.way)
                    _ = arrivals.popFirst()
                    continue
                }
                end = (taken..<count).first { Int(self.rows[$0]) > arrival.origin } ?? count
            }
            let more = min(end - taken, Batch.rowsMax - self.pipeline.batch.count)
            self.pipeline.batch.append(batch, self.rows + taken, count: more, timeBefore: 0)
            for place in taken..<(taken + more) {
                self.origins.append(Int(self.rows[place]))
                if self.hasArrivals { self.ways.append(Way()) }
            }
            taken += more
        }
    }

    private func run(_ form: ContextOutputForm, into outputs: inout ContextOutputs) {
        guard self.pipeline.batch.count > 0 else { return }
        self.pipeline.run()
        switch form {
        case .events: self.pipeline.appendEmitted(to: &outputs.outputs)
        case .lines: if self.pipeline.emittedCount > 0 { self.pipeline.appendOutputLines(to: &outputs.lines) }
        case .none: break
        }
        self.pipeline.appendAsides(to: &outputs.outputs)
        self.depart()
        self.pipeline.clear()
        self.origins.removeAll(keepingCapacity: true)
        self.ways.removeAll(keepingCapacity: true)
    }

    /// Gives results to the edges along which their types go.
    private func depart() {
        let (steps, streams) = (self.pipeline.program.steps, self.pipeline.plan.streams)
        var goals: [Int: [(type: String, edge: Int, way: Way)]] = [:]
        for list in self.pipeline.departures.lists {
            let number = steps[list.payload].stream
            let stream = streams[number]
            var types = [stream.name]
            if let type = stream.ownType, type != stream.name { types.append(type) }
            goals[list.payload] = types.enumerated().flatMap { result, type in
                let way = self.waysOfSteps[list.payload].appending(stream: number, result: result)
                return self.edges.indices.filter { self.edges[$0].contains(type) }.map { (type, $0, way) }
            }
        }
        self.pipeline.departures.forEach { list, row in
            guard let goals = goals[list.payload], !goals.isEmpty else { return }
            let inputRow = list.frame.inputRow(row)
            var event = self.pipeline.batch.event(row, in: list.frame)
            for goal in goals {
                event.type = goal.type
                let way = self.hasArrivals ? self.ways[inputRow].appending(goal.way) : goal.way
                let arrival = ContextArrival(event: event, origin: self.origins[inputRow], way: way)
                self.departures[goal.edge].append(arrival)
            }
        }
    }
}

extension Plan {
    /// Whether the end of the input makes streams give something that columns hold.
    fileprivate var givesAtEnd: Bool {
        self.streams.contains { !$0.isElsewhere && ($0.trends != nil || $0.sequence?.0.waitsForDeadline ?? false) }
    }
}
