/// A context that takes one event after the other.
final class EventsPart {
    var pipeline: Pipeline
    /// The places of all streams in the order in which they give what they hold.
    private let sourcesFirst: [Int]

    /// - Parameters:
    ///   - whole: What all contexts run together.
    ///   - edges: The types that go along each edge that leaves the context.
    init(_ part: Plan, of whole: Plan, edges: [[String]]) {
        self.pipeline = Pipeline(part)
        self.pipeline.exchange = ContextExchange(edges: edges)
        self.sourcesFirst = whole.sourcesFirst
    }

    func take(
        _ round: ContextRound,
        _ arrivals: [ContextArrival],
        _ form: ContextOutputForm,
        into outputs: inout ContextOutputs
    ) -> [[ContextArrival]] {
        self.pipeline.now = round.now
        switch round.kind {
        case .events: self.takeEvents(round.batch, arrivals[...], into: &outputs.outputs)
        case .silence(let now): self.fire(.silence(now), arrivals[...], into: &outputs.outputs)
        case .end: self.fire(.end, arrivals[...], into: &outputs.outputs)
        case .barrier: break
        }
        switch form {
        case .events: break
        case .lines:
            for event in outputs.outputs.emitted {
                outputs.lines += EventEncoder.outputLine(event)
                outputs.lines.append(UInt8(ascii: "\n"))
            }
            outputs.outputs.emitted = []
        case .none: outputs.outputs.emitted = []
        }
        return self.pipeline.exchange?.takeDepartures() ?? []
    }

    /// Events of the input, and what follows from each elsewhere, in the order of the input.
    private func takeEvents(_ batch: Batch, _ arrivals: ArraySlice<ContextArrival>, into outputs: inout Outputs) {
        var arrivals = arrivals
        let isRead = batch.schema.types.names.map { self.pipeline.plan.routes[$0] != nil }
        for row in 0..<batch.count {
            let type = Int(batch.types[row])
            let ofRow = Self.takeFirst(of: row, from: &arrivals)
            let event = type < isRead.count && isRead[type] ? batch.inputEvent(row) : nil
            if event == nil, ofRow.isEmpty { continue }
            self.pipeline.process(event, origin: row, ofRow, into: &outputs)
        }
    }

    private func fire(
        _ occasion: Pipeline.Occasion,
        _ arrivals: ArraySlice<ContextArrival>,
        into outputs: inout Outputs
    ) {
        var arrivals = arrivals
        for (origin, place) in self.sourcesFirst.enumerated() {
            let isHere = !self.pipeline.plan.streams[place].isElsewhere
            let ofStream = Self.takeFirst(of: origin, from: &arrivals)
            self.pipeline.fire(isHere ? place : nil, origin: origin, ofStream, occasion, into: &outputs)
        }
    }

    private static func takeFirst(
        of origin: Int,
        from arrivals: inout ArraySlice<ContextArrival>
    ) -> ArraySlice<ContextArrival> {
        let end = arrivals.firstIndex { $0.origin != origin } ?? arrivals.endIndex
        defer { arrivals = arrivals[end...] }
        return arrivals[..<end]
    }
}
