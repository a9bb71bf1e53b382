import VPL

/// A window with its aggregate, or an aggregate over all events so far, by key: sums are kept, no events are.
///
/// An event adds to its partition at most one result, which lies in the event's row.
final class ColumnAggregate {
    let window: CompiledWindow.Kind?
    let aggregate: CompiledAggregate
    private let type: String
    private let keySlot: Int?
    let keys = KeyTable(.text)
    /// For each partition the states of all calls, `stateWords` of them each.
    @exclusivity(unchecked) var words = PlainBuffer<UInt64>()
    let stateWords: Int
    @exclusivity(unchecked) private(set) var codes = PlainBuffer<CallCode>()
    /// The call that each item is, where none is more than a call.
    private let itemCalls: [Int]
    private var areItemsCalls: Bool { self.itemCalls.count == self.aggregate.items.count }
    /// Whether somebody may ask for the key's text.
    private let givesPartition: Bool
    /// What `first` and `last` hold, `heldCount` for each partition.
    @exclusivity(unchecked) var held: [Value] = []
    let heldCount: Int
    @exclusivity(unchecked) var partitions = PlainBuffer<Partition>()
    /// What the key in each partition's first event is, and where it is no string, the key.
    @exclusivity(unchecked) var firstTags = PlainBuffer<UInt8>()
    @exclusivity(unchecked) var firstKeys: [Value?] = []
    @exclusivity(unchecked) private var results: [Value]

    /// A call, and where its state begins: among the words or, for `hold`, among what is held.
    struct CallCode: BitwiseCopyable {
        enum Function: UInt8, BitwiseCopyable {
            case count, sum, average, least, greatest, deviation, exponential, hold
        }

        let function: Function
        let offset: Int
        /// Of `first`, which holds; `last` is the other that does.
        let isFirst: Bool
        /// Of the newest value in `ema`.
        let weight: Double

        init(_ call: CompiledAggregate.Call, offset: Int) {
            self.function =
                switch call.function {
                case .count, .countDistinct: .count
                case .sum: .sum
                case .avg: .average
                case .min: .least
                case .max: .greatest
                case .stddev: .deviation
                case .ema: .exponential
                case .first, .last: .hold
                }
            self.offset = offset
            self.isFirst = call.function == .first
            self.weight = call.weight
        }
    }

    struct Partition: BitwiseCopyable {
        var count = 0
        var start: Int64 = 0
        /// The latest time.
        var timestamp = Int64.min
    }

    deinit {
        self.words.free()
        self.partitions.free()
        self.codes.free()
        self.firstTags.free()
    }

    /// Nil for what needs the events themselves.
    ///
    /// - Parameter givesAllFields: Whether some stream emits events with all their fields.
    init?(
        _ window: CompiledWindow?,
        _ aggregate: CompiledAggregate,
        type: String,
        _ schema: BatchSchema,
        givesAllFields: Bool
    ) {
        guard Self.isSuitable(window, aggregate) else { return nil }
        self.window = window?.kind
        self.aggregate = aggregate
        self.type = type
        self.keySlot = aggregate.key.flatMap { schema.slots.find($0) }
        self.itemCalls = aggregate.items.compactMap { if case .call(let place) = $0.formula { place } else { nil } }
        self.givesPartition = schema.slots.find("_partition") != nil || givesAllFields
        var (offset, held) = (0, 0)
        for call in aggregate.calls {
            let isHeld = call.function == .first || call.function == .last
            self.codes.append(CallCode(call, offset: isHeld ? held : offset))
            switch call.function {
            case .first, .last: held += 1
            case .avg, .ema: offset += 2
            case .stddev: offset += 3
            case .count, .countDistinct, .sum, .min, .max: offset += 1
            }
        }
        self.stateWords = offset
        self.heldCount = held
        self.results = Array(repeating: .null, count: aggregate.calls.count)
    }

    static func isSuitable(_ window: CompiledWindow?, _ aggregate: CompiledAggregate) -> Bool {
        if let window {
            switch window.kind {
            case .tumbling, .count: break
            case .sliding, .slidingCount, .session: return false
            }
            guard window.key == aggregate.key else { return false }
        }
        return aggregate.calls.allSatisfy { $0.function != .countDistinct }
            && Set(aggregate.items.map { ExactText($0.name) }).count == aggregate.items.count
    }

