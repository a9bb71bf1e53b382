import VPL

/// An operator of a stream that remembers something, and how a checkpoint knows it again.
struct OperatorPlace: Sendable {
    /// Which state of the plan it has.
    enum State: Sendable {
        case join(Int)
        case sequence(Int)
        case trends(Int)
        case window(Int)
        case watermark(Int)
        case sums(Int)
        case memory(Int)
        case counter(Int)
        /// A count that is only told: a program that has no such tap any more misses nothing.
        case tap(Int)
    }

    let stream: String
    /// The place of the stream in the plan, and of the operation in the stream.
    let streamNumber: Int
    var operation = 0
    let name: String
    /// What it does, as far as that decides what it remembers: where two programs differ in it, what one has remembered is
    /// of no use to the other.
    let definition: String
    /// The values that it remembers of each thing, where a program's other parts decide which these are.
    var columns: [String] = []
    /// Those of them that the program does not work without.
    var needed: [String] = []
    let state: State
}

extension Plan {
    /// All operators that remember something, by stream and in order.
    var operatorPlaces: [OperatorPlace] {
        let describer = OperatorDescriber(self)
        return self.streams.indices.flatMap { describer.places(of: $0) }
    }

    /// A number that is the same for programs that say the same.
    var fingerprint: UInt64 {
        var print = Fingerprint()
        let prints = self.code.fingerprints
        print.add(prints)
        for stream in self.streams {
            print.add(stream.name)
            for branch in stream.branches {
                print.add(branch.type, branch.condition.map { [prints[Int($0.rawValue)]] } ?? [])
            }
        }
        for place in self.operatorPlaces {
            print.add(place.stream, place.name, place.definition)
            for column in place.columns { print.add(column) }
        }
        return print.value
    }
}

/// Says what operators do.
private struct OperatorDescriber {
    private let plan: Plan
    private let prints: [UInt64]

    init(_ plan: Plan) {
        self.plan = plan
        self.prints = plan.code.fingerprints
    }

    func places(of number: Int) -> [OperatorPlace] {
        let stream = self.plan.streams[number]
        var places: [OperatorPlace] = []
        var counts: [String: Int] = [:]
        func add(
            _ name: String,
            _ definition: String,
            _ state: OperatorPlace.State,
            at operation: Int = 0,
            columns: [String] = [],
            needed: [String] = []
        ) {
            counts[name, default: 0] += 1
            let count = counts[name, default: 1]
            places.append(
                OperatorPlace(
                    stream: stream.name,
                    streamNumber: number,
                    operation: operation,
                    name: count == 1 ? name : "\(name) \(count)",
                    definition: definition,
                    columns: columns,
                    needed: needed,
                    state: state
                )
            )
        }
        if let (_, state) = stream.watermark { add("watermark", "of each type that is read", .watermark(state)) }
        if let (join, state) = stream.join { add("join", self.text(join), .join(state)) }
        if let (sequence, state) = stream.sequence {
            let columns = sequence.columnNames
            add(
                "sequence",
                self.text(sequence),
                .sequence(state),
                columns: columns,
                needed: self.plan.slotsNeeded(by: sequence, of: stream)?.map { columns[$0] } ?? columns
            )
        }
        if let (trends, state) = stream.trends { add("trend_aggregate", self.text(trends), .trends(state)) }
        for (place, operation) in stream.operations.enumerated() {
            switch operation {
            case .window(let state):
                add("window", self.text(ofWindow: state, at: place, in: stream), .window(state), at: place)
            case .aggregate(let aggregate, let state?):
                let definition = "of all events\(Self.by(aggregate.key)), \(self.text(aggregate))"
                add("aggregate", definition, .sums(state), at: place)
            case .distinct(let key, let memory):
                add("distinct", key.map { self.text($0) } ?? "all fields", .memory(memory), at: place)
            case .limit(let limit, let counter): add("limit", "\(limit)", .counter(counter), at: place)
            case .tap(let taps): for tap in taps { add("tap \(tap.name)", "", .tap(tap.counter), at: place) }
            case .aggregate(_, nil), .filter, .select, .emit, .process, .pattern, .deliver, .print, .log:
                break
            }
        }
        return places
    }

    private static func by(_ key: String?) -> String { key.map { " by \($0)" } ?? "" }

    private func text(_ node: NodeID) -> String {
        if case .name(let index) = self.plan.code[node] { return self.plan.code.names[Int(index)].text }
        return "expression \(String(self.prints[Int(node.rawValue)], radix: 16))"
    }

