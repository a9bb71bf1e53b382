/// How much of what a pipeline took in from outside may be on its way through the routes of this worker.
///
/// A batch counts until all that came of it, in this pipeline and in those behind it, is done. Pipelines therefore never
/// wait for each other: what a route brings is always taken, and only what is new waits. That holds for circles too.
struct RouteCredit {
    private let eventsMax: Int
    private var underWay: [ObjectIdentifier: (receipt: BatchReceipt, count: Int)] = [:]
    private var eventCount = 0

    init(eventsMax: Int) {
        self.eventsMax = eventsMax
    }

    /// A batch larger than the bound is taken when nothing else is under way.
    func admits(_ batch: EventBatch) -> Bool {
        self.underWay.isEmpty || self.eventCount + batch.count <= self.eventsMax
    }

    /// Counts a batch in, and has `onEnd` called when it is done.
    mutating func take(_ batch: EventBatch, onEnd: @escaping @Sendable (ObjectIdentifier) -> Void) -> EventBatch {
        var batch = batch
        let receipt = batch.receipt ?? BatchReceipt()
        batch.receipt = receipt
        let id = ObjectIdentifier(receipt)
        self.underWay[id] = (receipt, batch.count)
        self.eventCount += batch.count
        receipt.whenEnded { onEnd(id) }
        return batch
    }

    mutating func release(_ id: ObjectIdentifier) {
        guard let batch = self.underWay.removeValue(forKey: id) else { return }
        self.eventCount -= batch.count
    }

    var receipts: [BatchReceipt] { self.underWay.values.map(\.receipt) }
}
