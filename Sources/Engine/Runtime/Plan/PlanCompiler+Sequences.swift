import VPL

/// A sequence whose expressions are compiled. What its runs keep is known when those of all streams are.
struct SequenceDraft {
    struct Step {
        let type: String
        let conditions: [NodeID]
        let isKleene: Bool
        var isOptional = false
    }

    /// The place of its stream.
    let stream: Int
    let steps: [Step]
    let negations: [CompiledSequence.Negation]
    let key: String?
    let within: Int64?
    /// Whether the last item is a `NOT`.
    var waitsForDeadline = false
    var tree: PatternTree?
    /// Where the stages begin that see matches.
    let operationsStart: Int
    var names: SequenceNames
}

extension PlanCompiler {
    /// A step as written, wherever it stands.
    private struct StepSyntax {
        let type: Name
        let alias: Name?
        let isKleene: Bool
        let condition: Expression?
    }

    /// The sequence of a stream; nil for a stream without one. From here on the compiler knows the steps' names.
    mutating func sequence(
        of stream: StreamDeclaration,
        place: Int,
        _ constants: Constants
    ) -> SequenceDraft? {
        if let pattern = self.pattern(of: stream) { return self.sequence(of: pattern, in: stream, place: place) }
        let firstFollow = stream.stages.firstIndex { if case .follow = $0 { true } else { false } }
        var steps: [StepSyntax] = []
        var operationsStart = 0
        switch stream.source {
        case .sequence(_, let written):
            steps = written.map {
                StepSyntax(type: $0.type, alias: $0.alias, isKleene: $0.isKleene, condition: $0.condition)
            }
        case .type(let type, let alias, let isKleene):
            guard let firstFollow else { return nil }
            steps = [StepSyntax(type: type, alias: alias, isKleene: isKleene, condition: nil)]
            operationsStart = firstFollow
        case .connector(let type, _, _):
            guard let firstFollow else { return nil }
            steps = [StepSyntax(type: type, alias: nil, isKleene: false, condition: nil)]
            operationsStart = firstFollow
        case .merge(let word, _), .join(let word, _), .timer(let word, _, _):
            if firstFollow != nil { self.reportUnavailable(word) }
            return nil
        }
        for case .follow(let step) in stream.stages {
            steps.append(
                StepSyntax(type: step.type, alias: step.alias, isKleene: step.isKleene, condition: step.condition)
            )
        }
        let filters = self.filters(in: stream.stages[..<operationsStart], alias: steps.first?.alias)
        self.expressions.sequence = SequenceNames(
            steps.map { SequenceNames.Step(type: $0.type.text, alias: $0.alias?.text, isKleene: $0.isKleene) }
        )
        let compiled = steps.enumerated().map { number, step in
            let condition = step.condition.map {
                self.expressions.compile($0, in: ExpressionCompiler.Scope(place: .step(number)))
            }
            return SequenceDraft.Step(
                type: step.type.text,
                conditions: (number == 0 ? filters : []) + [condition].compactMap(\.self),
                isKleene: step.isKleene
            )
        }
        return SequenceDraft(
            stream: place,
            steps: compiled,
            negations: self.negations(of: stream),
            key: Self.sequenceKey(of: stream),
            within: self.within(of: stream, constants),
            operationsStart: operationsStart,
            names: SequenceNames([])
        )
    }

    /// The conditions written before the first arrow: they are of the event that begins a run.
    private mutating func filters(in stages: ArraySlice<StreamStage>, alias: Name?) -> [NodeID] {
        let scope = ExpressionCompiler.Scope(eventAliases: Set([alias?.text].compactMap(\.self)))
        var filters: [NodeID] = []
        for case .operation(let operation) in stages {
            switch operation.kind {
            case .filter(let condition): filters.append(self.expressions.compile(condition, in: scope))
            case .partition, .within, .not, .context: break
            default: self.reportUnavailable(operation.name)
            }
        }
        return filters
    }

    /// The `.not` of a stream.
    mutating func negations(of stream: StreamDeclaration) -> [CompiledSequence.Negation] {
        var negations: [CompiledSequence.Negation] = []
        for case .operation(let operation) in stream.stages {
            guard case .not(let type, let condition) = operation.kind else { continue }
            let node = condition.map {
                self.expressions.compile($0, in: ExpressionCompiler.Scope(place: .negation(type: type.text)))
            }
            negations.append(CompiledSequence.Negation(type: type.text, condition: node, positions: nil))
        }
        return negations
    }

