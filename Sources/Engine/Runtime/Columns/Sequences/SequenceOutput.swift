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
        self.fields = Self.sources(sequence).compactMap { name, from in
            batch.schema.slots.find(name.text).map { (slot: $0, from) }
        }.sorted { $0.slot < $1.slot }
        self.captured = Self.captured(stream, plan)
        self.slotCount = sequence.slotCount
        batch.set(.string(stream.name), self.streamName, 0)
        self.streamName.words.update(repeating: self.streamName.words[0], count: Batch.rowsMax)
        self.streamName.tags.update(repeating: self.streamName.tags[0], count: Batch.rowsMax)
        self.streamName.kinds = CellKinds(self.streamName.tags[0])
        batch.heap.keep()
    }

    private static func sources(_ sequence: CompiledSequence) -> [ExactText: [Source]] {
        var sources: [ExactText: [Source]] = [:]
        for capture in sequence.output.fields {
            sources[ExactText(capture.field), default: []].append(.slot(capture.slot))
        }
        if sequence.output.hasStream { sources[ExactText("stream")] = [.stream] }
        if sequence.output.hasDuration { sources[ExactText("match_duration_ms")] = [.duration] }
        if let key = sequence.key, let slot = sequence.output.keySlot {
            sources[ExactText(key), default: []].insert(.slot(slot), at: 0)
        }
        return sources
    }

    private static func captured(_ stream: CompiledStream, _ plan: Plan) -> Set<Int> {
        let leaves = plan.code.leaves(of: stream.operations.flatMap(\.expressions))
        return Set(leaves.compactMap { if case .matched(let slot) = $0 { Int(slot) } else { nil } })
    }

    /// The slots of runs that are shown where some fields are read.
    static func slots(
        _ sequence: CompiledSequence,
        of stream: CompiledStream,
        _ plan: Plan,
        read: Set<String>
    ) -> Set<Int> {
        var slots = Self.captured(stream, plan)
        for (name, from) in Self.sources(sequence) where read.contains(name.text) {
            for case .slot(let slot) in from { slots.insert(slot) }
        }
        return slots
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
