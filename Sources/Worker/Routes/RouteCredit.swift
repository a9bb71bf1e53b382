/// How much of what a pipeline took in from outside may be on its way through the routes of this worker.
///
/// A batch counts until all that came of it, in this pipeline and in those behind it, is done. Pipelines therefore never
/// wait for each other: what a route brings is always taken, and only what is new waits. That holds for circles too.
struct RouteCredit {
    private struct UnderWay {
        let receipt: BatchReceipt
        let count: Int
        let byteCount: Int
    }

    private let eventsMax: Int
    private let bytesMax: Int
    private var underWay: [ObjectIdentifier: UnderWay] = [:]
    private var eventCount = 0
    private var byteCount = 0

    init(eventsMax: Int, bytesMax: Int) {
        self.eventsMax = eventsMax
        self.bytesMax = bytesMax
    }

    /// A batch larger than a bound is taken when nothing else is under way.
    func admits(_ batch: EventBatch) -> Bool {
        self.underWay.isEmpty
            || self.eventCount + batch.count <= self.eventsMax && self.byteCount + batch.byteCount <= self.bytesMax
    }

    /// Counts a batch in, and has `onEnd` called when it is done.
    mutating func take(_ batch: EventBatch, onEnd: @escaping @Sendable (ObjectIdentifier) -> Void) -> EventBatch {
        var batch = batch
        // Who sent a request has it answered, and does not send it again.
        let receipt = batch.receipt ?? BatchReceipt(comesAgain: false)
        batch.receipt = receipt
        let id = ObjectIdentifier(receipt)
        let (count, byteCount) = (batch.count, batch.byteCount)
        self.underWay[id] = UnderWay(receipt: receipt, count: count, byteCount: byteCount)
        self.eventCount += count
        self.byteCount += byteCount
        receipt.whenEnded { onEnd(id) }
        return batch
    }

    mutating func release(_ id: ObjectIdentifier) {
        guard let batch = self.underWay.removeValue(forKey: id) else { return }
        self.eventCount -= batch.count
        self.byteCount -= batch.byteCount
    }

    var receipts: [BatchReceipt] { self.underWay.values.map(\.receipt) }
}
