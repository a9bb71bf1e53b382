import VPL

/// A window with its aggregate, or an aggregate over all events so far, by key: sums are kept, no events are.
///
/// An event adds to its partition at most one result, which lies in the event's row.
final class ColumnAggregate {
    private let window: CompiledWindow.Kind?
    private let aggregate: CompiledAggregate
    private let type: String
    private let keySlot: Int?
    private let keys = KeyTable(.text)
    /// For each partition the states of all calls, `stateWords` of them each.
    private var words = PlainBuffer<UInt64>()
    private let stateWords: Int
    /// Where each call's state begins.
    private let offsets: [Int]
    /// What `first` and `last` hold, `heldCount` for each partition.
    private var held: [Value] = []
    private let heldCount: Int
    private var partitions = PlainBuffer<Partition>()
    /// The key in each partition's first event.
    private var firstKeys: [Value?] = []
    private var results: [Value]

    private struct Partition: BitwiseCopyable {
        var count = 0
        var start: Int64 = 0
        /// The latest time.
        var timestamp = Int64.min
    }

    deinit {
        self.words.free()
        self.partitions.free()
    }

    /// Nil for what needs the events themselves.
    init?(_ window: CompiledWindow?, _ aggregate: CompiledAggregate, type: String, _ schema: BatchSchema) {
        guard Self.isSuitable(window, aggregate) else { return nil }
        self.window = window?.kind
        self.aggregate = aggregate
        self.type = type
        self.keySlot = aggregate.key.flatMap { schema.slots.find($0) }
        var (offset, held, offsets) = (0, 0, [Int]())
        for call in aggregate.calls {
            switch call.function {
            case .first, .last:
                offsets.append(held)
                held += 1
            case .avg, .ema:
                offsets.append(offset)
                offset += 2
            case .stddev:
                offsets.append(offset)
                offset += 3
            default:
                offsets.append(offset)
                offset += 1
            }
        }
        self.offsets = offsets
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
        let inputs = ways.frames.map { frame in frame.map { self.arguments(in: $0, evaluator) } }
        var outputs = ways.frames.map { frame in frame.map { self.output($0, evaluator) } }
        var counts = [Int](repeating: 0, count: ways.frames.count)
        ways.forEach { way, row in
            guard let input = inputs[way], let output = outputs[way] else { return }
            let number = self.keys.number(of: input.key, row, batch)
            if number == self.partitions.count { self.begin() }
            if self.add(row, to: number, input, batch, output) {
                output.rows[counts[way]] = UInt16(row)
                counts[way] += 1
            }
        }
        var results = ways
        for way in results.frames.indices {
            guard let output = outputs[way] else { continue }
            results.frames[way] = self.frame(output, count: counts[way], batch)
            outputs[way] = nil
        }
        results.removeEmpty()
        return results
    }

    /// What is read of a way's events.
    private struct Input {
        let key: Column?
        let times: UnsafeMutablePointer<Int64>
        let arguments: [Column?]
    }

    private func arguments(in frame: Frame, _ evaluator: ColumnEvaluator) -> Input {
        Input(
            key: self.keySlot.flatMap { frame.columns[$0] },
            times: frame.times,
            arguments: self.aggregate.calls.map { call in call.argument.map { evaluator.column($0, in: frame) } }
        )
    }

    /// Where a way's results go.
    private struct Output {
        let rows: UnsafeMutablePointer<UInt16>
        let times: UnsafeMutablePointer<Int64>
        let items: [Column]
        let key: Column?
        let partition: Column?
    }

    private func output(_ frame: Frame, _ evaluator: ColumnEvaluator) -> Output {
        let hasKey = self.aggregate.key != nil
        return Output(
            rows: evaluator.newRows(),
            times: evaluator.newTimes(),
            items: self.aggregate.items.map { _ in evaluator.newColumn() },
            key: hasKey ? evaluator.newColumn() : nil,
            partition: hasKey ? evaluator.newColumn() : nil
        )
    }

    /// Adds an event. True if a result was written to its row.
    @inline(__always)
    private func add(_ row: Int, to number: Int, _ input: Input, _ batch: Batch, _ output: Output) -> Bool {
        let time = input.times[row]
        var isFired = false
        switch self.window {
        case .tumbling(let size):
            if self.partitions.base[number].count > 0, !time.isBefore(self.partitions.base[number].start, plus: size) {
                self.fire(number, row, batch, output)
                self.reset(number)
                isFired = true
            }
            if self.partitions.base[number].count == 0 { self.open(number, row, time, input, batch) }
            self.addUp(row, number, time, input, batch)
            return isFired
        case .count(let size):
            if self.partitions.base[number].count == 0 { self.open(number, row, time, input, batch) }
            self.addUp(row, number, time, input, batch)
            guard self.partitions.base[number].count == size else { return false }
            self.fire(number, row, batch, output)
            self.reset(number)
            return true
        default:
            if self.partitions.base[number].count == 0 { self.open(number, row, time, input, batch) }
            self.addUp(row, number, time, input, batch)
            self.fire(number, row, batch, output)
            return true
        }
    }

    private func begin() {
        self.partitions.append(Partition())
        self.firstKeys.append(nil)
        self.words.append(0, times: self.stateWords)
        self.held.append(contentsOf: repeatElement(.null, count: self.heldCount))
        self.reset(self.partitions.count - 1)
    }

