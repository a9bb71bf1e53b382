import VPL

/// The trends of a stream over columns, where no condition looks at two events: running totals for each partition's window.
///
/// What the conditions say of events is found for a batch at once: a bit for each step that may take an event. Then the events
/// go to their windows one by one. An event closes at most one window, whose result lies in the event's row.
final class ColumnTrends {
    let layout: TrendLayout
    private let kernel: TrendKernel
    private let within: Int64
    private let takers: [Taker]
    let key: String?
    private let keySlot: Int?
    private let argumentSlots: [Int?]
    private let types: NameTable
    private let output: TrendOutput
    /// What of the kernel's lives as long as this.
    private let isKleene: UnsafeMutableBufferPointer<Bool>
    private let sums: UnsafeMutableBufferPointer<TrendLayout.Sum>
    private let surveys: UnsafeMutableBufferPointer<TrendLayout.Survey>
    let keys = KeyTable(.text)
    /// By the number of the partition, the place of its window, below zero for none.
    @exclusivity(unchecked) var places = PlainBuffer<Int32>()
    /// By the number of the partition, where its first event stood, if somebody needs to know.
    @exclusivity(unchecked) private var origins = PlainBuffer<UInt64>()
    @exclusivity(unchecked) private var freePlaces: [Int32] = []
    @exclusivity(unchecked) var words = PlainBuffer<UInt64>()
    @exclusivity(unchecked) var windows = PlainBuffer<Window>()
    /// The key in the first event of each window, where it is neither a string nor an int.
    @exclusivity(unchecked) var windowKeys: [Int32: Value] = [:]
    /// How many results had more trends than can be counted.
    @exclusivity(unchecked) var saturated: UInt64 = 0

    /// A step or a negation, and the bit that says that an event fits it.
    private struct Taker {
        let type: String
        let conditions: [NodeID]
        let bit: UInt32
    }

    struct Window: BitwiseCopyable {
        var start: Int64 = 0
        /// What the key in its first event is, and the word where that is an int.
        var keyTag = Cell.missing
        var keyWord: UInt64 = 0
    }

    private static let stepsMax = 31
    private static let negated: UInt32 = 1 << 31

    init(_ trends: CompiledTrends, type: String, _ schema: BatchSchema) {
        self.layout = TrendLayout(trends.steps, trends.items)
        self.within = trends.within
        self.takers =
            trends.steps.enumerated().map { Taker(type: $1.type, conditions: $1.conditions, bit: 1 << UInt32($0)) }
            + trends.negations.map {
                Taker(type: $0.type, conditions: [$0.condition].compactMap(\.self), bit: Self.negated)
            }
        self.key = trends.key
        self.keySlot = trends.key.flatMap { schema.slots.find($0) }
        self.argumentSlots = self.layout.arguments.map { schema.slots.find($0) }
        self.types = schema.types
        self.output = TrendOutput(trends, type: type, schema)
        self.isKleene = .allocate(capacity: self.layout.stepCount)
        self.sums = .allocate(capacity: self.layout.sums.count)
        self.surveys = .allocate(capacity: self.layout.surveys.count)
        _ = self.isKleene.initialize(from: self.layout.isKleene)
        _ = self.sums.initialize(from: self.layout.sums)
        _ = self.surveys.initialize(from: self.layout.surveys)
        self.kernel = TrendKernel(
            self.layout,
            isKleene: UnsafePointer(self.isKleene.baseAddress!),
            sums: UnsafeBufferPointer(self.sums),
            surveys: UnsafeBufferPointer(self.surveys)
        )
        if trends.key == nil { self.places.append(-1) }
    }

    deinit {
        self.isKleene.deallocate()
        self.sums.deallocate()
        self.surveys.deallocate()
        self.places.free()
        self.origins.free()
        self.words.free()
        self.windows.free()
    }

    static func isSuitable(_ trends: CompiledTrends) -> Bool {
        trends.kind == .totals && trends.steps.count <= Self.stepsMax
            && Set(trends.items.map { ExactText($0.name) }).count == trends.items.count
    }

    // MARK: - Events

    /// The results of the windows that events close, each in the row of such an event.
    func run(_ ways: Ways, _ evaluator: ColumnEvaluator) -> Ways {
        let batch = evaluator.batch
        let lanes = ways.frames.map { frame in frame.map { self.lane($0, evaluator) } }
        if ways.frames.count == 1, let frame = ways.frames[0], let lane = lanes[0] {
            self.take(frame.selection, lane, batch)
        } else {
            ways.forEach { way, row in if let lane = lanes[way] { self.take(row, lane, batch) } }
        }
        var results = ways
        for way in results.frames.indices {
            guard let lane = lanes[way] else { continue }
            results.frames[way] = self.output.frame(lane.results, batch)
        }
        results.removeEmpty()
        return results
    }

