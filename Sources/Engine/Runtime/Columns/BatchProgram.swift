import VPL

/// How a plan runs over batches: its streams in the order in which a single event would meet them.
///
/// An event of the input meets streams breadth first: those that read its type, then those that read their results, and so
/// on, each level in the order of the level before (`Pipeline`). Without circles the ways from the input to a stream are
/// finite. Each is a step here, and the steps' order is the order of what they emit for one event. So a batch can take
/// each step as a whole, and its outputs are put in order by row and step.
struct BatchProgram {
    struct Step {
        let stream: Int
        /// The step whose result it reads; nil for the input.
        let parent: Int?
        /// The type under which it reads that.
        let type: String?
    }

    let plan: Plan
    let steps: [Step]
    /// The steps of each stream, in the order in which a single event meets them.
    let ways: [[Int]]
    /// The streams, each after those that it reads.
    let order: [Int]
    let schema: BatchSchema

    private static let stepsMax = 256
    private static let depthMax = 10
    private static let nodesMax = 10_000

    /// Nil for a plan that needs one event after the other: see `obstacle`.
    ///
    /// - Parameter whole: Where the plan is a part of one, that: all parts have the same fields and types.
    init?(_ plan: Plan, partOf whole: Plan? = nil) {
        guard case .success(let (steps, keepsEvents)) = Self.examine(plan) else { return nil }
        self.plan = plan
        self.steps = steps
        self.ways = plan.streams.indices.map { stream in steps.indices.filter { steps[$0].stream == stream } }
        self.order = plan.sourcesFirst
        self.schema = BatchSchema(
            fields: Self.fields(of: whole ?? plan),
            types: (whole ?? plan).routes.keys.sorted(),
            keepsEvents: keepsEvents
        )
    }

    /// Why a plan does not run over batches; nil if it does.
    static func obstacle(in plan: Plan) -> String? {
        if case .failure(let obstacle) = Self.examine(plan) { obstacle.reason } else { nil }
    }

    private struct Obstacle: Error {
        let reason: String

        init(_ reason: String) { self.reason = reason }
    }

    /// The plan's steps, and whether operations need events of the input with all their fields; or why it has none.
    private static func examine(_ plan: Plan) -> Result<(steps: [Step], keepsEvents: Bool), Obstacle> {
        guard let steps = Self.steps(of: plan) else {
            return .failure(Obstacle("streams read each other in a circle, or on very many ways"))
        }
        // Every constant, and most other nodes, have a column of their own.
        if plan.code.nodes.count + plan.globals.count > Self.nodesMax {
            return .failure(Obstacle("it has very many expressions"))
        }
        if !Self.isPure(plan) {
            return .failure(Obstacle("it has functions that change variables, or expressions that print"))
        }
        let (unsuitable, keepsEvents) = Self.survey(plan)
        if let unsuitable { return .failure(Obstacle("stream \(unsuitable) is not done in columns yet")) }
        return .success((steps, keepsEvents))
    }

    /// Whether some operation looks at all fields of events.
    var givesAllFields: Bool {
        self.plan.streams.contains { stream in
            stream.isHandedOver || stream.operations.contains(where: \.needsAllFields)
        }
    }

    private static func steps(of plan: Plan) -> [Step]? {
        var steps = plan.streams.indices.map { Step(stream: $0, parent: nil, type: nil) }
        var level = 0..<steps.count
        for _ in 0..<Self.depthMax where !level.isEmpty {
            for parent in level {
                let stream = plan.streams[steps[parent].stream]
                if stream.isElsewhere { continue }
                var names = [stream.name]
                if let type = stream.ownType, type != stream.name { names.append(type) }
                for name in names {
                    for reader in plan.routes[name] ?? [] {
                        steps.append(Step(stream: reader, parent: parent, type: name))
                    }
                }
                if steps.count > Self.stepsMax { return nil }
            }
            level = level.upperBound..<steps.count
        }
        return level.isEmpty ? steps : nil
    }

    /// How many streams an event goes through before it comes to a step.
    func depth(ofStep step: Int) -> Int {
        var (depth, step) = (0, step)
        while let parent = self.steps[step].parent { (depth, step) = (depth + 1, parent) }
        return depth
    }

    /// Functions that change variables, or print, do so in the order of events.
    private static func isPure(_ plan: Plan) -> Bool {
        !plan.functions.contains(where: \.changesGlobals)
            && plan.code.nodes.allSatisfy { if case .builtin(.print, _) = $0 { false } else { true } }
    }

    /// What is known of the events of a stream, and of those that it results in.
    private enum Knowledge: Int, Comparable {
        /// All their fields: they were made by the program.
        case fields
        /// They are events of the input, with whatever fields these came with.
        case input
        /// They were joined or matched, and have the fields of all of them.
        case joined

        static func < (left: Knowledge, right: Knowledge) -> Bool { left.rawValue < right.rawValue }
    }

