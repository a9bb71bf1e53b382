import VPL

/// What is added up over the events of a Kleene step, in cells of the run: first the result, as `Accumulator` would give
/// it, then what else is needed to go on.
struct SequenceSummary {
    let function: AggregateFunction
    /// The place of what is added up among the fields; nil to count events.
    let field: Int?
    let cell: Int
    /// Of the newest value in `ema`.
    let weight: Double

    init(_ call: CompiledAggregate.Call, field: Int?, cell: Int) {
        self.function = call.function
        self.field = field
        self.cell = cell
        self.weight = call.weight
    }

    /// How many cells it has.
    var cellCount: Int {
        switch self.function {
        case .avg: 3
        case .stddev: 4
        case .count, .countDistinct, .sum, .min, .max, .first, .last, .ema: 1
        }
    }

    /// Whether the result is a value of an event, of any kind.
    var isHeld: Bool { self.function == .first || self.function == .last }

    /// Adds an event's value to the cells of a run, for all but those that hold values.
    @inline(__always)
    func add(
        _ tag: UInt8,
        _ word: UInt64,
        _ words: UnsafeMutablePointer<UInt64>,
        _ tags: UnsafeMutablePointer<UInt8>
    ) {
        let isNew = tags[self.cell] == Cell.missing
        let result = words + self.cell
        if self.function == .count {
            let isCounted = self.field == nil || tag > Cell.null
            result.pointee = (isNew ? 0 : result.pointee) &+ (isCounted ? 1 : 0)
            tags[self.cell] = Cell.int
            return
        }
        let number: Double
        switch tag {
        case Cell.int: number = Double(Int64(bitPattern: word))
        case Cell.float: number = Double(bitPattern: word)
        default: number = .nan
        }
        if isNew {
            tags[self.cell] = self.function == .sum ? Cell.float : Cell.null
            for place in 0..<self.cellCount { result[place] = 0 }
        }
        if self.function == .sum {
            guard tag == Cell.int || tag == Cell.float else { return }
            result.pointee = (Double(bitPattern: result.pointee) + number).bitPattern
        } else if !number.isNaN {
            self.add(number, result, &tags[self.cell])
        }
    }

    @inline(__always)
    private func add(_ number: Double, _ words: UnsafeMutablePointer<UInt64>, _ tag: inout UInt8) {
        func float(_ place: Int) -> Double { Double(bitPattern: words[place]) }
        let isFirst = tag == Cell.null
        switch self.function {
        case .avg:
            words[1] = (float(1) + number).bitPattern
            words[2] += 1
            words[0] = (float(1) / Double(words[2])).bitPattern
            tag = Cell.float
        case .min, .max:
            let best = self.function == .min ? Swift.min(float(0), number) : Swift.max(float(0), number)
            words[0] = (isFirst ? number : best).bitPattern
            tag = Cell.float
        case .ema:
            words[0] = (isFirst ? number : number * self.weight + float(0) * (1 - self.weight)).bitPattern
            tag = Cell.float
        case .stddev:
            // Welford 1962: the count, the mean, and the sum of squared distances from it.
            words[1] += 1
            let distance = number - float(2)
            words[2] = (float(2) + distance / Double(words[1])).bitPattern
            words[3] = (float(3) + distance * (number - float(2))).bitPattern
            guard words[1] > 1 else { return }
            words[0] = (float(3) / Double(words[1] - 1)).squareRoot().bitPattern
            tag = Cell.float
        case .count, .countDistinct, .sum, .first, .last: break
        }
    }
}