    // MARK: - Events

    /// The results, each in the row of the event that made it.
    func run(_ ways: Ways, _ evaluator: ColumnEvaluator) -> Ways {
        let batch = evaluator.batch
        var lanes = ways.frames.map { frame in frame.map { Lane($0, self, evaluator) } }
        if ways.frames.count == 1, let frame = ways.frames[0], let lane = lanes[0] {
            frame.selection.forEach { self.take($0, lane, batch) }
        } else {
            ways.forEach { way, row in if let lane = lanes[way] { self.take(row, lane, batch) } }
        }
        var results = ways
        for way in results.frames.indices {
            guard let lane = lanes[way] else { continue }
            results.frames[way] = self.frame(lane, batch)
            lanes[way] = nil
        }
        results.removeEmpty()
        return results
    }

    /// A way's events and results, as pointers: a loop over them counts no references.
    private final class Lane {
        let key: Column?
        let keyCells: CellPointer?
        let times: UnsafeMutablePointer<Int64>
        /// One for each call; nil for `count()`.
        let arguments: UnsafeMutablePointer<CellPointer?>
        let resultRows: UnsafeMutablePointer<UInt16>
        let resultTimes: UnsafeMutablePointer<Int64>
        @exclusivity(unchecked) var resultCount = 0
        let items: [Column]
        let keyResult: Column?
        let partition: Column?
        /// The columns of the arguments live as long as they are read.
        private let columns: [Column?]

        init(_ frame: Frame, _ owner: ColumnAggregate, _ evaluator: ColumnEvaluator) {
            let calls = owner.aggregate.calls
            self.key = owner.keySlot.flatMap { frame.columns[$0] }
            self.keyCells = self.key.map { CellPointer($0) }
            self.times = frame.times
            self.columns = calls.map { call in call.argument.map { evaluator.column($0, in: frame) } }
            self.arguments = .allocate(capacity: calls.count + 1)
            for (place, column) in self.columns.enumerated() {
                (self.arguments + place).initialize(to: column.map { CellPointer($0) })
            }
            self.resultRows = evaluator.newRows()
            self.resultTimes = evaluator.newTimes()
            self.items = owner.aggregate.items.map { _ in evaluator.newColumn() }
            let hasKey = owner.aggregate.key != nil
            self.keyResult = hasKey ? evaluator.newColumn() : nil
            self.partition = hasKey && owner.givesPartition ? evaluator.newColumn() : nil
        }

        deinit { self.arguments.deallocate() }

        func argument(_ place: Int, _ row: Int, _ batch: Batch) -> Value? {
            self.columns[place].flatMap { batch.value($0, row) }
        }
    }

    @inline(__always)
    private func take(_ row: Int, _ lane: Lane, _ batch: Batch) {
        let number =
            lane.keyCells.flatMap { self.keys.number(of: $0, row, batch) }
            ?? self.keys.number(ofOther: lane.key.flatMap { batch.value($0, row) })
        if number == self.partitions.count { self.begin() }
        if self.add(row, to: number, lane, batch) {
            lane.resultRows[lane.resultCount] = UInt16(truncatingIfNeeded: row)
            lane.resultCount += 1
        }
    }

    /// Adds an event. True if a result was written to its row.
    @inline(__always)
    private func add(_ row: Int, to number: Int, _ lane: Lane, _ batch: Batch) -> Bool {
        let time = lane.times[row]
        let partition = self.partitions.base + number
        switch self.window {
        case .tumbling(let size):
            let isFired = partition.pointee.count > 0 && !time.isBefore(partition.pointee.start, plus: size)
            if isFired {
                self.fire(number, row, lane, batch)
                self.reset(number)
            }
            self.addUp(row, number, time, lane, batch)
            return isFired
        case .count(let size):
            self.addUp(row, number, time, lane, batch)
            guard partition.pointee.count == size else { return false }
            self.fire(number, row, lane, batch)
            self.reset(number)
            return true
        default:
            self.addUp(row, number, time, lane, batch)
            self.fire(number, row, lane, batch)
            return true
        }
    }

