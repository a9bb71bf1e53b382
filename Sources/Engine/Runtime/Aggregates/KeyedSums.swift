import VPL

/// An aggregate by key, over all events so far or over tumbling windows: sums are kept, no events are.
///
/// Keys are in the order of first appearance, their sums side by side: a copy of them for a checkpoint takes little time.
struct KeyedSums: Sendable {
    let aggregate: CompiledAggregate
    /// Nil for the aggregate over all events so far.
    let window: CompiledWindow.Kind?
    let type: String
    var partitions: [Partition] = []
    var places: [ExactText: Int] = [:]

    struct Partition: Sendable {
        var sum: Aggregation
        /// Of the events in the sum.
        var count = 0
        /// The time of the first of them.
        var start: Int64 = 0
    }

    /// - Parameter window: Tumbling, by time or by count, with the aggregate's key.
    init(_ window: CompiledWindow?, _ aggregate: CompiledAggregate, type: String) {
        self.window = window?.kind
        self.aggregate = aggregate
        self.type = type
    }

    /// Adds an event. Returns what the aggregate comes to, if it fires.
    mutating func add(_ event: Event, _ evaluator: inout Evaluator) -> Event? {
        let key = self.aggregate.key.flatMap { event.fields[$0] }
        let place = self.place(of: ExactText(key.partitionText), key)
        evaluator.event = event
        switch self.window {
        case .tumbling(let size):
            let partition = self.partitions[place]
            let isOver = partition.count > 0 && !event.timestamp.isBefore(partition.start, plus: size)
            let fired = isOver ? partition.sum.result(self.aggregate, type: self.type) : nil
            if isOver { self.partitions[place].count = 0 }
            self.addUp(event, place, key, &evaluator)
            return fired
        case .count(let size):
            self.addUp(event, place, key, &evaluator)
            guard self.partitions[place].count >= size else { return nil }
            self.partitions[place].count = 0
            return self.partitions[place].sum.result(self.aggregate, type: self.type)
        case .sliding, .slidingCount, .session, nil:
            self.addUp(event, place, key, &evaluator)
            return self.partitions[place].sum.result(self.aggregate, type: self.type)
        }
    }

    private mutating func place(of text: ExactText, _ key: Value?) -> Int {
        if let place = self.places[text] { return place }
        self.places[text] = self.partitions.count
        self.partitions.append(Partition(sum: Aggregation(self.aggregate, key: key)))
        return self.partitions.count - 1
    }

    private mutating func addUp(_ event: Event, _ place: Int, _ key: Value?, _ evaluator: inout Evaluator) {
        if self.partitions[place].count == 0 {
            self.partitions[place] = Partition(sum: Aggregation(self.aggregate, key: key), start: event.timestamp)
        }
        self.partitions[place].count += 1
        self.partitions[place].sum.add(event, self.aggregate, &evaluator)
    }

    /// How many events of a key the sums are of; nil for an unknown key.
    func heldCount(of key: ExactText) -> Int? { self.places[key].map { self.partitions[$0].count } }

    /// About what it takes in memory.
    var heldBytes: Int {
        HeldBytes.of(
            self.partitions.count,
            like: self.partitions.lazy.map { $0.sum.heldBytes + 2 * HeldBytes.tableEntry }
        )
    }
}
