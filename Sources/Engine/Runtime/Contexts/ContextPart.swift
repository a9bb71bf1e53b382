/// What one context has made of a round.
package struct ContextResult: Sendable {
    package var outputs: ContextOutputs
    /// What goes along each edge that leaves the context, in the order of the graph.
    package var departures: [[ContextArrival]]
}

/// What a context gives to the outside in a round.
public struct ContextOutputs: Sendable {
    /// The place of the context in the graph.
    public let context: Int
    public var outputs = Outputs()
    /// In place of emitted events the lines of the program's output, where these were asked for.
    public var lines: [UInt8] = []

    init(context: Int) { self.context = context }

    public var isEmpty: Bool { self.outputs.isEmpty && self.lines.isEmpty }
}

/// How contexts give the events that they emit.
public enum ContextOutputForm: Sendable {
    case events
    case lines
    /// They are only counted.
    case none
}

/// What one context runs of a program. Owned by one thread at a time.
// Sendable: that thread is told when it may have it, and it alone uses it until it ends.
public final class ContextPart: @unchecked Sendable {
    public let name: String
    private let runner: Runner
    private let number: Int
    private let form: ContextOutputForm

    private enum Runner {
        case events(EventsPart)
        case columns(ColumnsPart)
    }

    package init(_ plan: Plan, _ graph: ContextGraph, number: Int, _ form: ContextOutputForm) {
        self.name = graph.contexts[number].name
        self.number = number
        self.form = form
        let part = plan.part(number, of: graph)
        let edges = graph.edges.filter { $0.source == number }.map(\.types)
        let isFirst = graph.edges(to: number).isEmpty
        if let columns = ColumnsPart(part, of: plan, edges: edges, hasArrivals: !isFirst) {
            self.runner = .columns(columns)
        } else {
            self.runner = .events(EventsPart(part, of: plan, edges: edges))
        }
    }

    /// Takes a round of the input, with what other contexts made of it.
    ///
    /// - Parameter arrivals: By edge that comes to the context.
    package func take(_ round: ContextRound, _ arrivals: [[ContextArrival]]) -> ContextResult {
        var outputs = ContextOutputs(context: self.number)
        let arrivals = [ContextArrival](merging: arrivals)
        let departures: [[ContextArrival]]
        switch self.runner {
        case .events(let part): departures = part.take(round, arrivals, self.form, into: &outputs)
        case .columns(let part): departures = part.take(round, arrivals, self.form, into: &outputs)
        }
        return ContextResult(outputs: outputs, departures: departures)
    }

    var needsWholeEvents: Bool {
        switch self.runner {
        case .events: true
        case .columns(let part): part.pipeline.batch.schema.keepsEvents
        }
    }

    /// Whether it runs over batches of columns.
    public var isColumnar: Bool { if case .columns = self.runner { true } else { false } }

    package var counters: Pipeline.Counters {
        switch self.runner {
        case .events(let part): part.pipeline.counters
        case .columns(let part): part.pipeline.counters
        }
    }

    /// Of a whole program.
    package static func counters(of parts: [ContextPart], eventCount: UInt64) -> Pipeline.Counters {
        var counters = parts.reduce(into: Pipeline.Counters()) { $0 += $1.counters }
        counters.processed = eventCount
        return counters
    }

    package var taps: [String: Int64] {
        switch self.runner {
        case .events(let part): part.pipeline.taps
        case .columns(let part): part.pipeline.taps
        }
    }

    public var heldBytes: Int {
        switch self.runner {
        case .events(let part): part.pipeline.heldBytes
        case .columns(let part): part.pipeline.heldBytes
        }
    }

    /// Gives the pipeline to whoever wants to keep or restore its state: one of the two is called.
    public func withPipeline<Failure: Error>(
        events: (inout Pipeline) throws(Failure) -> Void,
        columns: (BatchPipeline) throws(Failure) -> Void
    ) throws(Failure) {
        switch self.runner {
        case .events(let part): try events(&part.pipeline)
        case .columns(let part): try columns(part.pipeline)
        }
    }
}
