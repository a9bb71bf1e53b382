extension SequenceState: RestorableState {
    /// Partitions in the order of their last events, their runs in the order of their start.
    func save(to saved: inout SavedOperator) {
        saved.numbers = [
            (SavedOperator.time, self.time), ("dropped", Int64(bitPattern: self.dropped)),
            ("refused", Int64(bitPattern: self.refused)), ("evicted", Int64(bitPattern: self.evicted)),
        ]
        var place = self.lists.idlest
        while place >= 0 {
            self.save(place, to: &saved)
            place = self.lists[place].after
        }
        // Those that nothing came to for long have no order.
        for place in self.lists.partitions.indices where self.lists.partitions[place].isParked {
            self.save(Int32(place), to: &saved)
        }
    }

    private func save(_ place: Int32, to saved: inout SavedOperator) {
        let partition = self.lists[place]
        saved.addEntry(.string(partition.key.text)) { writer in
            writer.write(partition.time)
            writer.write(byte: partition.isParked ? 1 : 0)
            let runs = self.runs(of: place, at: 0..<self.lists.positionCount)
            writer.write(count: runs.count)
            for run in runs { self.write(run, to: &writer) }
        }
    }

    private func write(_ run: Int32, to writer: inout StateWriter) {
        writer.write(self.table[run].number)
        writer.write(self.table[run].start)
        writer.write(count: Int(self.table[run].position))
        let row = Int(run)
        let slots = self.sequence.slotCount
        for value in self.values[row * slots..<(row + 1) * slots] { writer.write(value) }
        let sums = self.table.fresh.count
        for accumulator in self.table.accumulators[row * sums..<(row + 1) * sums] { writer.write(accumulator) }
        let events = self.table.eventCount
        for fields in self.table.events[row * events..<(row + 1) * events] { writer.write(fields) }
        let nodes = self.nodesOfTree.count
        for node in 0..<nodes {
            writer.write(byte: self.nodes[row * nodes + node].progress.rawValue)
            writer.write(Int64(self.nodes[row * nodes + node].position))
        }
    }

    mutating func restore(_ saved: SavedOperator) throws(CheckpointError) {
        let layout = RunLayout(saved, self.sequence, self.table)
        self.lists = RunLists(positionCount: self.sequence.positionCount)
        var found: [SavedRun] = []
        try saved.forEachEntry { (key, reader) throws(CheckpointError) in
            let text = ExactText(key.partitionText)
            guard self.lists.partition(of: text) == nil, self.sequence.key != nil || text.text.isEmpty else {
                throw .malformed("a sequence has a key twice")
            }
            let partition = self.lists.add(text)
            self.lists[partition].time = try reader.signed()
            if try reader.byte() == 1 { self.lists.park(partition) }
            for _ in 0..<(try reader.count(ofSize: 3)) {
                found.append(try SavedRun(&reader, of: partition, layout))
            }
        }
        if self.sequence.key == nil, self.lists.partitionCount == 0 { _ = self.lists.add(ExactText("")) }
        // Runs start in the order of their numbers, whatever partition they are of.
        found.sort { $0.number < $1.number }
        for run in found { self.add(run) }
        self.time = saved.numbers.first { $0.name == SavedOperator.time }?.value ?? .min
        self.dropped = UInt64(bitPattern: saved.number("dropped"))
        self.refused = UInt64(bitPattern: saved.number("refused"))
        self.evicted = UInt64(bitPattern: saved.number("evicted"))
    }

    private mutating func add(_ saved: SavedRun) {
        let run = self.table.begin(at: saved.start, in: saved.partition, &self.values)
        let row = Int(run)
        for (slot, value) in saved.values.enumerated() { self.values[row * self.table.slotCount + slot] = value }
        for (place, accumulator) in saved.accumulators.enumerated() {
            self.table.accumulators[row * self.table.fresh.count + place] = accumulator
        }
        for (place, fields) in saved.events.enumerated() {
            self.table.events[row * self.table.eventCount + place] = fields
        }
        if !self.nodesOfTree.isEmpty {
            self.makeNodes(of: run)
            for (node, state) in saved.nodes.enumerated() { self[run, node] = state }
            self.typesWanted[row] = self.typesWanted(by: 0, of: run)
        }
        self.table.textBytes += self.table.heldBytes(of: run, self.values)
        self.table[run].position = saved.position
        self.lists.append(run, &self.table)
        if self.sequence.within != nil { self.lists.insertByTime(run, &self.table) }
    }
}

/// Where what a checkpoint has of a run belongs.
struct RunLayout {
    /// By the value's place in the checkpoint: its slot now, nil for one that nobody asks for.
    let slots: [Int?]
    let slotCount: Int
    /// By the sum's place in the checkpoint.
    let fresh: [Accumulator]
    let eventCount: Int
    let keepsEvents: Bool
    let positionCount: Int
    let nodes: [PatternTree.Node]

    init(_ saved: SavedOperator, _ sequence: CompiledSequence, _ table: RunTable) {
        let now = sequence.columnNames
        let isWhole = saved.columns.last?.isExactly(CompiledSequence.wholeEvents) ?? false
        let then = isWhole ? saved.columns.dropLast() : saved.columns[...]
        self.slots = then.map { name in now.firstIndex { $0.isExactly(name) } }
        self.slotCount = sequence.slotCount
        self.fresh = table.fresh
        self.eventCount = isWhole ? sequence.steps.count : 0
        self.keepsEvents = sequence.output.isWhole
        self.positionCount = sequence.positionCount
        self.nodes = sequence.tree?.nodes ?? []
    }
}

/// A run as a checkpoint has it.
struct SavedRun {
    let number: UInt64
    let start: Int64
    let partition: Int32
    let position: Int32
    private(set) var values: [Value?]
    private(set) var accumulators: [Accumulator] = []
    private(set) var events: [Fields] = []
    private(set) var nodes: [PatternNodeState] = []

    init(_ reader: inout StateReader, of partition: Int32, _ layout: RunLayout) throws(CheckpointError) {
        self.partition = partition
        self.number = try reader.number()
        self.start = try reader.signed()
        let position = try reader.number()
        guard position < UInt64(layout.positionCount) else { throw .malformed("a run is at no step") }
        self.position = Int32(position)
        self.values = Array(repeating: nil, count: layout.slotCount)
        for slot in layout.slots {
            let value = try reader.value()
            if let slot { self.values[slot] = value }
        }
        for fresh in layout.fresh { self.accumulators.append(try reader.accumulator(like: fresh)) }
        for _ in 0..<layout.eventCount {
            let fields = try reader.fields()
            if layout.keepsEvents { self.events.append(fields) }
        }
        for node in layout.nodes {
            guard let progress = PatternNodeState.Progress(rawValue: try reader.byte()) else {
                throw .malformed("a part of a pattern is in no known state")
            }
            let position = try reader.signed()
            let places = node.kind == .items ? node.steps : node.kind == .any ? node.operands.indices : 0..<1
            guard position == -1 || places.contains(Int(position)),
                position >= 0 || progress == .open || progress == .dead
            else { throw .malformed("a part of a pattern is at no step") }
            self.nodes.append(PatternNodeState(progress: progress, position: Int32(position)))
        }
    }
}