    /// A way's events, as pointers.
    private final class Lane {
        let keyCells: CellPointer?
        let key: Column?
        let times: UnsafeMutablePointer<Int64>
        /// By row, the steps that may take the event, and whether a negation holds.
        let bits: UnsafeMutablePointer<UInt32>
        /// One for each of the layout's arguments; nil where no event has the field.
        let arguments: UnsafeMutablePointer<CellPointer?>
        let results: TrendOutput.Rows
        /// The columns of the arguments live as long as they are read.
        private let columns: [Column?]

        init(
            _ frame: Frame,
            _ key: Column?,
            _ arguments: [Column?],
            _ bits: UnsafeMutablePointer<UInt32>,
            _ results: TrendOutput.Rows
        ) {
            self.key = key
            self.keyCells = key.map { CellPointer($0) }
            self.times = frame.times
            self.bits = bits
            self.columns = arguments
            self.arguments = .allocate(capacity: arguments.count + 1)
            for (place, column) in arguments.enumerated() {
                (self.arguments + place).initialize(to: column.map { CellPointer($0) })
            }
            self.results = results
        }

        deinit {
            self.arguments.deallocate()
            self.bits.deallocate()
        }
    }

    private func lane(_ frame: Frame, _ evaluator: ColumnEvaluator) -> Lane {
        Lane(
            frame,
            self.keySlot.flatMap { frame.columns[$0] },
            self.argumentSlots.map { slot in slot.flatMap { frame.columns[$0] } },
            self.bits(of: frame, evaluator),
            TrendOutput.Rows(self.output, evaluator)
        )
    }

    /// By row, the steps that may take the event, and whether a negation holds.
    private func bits(of frame: Frame, _ evaluator: ColumnEvaluator) -> UnsafeMutablePointer<UInt32> {
        let bits = UnsafeMutablePointer<UInt32>.allocate(capacity: Batch.rowsMax)
        let typeCount = self.types.names.count
        let types = evaluator.batch.types
        var plain = [UInt32](repeating: 0, count: typeCount + 1)
        for taker in self.takers where taker.conditions.isEmpty {
            if let type = self.types.find(taker.type) { plain[type] |= taker.bit }
        }
        if let name = frame.type {
            let all = self.types.find(name).map { plain[$0] } ?? 0
            frame.selection.forEach { bits[$0] = all }
        } else {
            plain.withUnsafeBufferPointer { plain in
                frame.selection.forEach { bits[$0] = plain[min(Int(types[$0]), typeCount)] }
            }
        }
        for taker in self.takers where !taker.conditions.isEmpty {
            var taken = frame
            if let name = frame.type {
                guard name.isExactly(taker.type) else { continue }
            } else {
                guard let type = self.types.find(taker.type) else { continue }
                let wanted = UInt16(type)
                taken.selection = frame.selection.filtered(into: evaluator.newRows()) { types[$0] == wanted }
            }
            for condition in taker.conditions where taken.selection.count > 0 {
                taken.selection = evaluator.rows(where: condition, in: taken)
            }
            let bit = taker.bit
            taken.selection.forEach { bits[$0] |= bit }
        }
        return bits
    }

    private func take(_ rows: Selection, _ lane: Lane, _ batch: Batch) {
        rows.forEach { self.take($0, lane, batch) }
    }

    @inline(__always)
    private func take(_ row: Int, _ lane: Lane, _ batch: Batch) {
        let number = self.number(row, lane, batch)
        let time = lane.times[row]
        let bits = lane.bits[row]
        var place = Int(self.places.base[number])
        if place >= 0, (self.windows.base + place).pointee.start.isBefore(time, minus: self.within) {
            if self.words.base[place * self.layout.wordCount + TrendLayout.complete] > 0 {
                self.write(place, of: number, row, lane.results, lane.keyCells, batch)
            }
            self.close(place, of: number)
            place = -1
        }
        if bits == 0 { return }
        if place < 0 {
            guard bits & 1 != 0 else { return }
            place = self.open(at: time, number, row, lane, batch)
        } else if bits & Self.negated != 0 {
            self.layout.negate(self.words.base + place * self.layout.wordCount)
        }
        let words = self.words.base + place * self.layout.wordCount
        let numbers = RowNumbers(arguments: lane.arguments, row: row)
        var left = bits & ~Self.negated
        // From the last step to the first, so that no event comes after itself.
        while left != 0 {
            let step = 31 - left.leadingZeroBitCount
            left ^= 1 << UInt32(truncatingIfNeeded: step)
            if self.kernel.take(step, numbers, words) {
                words[TrendLayout.lastTime] = UInt64(bitPattern: time)
            }
        }
    }