    /// The field by which a sequence is partitioned. Of several the last one before a window or an aggregate is meant, so
    /// that these may have another; if there is none, the first one after.
    static func sequenceKey(of stream: StreamDeclaration) -> String? {
        var key: String?
        var isBehindWindow = false
        for case .operation(let operation) in stream.stages {
            switch operation.kind {
            case .window, .aggregate:
                if key != nil { return key }
                isBehindWindow = true
            case .partition(let field):
                if case .name(let name) = field.kind { key = name }
                if isBehindWindow { return key }
            default: break
            }
        }
        return key
    }

    /// In nanoseconds; an int is in seconds. The last one counts.
    private mutating func within(of stream: StreamDeclaration, _ constants: Constants) -> Int64? {
        var within: Int64?
        for case .operation(let operation) in stream.stages {
            guard case .within(let span) = operation.kind else { continue }
            switch self.value(of: span, constants) {
            case .duration(let nanoseconds): within = Int64(clamping: nanoseconds)
            case .int(let seconds) where seconds >= 0:
                let (nanoseconds, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
                within = isTooLong ? .max : nanoseconds
            default:
                let message = "`.within` takes a duration such as `5s`, known when the program is loaded"
                self.report(.type, message, code: "E061", at: span)
            }
        }
        return within
    }

    // MARK: - What runs keep

    /// So many names that it is not looked up which of them are of fields of matches.
    private static var namesMax: Int { 2_000 }

    /// Gives the streams their sequences, once it is known what all streams read of matches.
    func completeSequences(_ drafts: [SequenceDraft], of streams: inout [CompiledStream]) {
        guard !drafts.isEmpty else { return }
        let names = self.fieldNames(of: streams, drafts)
        let showsAllFields = Self.showAllFields(streams, drafts)
        for (state, draft) in drafts.enumerated() {
            let isWhole = names.count > Self.namesMax || showsAllFields[draft.stream]
            streams[draft.stream].sequence = (draft.completed(isWhole: isWhole, names: names), state)
        }
    }

    /// For each stream whether all fields of the events that come to its operations may be looked at, there or by streams
    /// that read them as they are.
    private static func showAllFields(_ streams: [CompiledStream], _ drafts: [SequenceDraft]) -> [Bool] {
        let passesOn = streams.map { stream in !stream.operations.contains(where: \.replacesFields) }
        var writers: [String: [Int]] = [:]
        for (place, stream) in streams.enumerated() where passesOn[place] {
            writers[stream.name, default: []].append(place)
        }
        var shows = streams.map { stream in
            stream.operations.prefix { !$0.replacesFields }.contains(where: \.needsAllFields)
        }
        // Joins and sequences make fields of their own of all that they read.
        var isReader = shows
        for (place, stream) in streams.enumerated() where stream.join != nil { isReader[place] = true }
        for draft in drafts { isReader[draft.stream] = true }
        var next = streams.indices.filter { isReader[$0] }
        while let place = next.popLast() {
            for type in streams[place].branches.map(\.type) {
                for writer in writers[type] ?? [] where !shows[writer] {
                    shows[writer] = true
                    if !isReader[writer] {
                        isReader[writer] = true
                        next.append(writer)
                    }
                }
            }
        }
        return shows
    }

    /// All names that may be of fields, and more.
    private func fieldNames(of streams: [CompiledStream], _ drafts: [SequenceDraft]) -> Set<String> {
        let code = self.expressions.code
        var names = Set(code.names.map(\.text)).union(code.texts)
        for stream in streams {
            for source in stream.join?.0.sources ?? [] { names.formUnion(source.key) }
            for case .aggregate(let aggregate, _) in stream.operations {
                if let key = aggregate.key { names.insert(key) }
            }
        }
        names.formUnion(self.windows.compactMap(\.key))
        for draft in drafts {
            if let key = draft.key { names.insert(key) }
            names.formUnion(draft.names.slots.compactMap(\.field))
        }
        // A joined event's fields are named with the source before them.
        for name in names {
            if let dot = name.firstIndex(of: ".") { names.insert(String(name[name.index(after: dot)...])) }
        }
        return names
    }
}

extension SequenceDraft {
    /// - Parameters:
    ///   - isWhole: Whether the fields of matches may be looked at whatever their names are.
    ///   - fieldNames: The names that may be of fields of matches otherwise.
    fileprivate func completed(isWhole: Bool, names fieldNames: Set<String>) -> CompiledSequence {
        var names = self.names
        var fields: [CompiledSequence.Capture] = []
        for name in isWhole ? [] : fieldNames.sorted() {
            for (step, field) in names.fields(named: name) {
                let slot = names.slot(SequenceNames.Slot(step: step, field: field))
                fields.append(CompiledSequence.Capture(field: name, slot: slot))
            }
        }
        let keySlots = self.key.map { key in
            self.starters.map { names.slot(SequenceNames.Slot(step: $0, field: key)) }
        }
        var captures = [[CompiledSequence.Capture]](repeating: [], count: self.steps.count)
        var summaries = [[CompiledSequence.Summary]](repeating: [], count: self.steps.count)
        var presenceSlots = [Int?](repeating: nil, count: self.steps.count)
        var summaryCount = 0
        for (slot, wanted) in names.slots.enumerated() {
            if let function = wanted.function {
                let call = CompiledAggregate.Call(function: function, argument: nil, periods: wanted.periods)
                summaries[wanted.step].append(
                    CompiledSequence.Summary(call: call, field: wanted.field, slot: slot, place: summaryCount)
                )
                summaryCount += 1
            } else if let field = wanted.field {
                captures[wanted.step].append(CompiledSequence.Capture(field: field, slot: slot))
            } else {
                presenceSlots[wanted.step] = slot
            }
        }
        return CompiledSequence(
            steps: self.steps.enumerated().map { number, step in
                CompiledSequence.Step(
                    type: step.type,
                    conditions: step.conditions,
                    isKleene: step.isKleene,
                    isOptional: step.isOptional,
                    name: names.name(of: number),
                    captures: captures[number],
                    summaries: summaries[number],
                    presenceSlot: presenceSlots[number]
                )
            },
            negations: self.negations,
            key: self.key,
            within: self.within,
            waitsForDeadline: self.waitsForDeadline,
            tree: self.tree,
            slotCount: names.slots.count,
            summaryCount: summaryCount,
            output: CompiledSequence.Output(
                isWhole: isWhole,
                fields: fields,
                hasStream: isWhole || fieldNames.contains("stream"),
                hasDuration: isWhole || fieldNames.contains("match_duration_ms"),
                keySlot: keySlots?.first,
                furtherKeySlots: keySlots.map { Array($0.dropFirst()) } ?? [],
                readsValues: names.isReadByMatches
            )
        )
    }