    func begin() {
        self.partitions.append(Partition())
        self.firstKeys.append(nil)
        self.firstTags.append(Cell.missing)
        self.words.append(0, times: self.stateWords)
        self.held.append(contentsOf: repeatElement(.null, count: self.heldCount))
        self.reset(self.partitions.count - 1)
    }

    private func reset(_ number: Int) {
        self.partitions.base[number].count = 0
        self.partitions.base[number].timestamp = .min
        let words = self.words.base + number * self.stateWords
        for place in 0..<self.codes.count {
            let code = self.codes.base[place]
            let state = words + code.offset
            switch code.function {
            case .hold: self.held[number * self.heldCount + code.offset] = .null
            case .least, .greatest: state[0] = Double.nan.bitPattern
            case .average, .exponential: state.update(repeating: 0, count: 2)
            case .deviation: state.update(repeating: 0, count: 3)
            case .count, .sum: state[0] = 0
            }
        }
    }

    // MARK: - Sums

    @inline(__always)
    private func addUp(_ row: Int, _ number: Int, _ time: Int64, _ lane: Lane, _ batch: Batch) {
        let partition = self.partitions.base + number
        let isFirst = partition.pointee.count == 0
        if isFirst {
            partition.pointee.start = time
            self.rememberKey(row, number, lane, batch)
        }
        partition.pointee.count += 1
        partition.pointee.timestamp = max(partition.pointee.timestamp, time)
        let words = self.words.base + number * self.stateWords
        for place in 0..<self.codes.count {
            let code = self.codes.base[place]
            guard let cells = lane.arguments[place] else {
                if code.function == .count {
                    words[code.offset] &+= 1
                } else {
                    self.hold(nil, code, number, isFirst)
                }
                continue
            }
            let tag = cells.tags[row]
            switch code.function {
            case .count: if tag != Cell.missing, tag != Cell.null { words[code.offset] &+= 1 }
            case .hold: self.hold(lane.argument(place, row, batch), code, number, isFirst)
            default:
                let word = cells.words[row]
                if tag == Cell.float {
                    Self.add(Double(bitPattern: word), code, words + code.offset)
                } else if tag == Cell.int {
                    Self.add(Double(Int64(bitPattern: word)), code, words + code.offset)
                }
            }
        }
    }

    private func rememberKey(_ row: Int, _ number: Int, _ lane: Lane, _ batch: Batch) {
        let tag = lane.keyCells?.tags[row] ?? Cell.missing
        // A string is known by its partition's text.
        self.firstTags.base[number] = tag
        if tag != Cell.string { self.firstKeys[number] = lane.key.flatMap { batch.value($0, row) } }
    }

    private func hold(_ value: Value?, _ code: CallCode, _ number: Int, _ isFirst: Bool) {
        if isFirst || !code.isFirst { self.held[number * self.heldCount + code.offset] = value ?? .null }
    }

    @inline(__always)
    private static func add(_ number: Double, _ code: CallCode, _ words: UnsafeMutablePointer<UInt64>) {
        func double(_ offset: Int) -> Double { Double(bitPattern: words[offset]) }
        if code.function == .sum {
            words[0] = (double(0) + number).bitPattern
            return
        }
        if number.isNaN { return }
        switch code.function {
        case .average:
            words[0] = (double(0) + number).bitPattern
            words[1] += 1
        case .least:
            let least = double(0)
            words[0] = (least.isNaN ? number : Swift.min(least, number)).bitPattern
        case .greatest:
            let greatest = double(0)
            words[0] = (greatest.isNaN ? number : Swift.max(greatest, number)).bitPattern
        case .deviation:
            words[0] += 1
            let distance = number - double(1)
            let mean = double(1) + distance / Double(words[0])
            words[1] = mean.bitPattern
            words[2] = (double(2) + distance * (number - mean)).bitPattern
        case .exponential:
            words[0] = (words[1] == 0 ? number : number * code.weight + double(0) * (1 - code.weight)).bitPattern
            words[1] = 1
        case .count, .hold, .sum: break
        }
    }

