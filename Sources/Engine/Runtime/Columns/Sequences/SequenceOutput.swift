import VPL

/// What matches show: fields under the names that somebody reads, and values that later operations ask for.
struct SequenceOutput {
    enum Source {
        /// A value of the run.
        case slot(Int)
        case stream
        case duration
    }

    /// The field's slot in the batch's schema, and what it is: the first of these that has a value.
    let fields: [(slot: Int, from: [Source])]
    /// The slots that later operations read.
    let captured: Set<Int>
    let slotCount: Int
    /// The name of the stream, in every row.
    let streamName = Column()

    init(_ sequence: CompiledSequence, of stream: CompiledStream, _ plan: Plan, _ batch: Batch) {
        var sources: [ExactText: [Source]] = [:]
        for capture in sequence.output.fields {
            sources[ExactText(capture.field), default: []].append(.slot(capture.slot))
        }
        if sequence.output.hasStream { sources[ExactText("stream")] = [.stream] }
        if sequence.output.hasDuration { sources[ExactText("match_duration_ms")] = [.duration] }
        if let key = sequence.key, let slot = sequence.output.keySlot {
            sources[ExactText(key), default: []].insert(.slot(slot), at: 0)
        }
        self.fields = sources.compactMap { name, from in batch.schema.slots.find(name.text).map { (slot: $0, from) } }
            .sorted { $0.slot < $1.slot }
        let roots = stream.operations.flatMap(\.expressions)
        self.captured = Set(
            plan.code.leaves(of: roots).compactMap { if case .matched(let slot) = $0 { Int(slot) } else { nil } }
        )
        self.slotCount = sequence.slotCount
        batch.set(.string(stream.name), self.streamName, 0)
        self.streamName.words.update(repeating: self.streamName.words[0], count: Batch.rowsMax)
        self.streamName.tags.update(repeating: self.streamName.tags[0], count: Batch.rowsMax)
        self.streamName.kinds = CellKinds(self.streamName.tags[0])
        batch.heap.keep()
    }

    /// All slots of runs that are shown.
    var slots: Set<Int> {
        var slots = self.captured
        for case .slot(let slot) in self.fields.flatMap(\.from) { slots.insert(slot) }
        return slots
    }

    var hasDuration: Bool {
        self.fields.contains { field in
            field.from.contains { if case .duration = $0 { true } else { false } }
        }
    }
}

extension CompiledOperation {
    /// The expressions that it evaluates.
    var expressions: [NodeID] {
        switch self {
        case .filter(let condition): [condition]
        case .aggregate(let aggregate, _): aggregate.calls.compactMap(\.argument)
        case .select(let fields): fields.map(\.value)
        case .emit(_, _, let fields): fields?.map(\.value) ?? []
        case .process(let expression, _): [expression]
        case .distinct(let key, _): [key].compactMap(\.self)
        case .print(let values): values
        case .log(let log): [log.level, log.message, log.data].compactMap(\.self)
        case .pattern(let items): items.map(\.node)
        case .window, .limit, .deliver, .tap: []
        }
    }
}