    /// The steps that may take the first event of a run.
    private var starters: [Int] {
        if let tree { return tree.starters }
        let skipped = self.steps.prefix(while: \.isOptional).count
        return Array(self.steps.indices.prefix(skipped + 1))
    }

    /// The types of events that it looks at, each once.
    var types: [String] {
        var known: Set<String> = []
        let negations = self.negations + (self.tree?.negations ?? [])
        return (self.steps.map(\.type) + negations.map(\.type)).filter { known.insert($0).inserted }
    }
}

extension SequenceNames {
    /// What `alias_field` may stand for, in the order of steps: `a_b_c` is `b_c` of `a`, or `c` of `a_b`.
    fileprivate func fields(named name: String) -> [(step: Int, field: String)] {
        var found: [(step: Int, field: String)] = []
        for place in name.indices where name[place] == "_" {
            let qualifier = String(name[..<place])
            for step in self.steps(named: qualifier) where self.name(of: step) == qualifier {
                found.append((step, String(name[name.index(after: place)...])))
            }
        }
        return found.sorted { $0.step < $1.step }
    }
}

extension CompiledOperation {
    /// What comes out has no fields of what went in, except by name.
    fileprivate var replacesFields: Bool {
        switch self {
        case .select, .emit(_, _, .some), .aggregate, .process: true
        case .filter, .window, .emit(_, _, nil), .distinct, .limit, .deliver, .print, .log, .tap: false
        }
    }
}