    /// Which stream keeps the plan from running over batches, if any does; whether operations need events of the input with
    /// all their fields.
    private static func survey(_ plan: Plan) -> (unsuitable: String?, keepsEvents: Bool) {
        var results = [Knowledge](repeating: .input, count: plan.streams.count)
        var keepsEvents = false
        let streamsRead = plan.streamsRead
        for number in plan.sourcesFirst {
            let stream = plan.streams[number]
            if stream.isElsewhere { continue }
            if stream.watermark != nil { return (stream.name, false) }
            var knowledge = Knowledge.input
            if let (trends, _) = stream.trends {
                guard ColumnTrends.isSuitable(trends) else { return (stream.name, false) }
                knowledge = .fields
            } else if let (sequence, _) = stream.sequence {
                guard SequenceProgram.isSuitable(sequence) else { return (stream.name, false) }
                knowledge = .joined
            } else if let (join, _) = stream.join {
                guard ColumnJoin.isSuitable(join) else { return (stream.name, false) }
                knowledge = .joined
            } else {
                for source in streamsRead[number] { knowledge = max(knowledge, results[source]) }
            }
            guard Set(stream.branches.map(\.type)).count == stream.branches.count else { return (stream.name, false) }
            for (place, operation) in stream.operations.enumerated() {
                if operation.needsAllFields {
                    if knowledge == .joined { return (stream.name, false) }
                    keepsEvents = keepsEvents || knowledge == .input
                }
                guard let result = Self.result(of: operation, at: place, in: stream, plan, knowledge) else {
                    return (stream.name, false)
                }
                knowledge = result
            }
            if stream.isHandedOver {
                // Who reads it elsewhere gets whole events.
                if knowledge == .joined { return (stream.name, false) }
                keepsEvents = keepsEvents || knowledge == .input
            }
            results[number] = knowledge
        }
        return (nil, keepsEvents)
    }

    /// What is known after an operation; nil where it is not done in columns.
    private static func result(
        of operation: CompiledOperation,
        at place: Int,
        in stream: CompiledStream,
        _ plan: Plan,
        _ knowledge: Knowledge
    ) -> Knowledge? {
        switch operation {
        case .filter, .limit, .tap, .distinct, .deliver, .print, .log, .emit(_, _, nil): return knowledge
        case .window:
            // With what follows it, see below.
            guard place + 1 < stream.operations.count, case .aggregate = stream.operations[place + 1] else {
                return nil
            }
            return knowledge
        case .aggregate(let aggregate, _):
            return ColumnAggregate.isSuitable(stream.window(before: place, in: plan), aggregate) ? .fields : nil
        case .select(let fields), .emit(_, _, .some(let fields)): return Self.areDistinct(fields) ? .fields : nil
        case .process, .pattern: return nil
        }
    }

    private static func areDistinct(_ fields: [Projection]) -> Bool {
        Set(fields.map { ExactText($0.name) }).count == fields.count
    }

    /// The fields that expressions name, which may be more than they read.
    static func fields(of plan: Plan) -> [String] {
        var fields: Set<String> = []
        for node in plan.code.nodes {
            switch node {
            case .name(let index): fields.insert(plan.code.names[Int(index)].text)
            case .field(let text): fields.insert(plan.code.texts[Int(text.rawValue)])
            case .member(_, let type?, let field, _):
                fields.insert(plan.code.texts[Int(type.rawValue)])
                fields.insert(plan.code.texts[Int(field.rawValue)])
            default: break
            }
        }
        for (sequence, _) in plan.streams.compactMap(\.sequence) {
            fields.formUnion(SequenceProgram.fields(of: sequence))
        }
        for stream in plan.streams {
            fields.formUnion(stream.trends?.0.fieldNames ?? [])
            if let (join, _) = stream.join { fields.formUnion(ColumnJoin.fields(of: join, named: fields)) }
            for case .aggregate(let aggregate, _) in stream.operations {
                if let key = aggregate.key { fields.insert(key) }
            }
        }
        return fields.sorted()
    }
}

extension CompiledOperation {
    /// Whether it looks at all fields of an event, whatever they are.
    var needsAllFields: Bool {
        switch self {
        case .emit(_, _, nil), .deliver, .distinct(nil, _), .pattern: true
        case .print(let values): values.isEmpty
        case .log(let log): log.message == nil
        default: false
        }
    }
}

extension CompiledStream {
    /// The type that its results have beside the stream's name.
    var ownType: String? {
        for case .emit(let type, let isOwn, _) in self.operations.reversed() { return isOwn ? type : nil }
        return nil
    }

    /// The window right before an operation.
    func window(before place: Int, in plan: Plan) -> CompiledWindow? {
        guard place > 0, case .window(let state) = self.operations[place - 1] else { return nil }
        return plan.windows[state]
    }
}
