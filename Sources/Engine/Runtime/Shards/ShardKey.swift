/// Which shard an event belongs to, by the text of one of its fields: that of partitions, so that 7 and "7" are one.
struct ShardKey {
    /// Nil where no stream reads the field, and any shard may have any event.
    let slot: Int?
    /// Floats that are integers go where those integers go: joins take them for equal, whatever their texts.
    let matchesNumbers: Bool

    /// Shares out the rows of the batch.
    ///
    /// - Parameter number: The shard that gets them all where any may.
    func divide(_ batch: Batch, into rows: ShardRows, orGiveTo number: Int) {
        guard let slot else { return rows.give(batch.count, to: number) }
        let column = batch.columns[slot]
        let cells = CellPointer(column)
        let (input, heap) = (batch.input, UnsafePointer(batch.heap.base))
        rows.divide(batch.count) { row in
            let word = cells.words[row]
            switch cells.tags[row] {
            case Cell.string:
                let place = TextPlace(rawValue: word)
                let base = place.isInHeap ? heap : input
                return Self.hash(UnsafeBufferPointer(start: base + place.offset, count: place.count))
            case Cell.int: return Self.hash(Int64(bitPattern: word))
            case Cell.float where self.matchesNumbers && Int64(exactly: Double(bitPattern: word)) != nil:
                return Self.hash(Int64(Double(bitPattern: word)))
            default: return self.hash(of: batch.value(column, row))
            }
        }
    }

    func hash(of value: Value?) -> UInt64 {
        if self.matchesNumbers, case .float(let float) = value, let int = Int64(exactly: float) {
            return Self.hash(int)
        }
        var text = value.partitionText
        return text.withUTF8 { Self.hash($0) }
    }

    @inline(__always)
    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 { ByteHash.hash(bytes, seed: 0) }

    /// Of the number's decimal digits.
    @inline(__always)
    private static func hash(_ int: Int64) -> UInt64 {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var place = digits.count
            var rest = int.magnitude
            repeat {
                place -= 1
                digits[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if int < 0 {
                place -= 1
                digits[place] = UInt8(ascii: "-")
            }
            return Self.hash(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(digits)[place...]))
        }
    }
}
