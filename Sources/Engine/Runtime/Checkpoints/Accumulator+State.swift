extension StateWriter {
    /// Writes all that it has to know to go on to the last bit.
    mutating func write(_ accumulator: Accumulator) {
        switch accumulator {
        case .count(let count):
            self.write(byte: 0)
            self.write(count)
        case .distinct(let seen):
            self.write(byte: 1)
            self.write(count: seen.count)
            // In an order that depends on nothing but the values.
            let texts = seen.map { value in
                var writer = StateWriter()
                writer.write(Optional(value))
                return writer.bytes
            }
            for text in texts.sorted(by: { $0.lexicographicallyPrecedes($1) }) { self.append(text) }
        case .sum(let sum):
            self.write(byte: 2)
            self.write(sum)
        case .average(let sum, let count):
            self.write(byte: 3)
            self.write(sum)
            self.write(count)
        case .least(let number): self.write(byte: 4, number)
        case .greatest(let number): self.write(byte: 5, number)
        case .deviation(let count, let mean, let squares):
            self.write(byte: 6)
            self.write(count)
            self.write(mean)
            self.write(squares)
        case .first(let value):
            self.write(byte: 7)
            self.write(value)
        case .last(let value):
            self.write(byte: 8)
            self.write(Optional(value))
        case .exponential(let number, _): self.write(byte: 9, number)
        }
    }

    private mutating func write(byte: UInt8, _ number: Double?) {
        self.write(byte: byte)
        self.write(byte: number == nil ? 0 : 1)
        if let number { self.write(number) }
    }
}

extension StateReader {
    /// - Parameter fresh: One of the same call that nothing was added to.
    mutating func accumulator(like fresh: Accumulator) throws(CheckpointError) -> Accumulator {
        switch (try self.byte(), fresh) {
        case (0, .count): return .count(try self.signed())
        case (1, .distinct):
            var seen: Set<Value> = []
            for _ in 0..<(try self.count()) { seen.insert(try self.presentValue()) }
            return .distinct(seen)
        case (2, .sum): return .sum(try self.double())
        case (3, .average): return .average(sum: try self.double(), count: try self.tallied())
        case (4, .least): return .least(try self.optionalDouble())
        case (5, .greatest): return .greatest(try self.optionalDouble())
        case (6, .deviation):
            return .deviation(count: try self.tallied(), mean: try self.double(), squares: try self.double())
        case (7, .first): return .first(try self.value())
        case (8, .last): return .last(try self.presentValue())
        case (9, .exponential(_, let weight)): return .exponential(try self.optionalDouble(), weight: weight)
        default: throw .malformed("a sum is of another kind than the program asks for")
        }
    }

    private mutating func tallied() throws(CheckpointError) -> Int64 {
        let number = try self.signed()
        guard 0...1 << 62 ~= number else { throw .malformed("a number is too large") }
        return number
    }

    private mutating func optionalDouble() throws(CheckpointError) -> Double? {
        switch try self.byte() {
        case 0: nil
        case 1: try self.double()
        default: throw .malformed("a number is of no known kind")
        }
    }
}