    private func text(_ join: CompiledJoin) -> String {
        let sources = join.sources.map { "\($0.type) by \($0.key.joined(separator: ", "))" }
        return "\(sources.joined(separator: " and ")) within \(join.horizon) ns"
    }

    private func text(_ sequence: CompiledSequence) -> String {
        let steps = sequence.steps.map { step in
            (step.isKleene ? "all " : "") + step.type + (step.isOptional ? "?" : "")
                + (step.name.map { " as \($0)" } ?? "")
        }
        let pattern = sequence.tree?.text(of: sequence).replacing(" if", with: "") ?? steps.joined(separator: " -> ")
        let wait = sequence.waitsForDeadline ? ", complete when that is over" : ""
        let within = sequence.within.map { " within \($0) ns" } ?? ""
        let sums = sequence.columnNames.filter { $0.hasSuffix(")") }
        let summing = sums.isEmpty ? "" : ", keeping \(sums.joined(separator: ", "))"
        return pattern + Self.by(sequence.key) + within + wait + summing
    }

    private func text(_ trends: CompiledTrends) -> String {
        let steps = trends.steps.map { ($0.isKleene ? "all " : "") + $0.type }.joined(separator: " -> ")
        let items = trends.items.map { "\($0.function)(\($0.step + 1)\($0.field.map { ".\($0)" } ?? ""))" }
        let text = "\(steps)\(Self.by(trends.key)) within \(trends.within) ns, keeping \(items.joined(separator: ", "))"
        guard trends.kind != .totals else { return text }
        // What is told apart of the events before depends on the conditions.
        var print = Fingerprint()
        func add(_ nodes: [NodeID]) { print.add(nodes.map { self.prints[Int($0.rawValue)] }) }
        for step in trends.steps {
            add(step.conditions + step.firstConditions)
            add((step.entry.tests + step.again.tests).map(\.condition))
            for capture in step.captures { print.add(capture.field, [UInt64(capture.slot)]) }
        }
        for negation in trends.negations { print.add(negation.type, [negation.isOfTrends ? 1 : 0]) }
        return text + " where \(print.text)"
    }

    private func text(_ aggregate: CompiledAggregate) -> String {
        aggregate.calls.map { call in
            let argument = call.argument.map { self.text($0) } ?? ""
            return call.function == .ema
                ? "ema(\(argument), \(call.periods))" : "\(call.function.rawValue)(\(argument))"
        }.joined(separator: ", ")
    }

    /// A window that sums up remembers what the aggregate after it asks for; others remember events.
    private func text(ofWindow state: Int, at place: Int, in stream: CompiledStream) -> String {
        let window = self.plan.windows[state]
        let time = window.watermark == nil ? "" : " by the time of events"
        let kind = window.kind.text + Self.by(window.key) + time
        guard self.plan.slidingAggregates[state] != nil || self.plan.windowSums[state] != nil,
            place + 1 < stream.operations.count, case .aggregate(let aggregate, _) = stream.operations[place + 1]
        else {
            // Of matches it keeps the values of their runs, too.
            guard let (sequence, _) = stream.sequence, sequence.output.readsValues else {
                return "\(kind), keeping events"
            }
            return "\(kind), keeping matches with \(sequence.columnNames.joined(separator: ", "))"
        }
        return "\(kind), keeping \(self.text(aggregate))"
    }
}

extension CompiledWindow.Kind {
    fileprivate var text: String {
        switch self {
        case .tumbling(let size): "of \(size) ns"
        case .sliding(let size, let step): "of \(size) ns every \(step) ns"
        case .count(let size): "of \(size) events"
        case .slidingCount(let size, let step): "of \(size) events every \(step)"
        case .session(let gap): "of sessions with gaps of \(gap) ns"
        }
    }
}

extension CompiledSequence {
    /// Names for the values of runs, by their places; at the end `*` where runs keep whole events.
    var columnNames: [String] {
        var names = (0..<self.slotCount).map { "value \($0)" }
        var taken: Set<String> = []
        for (number, step) in self.steps.enumerated() {
            var name = step.name ?? "step \(number + 1)"
            // Steps may have one alias.
            if !taken.insert(name).inserted { name += " (step \(number + 1))" }
            if let slot = step.presenceSlot { names[slot] = "whether \(name)" }
            for capture in step.captures { names[capture.slot] = "\(name).\(capture.field)" }
            for summary in step.summaries {
                let periods = summary.call.function == .ema ? ", \(summary.call.periods)" : ""
                names[summary.slot] = "\(summary.call.function.rawValue)(\(name).\(summary.field ?? "")\(periods))"
            }
        }
        return names + (self.output.isWhole ? [Self.wholeEvents] : [])
    }

    static var wholeEvents: String { "*" }
}
