/// The events in a piece of a file, read on one thread for several shards.
///
/// The piece is read without what stands before it: how many lines that are, and the time that the last `BATCH` there set.
/// Both are told afterwards.
final class ParsedLines {
    /// The batches read, of which the first `batchCount` count. The rows of each are in the order of `rows`: a shard finds
    /// its own next to each other, and takes nothing from memory that belongs to another.
    private(set) var batches: [Batch] = []
    private(set) var batchCount = 0
    /// The rows of each batch as they were read, by their shards.
    private(set) var rows: [ShardRows] = []
    private(set) var rejected: [Rejection] = []
    /// How the piece ends: lines counted from its beginning; a time of `Timestamp.none` where no line sets one.
    private(set) var reader = EventFileReader()
    /// Where the lines end in the input.
    private(set) var end = 0
    /// Of events without a time before the first `BATCH` of the piece. Set when the pieces before are read.
    var timeBefore: Int64 = 0

    struct Rejection {
        let error: EventFileError
        let bytes: [UInt8]
    }

    private let schema: BatchSchema
    /// What is read, before it is put in order.
    private let unordered: Batch
    private let key: ShardKey
    private let shardCount: Int
    /// Which of the pieces it is, and which shard gets its events where any may: one for each piece.
    private let number: Int

    init(_ schema: BatchSchema, _ key: ShardKey, shardCount: Int, number: Int) {
        self.schema = schema
        self.unordered = Batch(schema, heapBytesMax: BatchPipeline.heapBytesMax)
        self.key = key
        self.shardCount = shardCount
        self.number = number
    }

    /// Reads the lines of `source`.
    func read(_ source: LineSource) {
        var source = source
        self.batchCount = 0
        self.rejected.removeAll(keepingCapacity: true)
        self.reader = EventFileReader()
        self.reader.offset = Timestamp.none
        while true {
            if self.batchCount == self.batches.count {
                self.batches.append(Batch(self.schema, heapBytesMax: BatchPipeline.heapBytesMax))
                self.rows.append(ShardRows(shardCount: self.shardCount))
            }
            let (batch, rows) = (self.batches[self.batchCount], self.rows[self.batchCount])
            // Without a key all rows are for one shard, and in order.
            let read = self.key.slot == nil ? batch : self.unordered
            batch.clear()
            read.clear()
            source.fill(read, reader: &self.reader) { line in
                self.rejected.append(Rejection(error: line.error, bytes: Array(line.bytes)))
            }
            self.end = source.position
            if read.count == 0 { return }
            self.key.divide(read, into: rows, orGiveTo: self.number)
            if let slot = self.key.slot {
                batch.append(read, rows.all, count: read.count, timeBefore: Timestamp.none)
                batch.gatherTexts(slot)
            }
            self.batchCount += 1
        }
    }
}
