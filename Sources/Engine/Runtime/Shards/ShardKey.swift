/// Which shard an event belongs to, by the text of one of its fields: that of partitions, so that 7 and "7" are one.
struct ShardKey {
    /// Nil where no stream reads the field, and any shard may have any event.
    let slot: Int?
    let shardCount: Int
    /// Floats that are integers go where those integers go: joins take them for equal, whatever their texts.
    let matchesNumbers: Bool

    /// Sets the shard of each row of the batch.
    func shards(of batch: Batch, into shards: UnsafeMutablePointer<UInt16>) {
        guard let slot else {
            for row in 0..<batch.count { shards[row] = UInt16(row * self.shardCount / batch.count) }
            return
        }
        let column = batch.columns[slot]
        let cells = CellPointer(column)
        for row in 0..<batch.count {
            let word = cells.words[row]
            let hash: UInt64
            switch cells.tags[row] {
            case Cell.string: hash = Self.hash(batch.bytes(TextPlace(rawValue: word)))
            case Cell.int: hash = Self.hash(Int64(bitPattern: word))
            case Cell.float where self.matchesNumbers && Int64(exactly: Double(bitPattern: word)) != nil:
                hash = Self.hash(Int64(Double(bitPattern: word)))
            default:
                var text = batch.value(column, row).partitionText
                hash = text.withUTF8 { Self.hash($0) }
            }
            // The upper half, multiplied: even for any number of shards.
            shards[row] = UInt16(truncatingIfNeeded: ((hash >> 32) &* UInt64(self.shardCount)) >> 32)
        }
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