    private func reset(_ number: Int) {
        self.partitions.base[number].count = 0
        self.partitions.base[number].timestamp = .min
        let none = Double.nan.bitPattern
        for (call, offset) in zip(self.aggregate.calls, self.offsets) {
            let place = number * self.stateWords + offset
            switch call.function {
            case .first, .last: self.held[number * self.heldCount + offset] = .null
            case .min, .max: self.words.base[place] = none
            case .avg, .ema: for word in place..<place + 2 { self.words.base[word] = 0 }
            case .stddev: for word in place..<place + 3 { self.words.base[word] = 0 }
            default: self.words.base[place] = 0
            }
        }
    }

    private func open(_ number: Int, _ row: Int, _ time: Int64, _ input: Input, _ batch: Batch) {
        self.partitions.base[number].start = time
        if let key = input.key { self.firstKeys[number] = batch.value(key, row) }
    }

    // MARK: - Sums

    @inline(__always)
    private func addUp(_ row: Int, _ number: Int, _ time: Int64, _ input: Input, _ batch: Batch) {
        self.partitions.base[number].count += 1
        self.partitions.base[number].timestamp = max(self.partitions.base[number].timestamp, time)
        let isFirst = self.partitions.base[number].count == 1
        let base = number * self.stateWords
        for place in self.offsets.indices {
            let call = self.aggregate.calls[place]
            let argument = input.arguments[place]
            let offset = self.offsets[place]
            switch call.function {
            case .count:
                let tag = argument?.tags[row] ?? Cell.bool
                if tag != Cell.missing, tag != Cell.null { self.words.base[base + offset] &+= 1 }
            case .first, .last:
                guard isFirst || call.function == .last else { continue }
                let value = argument.flatMap { batch.value($0, row) } ?? .null
                self.held[number * self.heldCount + offset] = value
            default:
                guard let argument else { continue }
                let word = argument.words[row]
                let number: Double
                switch argument.tags[row] {
                case Cell.float: number = Double(bitPattern: word)
                case Cell.int: number = Double(Int64(bitPattern: word))
                default: continue
                }
                self.add(number, call, base + offset)
            }
        }
    }

    @inline(__always)
    private func add(_ number: Double, _ call: CompiledAggregate.Call, _ place: Int) {
        let words = self.words.base + place
        func double(_ offset: Int) -> Double { Double(bitPattern: words[offset]) }
        if call.function == .sum {
            words[0] = (double(0) + number).bitPattern
            return
        }
        if number.isNaN { return }
        switch call.function {
        case .avg:
            words[0] = (double(0) + number).bitPattern
            words[1] += 1
        case .min:
            let least = double(0)
            words[0] = (least.isNaN ? number : Swift.min(least, number)).bitPattern
        case .max:
            let greatest = double(0)
            words[0] = (greatest.isNaN ? number : Swift.max(greatest, number)).bitPattern
        case .stddev:
            words[0] += 1
            let distance = number - double(1)
            let mean = double(1) + distance / Double(words[0])
            words[1] = mean.bitPattern
            words[2] = (double(2) + distance * (number - mean)).bitPattern
        case .ema:
            let weight = 2 / (Double(call.periods) + 1)
            words[0] = (words[1] == 0 ? number : number * weight + double(0) * (1 - weight)).bitPattern
            words[1] = 1
        default: break
        }
    }

    private func result(_ place: Int, _ number: Int) -> Value {
        let base = number * self.stateWords + self.offsets[place]
        func float(_ offset: Int) -> Double { Double(bitPattern: self.words.base[base + offset]) }
        switch self.aggregate.calls[place].function {
        case .count: return .int(Int64(bitPattern: self.words.base[base]))
        case .sum: return .float(float(0))
        case .avg: return self.words.base[base + 1] == 0 ? .null : .float(float(0) / Double(self.words.base[base + 1]))
        case .min, .max: return float(0).isNaN ? .null : .float(float(0))
        case .ema: return self.words.base[base + 1] == 0 ? .null : .float(float(0))
        case .stddev:
            return self.words.base[base] < 2
                ? .null : .float((float(2) / Double(self.words.base[base] - 1)).squareRoot())
        case .first, .last: return self.held[number * self.heldCount + self.offsets[place]]
        case .countDistinct: return .null
        }
    }

    // MARK: - Results

    private func fire(_ number: Int, _ row: Int, _ batch: Batch, _ output: Output) {
        for place in self.results.indices { self.results[place] = self.result(place, number) }
        for (item, column) in zip(self.aggregate.items, output.items) {
            let value = CompiledAggregate.value(of: item.formula, self.results) ?? .null
            batch.set(value, column, row)
        }
        output.times[row] = self.partitions.base[number].timestamp
        if let column = output.key {
            if let key = self.firstKeys[number] {
                batch.set(key, column, row)
            } else {
                column.tags[row] = Cell.missing
            }
        }
        if let column = output.partition { batch.set(.string(self.keys.text(number)), column, row) }
    }

    private func frame(_ output: Output, count: Int, _ batch: Batch) -> Frame {
        var fields = zip(self.aggregate.items, output.items).map { Frame.Field(name: $0.name, column: $1) }
        func add(_ name: String, _ column: Column) {
            if !fields.contains(where: { $0.name.isExactly(name) }) {
                fields.append(Frame.Field(name: name, column: column))
            }
        }
        if let key = self.aggregate.key, let column = output.key { add(key, column) }
        if let column = output.partition { add("_partition", column) }
        var columns = [Column?](repeating: nil, count: batch.columns.count)
        for field in fields {
            if field.column !== output.key { field.column.kinds.remove(.missing) }
            if let slot = batch.schema.slots.find(field.name) { columns[slot] = field.column }
        }
        return Frame(
            selection: Selection(rows: output.rows, count: count, isDense: false),
            columns: columns,
            times: output.times,
            fields: fields,
            type: self.type
        )
    }
}