    private func result(_ place: Int, _ number: Int) -> Value {
        let code = self.codes.base[place]
        let words = self.words.base + number * self.stateWords + code.offset
        func float(_ offset: Int) -> Double { Double(bitPattern: words[offset]) }
        switch code.function {
        case .count: return .int(Int64(bitPattern: words[0]))
        case .sum: return .float(float(0))
        case .average: return words[1] == 0 ? .null : .float(float(0) / Double(words[1]))
        case .least, .greatest: return float(0).isNaN ? .null : .float(float(0))
        case .exponential: return words[1] == 0 ? .null : .float(float(0))
        case .deviation: return words[0] < 2 ? .null : .float((float(2) / Double(words[0] - 1)).squareRoot())
        case .hold: return self.held[number * self.heldCount + code.offset]
        }
    }

    // MARK: - Results

    private func fire(_ number: Int, _ row: Int, _ lane: Lane, _ batch: Batch) {
        if !self.areItemsCalls {
            for place in self.results.indices { self.results[place] = self.result(place, number) }
        }
        for place in 0..<lane.items.count {
            let column = lane.items[place]
            if self.areItemsCalls {
                self.set(self.itemCalls[place], number, column, row, batch)
            } else {
                let value = CompiledAggregate.value(of: self.aggregate.items[place].formula, self.results) ?? .null
                batch.set(value, column, row)
            }
        }
        lane.resultTimes[row] = self.partitions.base[number].timestamp
        if let column = lane.keyResult { self.setKey(number, column, row, lane, batch) }
        if let column = lane.partition { batch.set(.string(self.keys.text(number)), column, row) }
    }

    /// Writes the result of a call.
    @inline(__always)
    private func set(_ place: Int, _ number: Int, _ column: Column, _ row: Int, _ batch: Batch) {
        let code = self.codes.base[place]
        let words = self.words.base + number * self.stateWords + code.offset
        switch code.function {
        case .count: column.set(row, Cell.int, words[0])
        case .sum: column.set(row, Cell.float, words[0])
        case .exponential where words[1] != 0: column.set(row, Cell.float, words[0])
        default: batch.set(self.result(place, number), column, row)
        }
    }

    /// The key of the partition's first event. One that is the arriving event's lies in the batch already.
    private func setKey(_ number: Int, _ column: Column, _ row: Int, _ lane: Lane, _ batch: Batch) {
        let first = self.firstTags.base[number]
        if first == Cell.string || first == Cell.int, let cells = lane.keyCells, cells.tags[row] == first {
            column.set(row, first, cells.words[row])
        } else if first == Cell.string {
            batch.set(.string(self.keys.text(number)), column, row)
        } else if let key = self.firstKeys[number] {
            batch.set(key, column, row)
        } else {
            column.tags[row] = Cell.missing
        }
    }

    private func frame(_ lane: Lane, _ batch: Batch) -> Frame {
        let selection = Selection(rows: lane.resultRows, count: lane.resultCount, isDense: false)
        // All but the key were written to in each of the rows.
        for column in lane.items + [lane.partition].compactMap({ $0 }) { column.kinds.remove(.missing) }
        lane.keyResult?.noteMissing(among: selection)
        var fields = zip(self.aggregate.items, lane.items).map { Frame.Field(name: $0.name, column: $1) }
        func add(_ name: String, _ column: Column) {
            if !fields.contains(where: { $0.name.isExactly(name) }) {
                fields.append(Frame.Field(name: name, column: column))
            }
        }
        if let key = self.aggregate.key, let column = lane.keyResult { add(key, column) }
        if let column = lane.partition { add("_partition", column) }
        var columns = [Column?](repeating: nil, count: batch.columns.count)
        for field in fields {
            if let slot = batch.schema.slots.find(field.name) { columns[slot] = field.column }
        }
        return Frame(
            selection: selection,
            columns: columns,
            times: lane.resultTimes,
            fields: fields,
            type: self.type
        )
    }
}

extension ColumnAggregate {
    /// About what it takes in memory.
    var keyCount: Int { self.keys.count }

    /// About what it takes in memory.
    var heldBytes: Int {
        self.keys.heldBytes + self.words.count * MemoryLayout<UInt64>.stride
            + self.partitions.count * MemoryLayout<Partition>.stride + self.held.count * MemoryLayout<Value>.stride
            + HeldBytes.of(self.held.count, like: self.held.lazy.map { $0.heldBytes })
    }
}
