/// The rows of a batch by their shards: those of the first, then those of the second, and so on, each in order.
final class ShardRows {
    private let shardCount: Int
    /// Scratch: by row.
    private let shards: UnsafeMutablePointer<UInt16>
    private let rows: UnsafeMutablePointer<UInt16>
    /// By shard: where its rows end in `rows`, and those of the next begin.
    private let ends: UnsafeMutablePointer<Int>

    init(shardCount: Int) {
        self.shardCount = shardCount
        self.shards = .allocate(capacity: Batch.rowsMax)
        self.rows = .allocate(capacity: Batch.rowsMax)
        self.ends = .allocate(capacity: shardCount)
    }

    deinit {
        self.shards.deallocate()
        self.rows.deallocate()
        self.ends.deallocate()
    }

    /// Of all shards, those of the first before those of the second.
    var all: UnsafePointer<UInt16> { UnsafePointer(self.rows) }

    /// Where a shard's rows stand in `all`.
    func places(of shard: Int) -> Range<Int> { (shard == 0 ? 0 : self.ends[shard - 1])..<self.ends[shard] }

    /// Gives all of so many rows to one shard.
    func give(_ count: Int, to number: Int) {
        for row in 0..<count { self.rows[row] = UInt16(truncatingIfNeeded: row) }
        for shard in 0..<self.shardCount { self.ends[shard] = shard < number ? 0 : count }
    }

    /// Shares out a batch of so many rows by a hash of each, of which the upper half counts.
    ///
    /// No step depends on which shard a row belongs to: with keys in no order, a processor would guess it wrong half of
    /// the time.
    @inline(__always)
    func divide(_ count: Int, by hash: (Int) -> UInt64) {
        let (shards, rows, ends) = (self.shards, self.rows, self.ends)
        let shardCount = UInt64(self.shardCount)
        ends.update(repeating: 0, count: self.shardCount)
        for row in 0..<count {
            // Multiplied: even for any number of shards.
            let shard = ((hash(row) >> 32) &* shardCount) >> 32
            shards[row] = UInt16(truncatingIfNeeded: shard)
            ends[Int(shard)] &+= 1
        }
        var start = 0
        for shard in 0..<self.shardCount {
            let more = ends[shard]
            ends[shard] = start
            start += more
        }
        // Each grows from where its rows begin to where they end.
        for row in 0..<count {
            let shard = Int(shards[row])
            rows[ends[shard]] = UInt16(truncatingIfNeeded: row)
            ends[shard] &+= 1
        }
    }
}
