import VPL

/// Sums in cells of runs as `Accumulator` has them, to the last bit.
extension SequenceSummary {
    /// - Parameters:
    ///   - held: The result, if that is a value of an event.
    func accumulator(
        _ words: UnsafePointer<UInt64>,
        _ tags: UnsafePointer<UInt8>,
        held: @autoclosure () -> Value?
    ) -> Accumulator {
        let (words, tag) = (words + self.cell, tags[self.cell])
        let isNew = tag == Cell.missing
        let hasNumber = tag == Cell.float
        func float(_ place: Int) -> Double { isNew ? 0 : Double(bitPattern: words[place]) }
        func count(_ place: Int) -> Int64 { isNew ? 0 : Int64(bitPattern: words[place]) }
        switch self.function {
        case .count: return .count(count(0))
        case .sum: return .sum(float(0))
        case .avg: return .average(sum: float(1), count: count(2))
        case .stddev: return .deviation(count: count(1), mean: float(2), squares: float(3))
        case .min: return .least(hasNumber ? float(0) : nil)
        case .max: return .greatest(hasNumber ? float(0) : nil)
        case .ema: return .exponential(hasNumber ? float(0) : nil, weight: self.weight)
        case .first: return .first(held())
        case .last: return .last(held() ?? .null)
        case .countDistinct: preconditionFailure("distinct values are not gathered in columns")
        }
    }

    /// Sets the cells, but for those that hold values.
    func set(
        _ accumulator: Accumulator,
        _ words: UnsafeMutablePointer<UInt64>,
        _ tags: UnsafeMutablePointer<UInt8>
    ) {
        let result = accumulator.result
        let words = words + self.cell
        tags[self.cell] = Cell.tag(of: result)
        words[0] = Cell.word(of: result)
        switch accumulator {
        case .average(let sum, let count): (words[1], words[2]) = (sum.bitPattern, UInt64(bitPattern: count))
        case .deviation(let count, let mean, let squares):
            (words[1], words[2], words[3]) = (UInt64(bitPattern: count), mean.bitPattern, squares.bitPattern)
        case .count, .distinct, .sum, .least, .greatest, .first, .last, .exponential: break
        }
    }
}