    private struct RowNumbers: TrendNumbers {
        let arguments: UnsafeMutablePointer<CellPointer?>
        let row: Int

        @inline(__always)
        func number(_ argument: Int) -> Double? {
            guard let cells = self.arguments[argument] else { return nil }
            switch cells.tags[self.row] {
            case Cell.float: return Double(bitPattern: cells.words[self.row])
            case Cell.int: return Double(Int64(bitPattern: cells.words[self.row]))
            default: return nil
            }
        }
    }

    /// The number of an event's partition.
    @inline(__always)
    private func number(_ row: Int, _ lane: Lane, _ batch: Batch) -> Int {
        if self.key == nil { return 0 }
        let number =
            lane.keyCells.flatMap { self.keys.number(of: $0, row, batch) }
            ?? self.keys.number(ofOther: lane.key.flatMap { batch.value($0, row) })
        if number == self.places.count {
            self.places.append(-1)
            if let origins = batch.origins { self.origins.append(origins[row]) }
        }
        return number
    }

    // MARK: - Windows

    @inline(never)
    private func open(at time: Int64, _ number: Int, _ row: Int, _ lane: Lane, _ batch: Batch) -> Int {
        let place: Int
        if let free = self.freePlaces.popLast() {
            place = Int(free)
        } else {
            place = self.windows.count
            self.windows.append(Window())
            self.words.append(0, times: self.layout.wordCount)
        }
        self.places.base[number] = Int32(place)
        var window = Window(start: time)
        if let cells = lane.keyCells {
            window.keyTag = cells.tags[row]
            if window.keyTag == Cell.int {
                window.keyWord = cells.words[row]
            } else if window.keyTag != Cell.string {
                self.windowKeys[Int32(place)] = lane.key.flatMap { batch.value($0, row) }
            }
        }
        self.windows.base[place] = window
        self.layout.begin(self.words.base + place * self.layout.wordCount)
        return place
    }

    private func close(_ place: Int, of number: Int) {
        if !self.windowKeys.isEmpty { self.windowKeys[Int32(place)] = nil }
        self.places.base[number] = -1
        self.freePlaces.append(Int32(place))
    }

    /// Writes a window's result to a row.
    ///
    /// - Parameter keyCells: Where the row has the same key, perhaps; nil for a row without an event.
    private func write(
        _ place: Int,
        of number: Int,
        _ row: Int,
        _ results: TrendOutput.Rows,
        _ keyCells: CellPointer?,
        _ batch: Batch
    ) {
        let words = self.words.base + place * self.layout.wordCount
        if words[TrendLayout.complete] == TrendLayout.countMax { self.saturated += 1 }
        results.add(row, self.layout, words, batch)
        guard let column = results.key else { return }
        let window = self.windows.base[place]
        if window.keyTag == Cell.int {
            column.set(row, Cell.int, window.keyWord)
        } else if window.keyTag == Cell.string, let keyCells, keyCells.tags[row] == Cell.string {
            column.set(row, Cell.string, keyCells.words[row])
        } else if window.keyTag == Cell.string {
            batch.set(.string(self.keys.text(number)), column, row)
        } else {
            batch.write(self.windowKeys[Int32(place)], to: column, row)
        }
    }

    /// The end of the input: results of open windows, in the order in which their partitions first appeared, in the rows from
    /// the first on. Nil if there are no more.
    ///
    /// - Parameter partition: Where to begin, and then where to go on.
    func finish(from partition: inout Int, _ evaluator: ColumnEvaluator) -> Frame? {
        let results = TrendOutput.Rows(self.output, evaluator)
        while partition < self.places.count, results.count < Batch.rowsMax {
            let place = Int(self.places.base[partition])
            if place >= 0 {
                if self.words.base[place * self.layout.wordCount + TrendLayout.complete] > 0 {
                    if let origins = evaluator.batch.origins, partition < self.origins.count {
                        origins[results.count] = self.origins.base[partition]
                    }
                    self.write(place, of: partition, results.count, results, nil, evaluator.batch)
                }
                self.close(place, of: partition)
            }
            partition += 1
        }
        return results.count == 0 ? nil : self.output.frame(results, evaluator.batch)
    }

    var keyCount: Int { self.places.count }

    /// About what it takes in memory.
    var heldBytes: Int {
        self.keys.heldBytes + self.words.count * MemoryLayout<UInt64>.stride
            + self.windows.count * MemoryLayout<Window>.stride + self.places.count * MemoryLayout<Int32>.stride
            + self.origins.count * MemoryLayout<UInt64>.stride
            + self.freePlaces.count * MemoryLayout<Int32>.stride
            + HeldBytes.of(self.windowKeys.count, like: self.windowKeys.values.lazy.map { $0.heldBytes + 32 })
    }
}
