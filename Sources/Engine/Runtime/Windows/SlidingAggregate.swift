import VPL

/// A sliding window and the aggregate right after it, by the same key: summaries of events are kept, the events are not.
///
/// Arguments are evaluated when an event arrives, and not, as by `Aggregation`, when the window fires.
struct SlidingAggregate: Sendable {
    let window: CompiledWindow
    private let aggregate: CompiledAggregate
    private let type: String
    let parts: [Part]
    var partitions: [Partition] = []
    var places: [ExactText: Int] = [:]
    let empty: Partition
    private var arrived = Arrived()

    /// Where a call finds what it comes to.
    enum Part: Sendable {
        case summary(Int, Summary.Kind)
        /// By the place among the values that are kept of each event.
        case first(Int)
        case distinct(Int, table: Int)
        case last(Int)
    }

    /// What is kept of the event that arrived.
    fileprivate struct Arrived: Sendable {
        var summaries: [Summary] = []
        var values: [Value?] = []
        /// The arguments of `last`.
        var newest: [Value] = []

        mutating func clear() {
            self.summaries.removeAll(keepingCapacity: true)
            self.values.removeAll(keepingCapacity: true)
            self.newest.removeAll(keepingCapacity: true)
        }
    }

    struct Partition: Sendable {
        var summaries: SummaryQueue
        /// Of windows by time.
        var times = ArrayQueue<Int64>()
        /// The key, and the arguments of `first` and `count_distinct`: `valueCount` of each event.
        var values = ArrayQueue<Value?>()
        var valueCount = 0
        var newest: [Value] = []
        /// For each call of `count_distinct` how often each value is in the window.
        var tables: [[Value: Int]]
        /// When it last fired.
        var mark: Int64?
        /// How many events came since it last fired.
        var since = 0
    }

    /// - Parameters:
    ///   - window: A sliding one.
    ///   - aggregate: With the window's key.
    init(_ window: CompiledWindow, _ aggregate: CompiledAggregate, type: String) {
        self.window = window
        self.aggregate = aggregate
        self.type = type
        var kinds: [Summary.Kind] = [.latest]
        // The key comes first.
        var (valueCount, newestCount, tableCount) = (window.key == nil ? 0 : 1, 0, 0)
        var parts: [Part] = []
        for call in aggregate.calls {
            if let kind = Summary.Kind(call) {
                parts.append(.summary(kinds.count, kind))
                kinds.append(kind)
            } else if call.function == .last {
                parts.append(.last(newestCount))
                newestCount += 1
            } else {
                let isFirst = call.function == .first
                parts.append(isFirst ? .first(valueCount) : .distinct(valueCount, table: tableCount))
                valueCount += 1
                tableCount += isFirst ? 0 : 1
            }
        }
        self.parts = parts
        self.empty = Partition(summaries: SummaryQueue(kinds), tables: Array(repeating: [:], count: tableCount))
    }

    /// Adds an event. Returns the aggregate of those in its window, if that fires.
    mutating func add(_ event: Event, _ evaluator: inout Evaluator) -> Event? {
        let key = self.window.key.map { event.fields[$0] }
        self.arrived.clear()
        if let key { self.arrived.values.append(key) }
        self.arrived.summaries.append(Summary(latest: event.timestamp))
        evaluator.event = event
        for (call, part) in zip(self.aggregate.calls, self.parts) {
            let value = call.argument.flatMap { evaluator.evaluate($0) }
            switch part {
            case .summary:
                var accumulator = Accumulator(call)
                accumulator.add(value, hasArgument: call.argument != nil)
                self.arrived.summaries.append(Summary(accumulator))
            case .first, .distinct: self.arrived.values.append(value)
            case .last: self.arrived.newest.append(value ?? .null)
            }
        }
        let place = self.place(of: ExactText(key.map(\.partitionText) ?? ""))
        self.partitions[place].append(self.arrived, self.parts)
        let isFired = self.partitions[place].slide(self.window.kind, self.parts, at: event.timestamp)
        return isFired ? self.result(of: place) : nil
    }

    private mutating func place(of text: ExactText) -> Int {
        if let place = self.places[text] { return place }
        self.places[text] = self.partitions.count
        self.partitions.append(self.empty)
        return self.partitions.count - 1
    }

    private func result(of place: Int) -> Event {
        let partition = self.partitions[place]
        let accumulators = self.parts.map { part -> Accumulator in
            switch part {
            case .summary(let place, let kind): partition.summaries.summary(place).accumulator(kind)
            case .first(let place): .first(partition.values[place] ?? .null)
            case .distinct(_, let table): .count(Int64(partition.tables[table].count))
            case .last(let place): .last(partition.newest[place])
            }
        }
        let key = self.window.key == nil ? nil : partition.values[0]
        let latest = partition.summaries.summary(0).count
        return Aggregation(accumulators, timestamp: latest, key: key).result(self.aggregate, type: self.type)
    }
}

extension SlidingAggregate.Partition {
    /// Adds what arrived.
    fileprivate mutating func append(_ arrived: SlidingAggregate.Arrived, _ parts: [SlidingAggregate.Part]) {
        self.summaries.append(arrived.summaries)
        for value in arrived.values { self.values.append(value) }
        self.valueCount = arrived.values.count
        if !arrived.newest.isEmpty { self.newest = arrived.newest }
        for case .distinct(let place, let table) in parts {
            if let value = arrived.values[place] { self.tables[table][value, default: 0] += 1 }
        }
    }

    private mutating func removeFirst(_ parts: [SlidingAggregate.Part]) {
        for case .distinct(let place, let table) in parts {
            guard let value = self.values[place], let count = self.tables[table][value] else { continue }
            self.tables[table][value] = count == 1 ? nil : count - 1
        }
        self.summaries.removeFirst()
        self.values.removeFirst(self.valueCount)
    }

    /// Lets go of what is too old now. Returns whether the window fires.
    fileprivate mutating func slide(
        _ kind: CompiledWindow.Kind,
        _ parts: [SlidingAggregate.Part],
        at time: Int64
    ) -> Bool {
        switch kind {
        case .sliding(let size, let step):
            self.times.append(time)
            while let oldest = self.times.first, oldest.isBefore(time, minus: size) {
                self.times.removeFirst(1)
                self.removeFirst(parts)
            }
            if let last = self.mark, time.isBefore(last, plus: step) { return false }
            self.mark = time
            return true
        case .slidingCount(let size, let step):
            self.since += 1
            if self.summaries.count > size { self.removeFirst(parts) }
            guard self.summaries.count == size, self.since >= step else { return false }
            self.since = 0
            return true
        case .tumbling, .count, .session: preconditionFailure("the window does not slide")
        }
    }
}

extension Summary.Kind {
    /// Nil for functions that need values.
    fileprivate init?(_ call: CompiledAggregate.Call) {
        switch call.function {
        case .count: self = .count
        case .sum: self = .sum
        case .avg: self = .average
        case .min: self = .least
        case .max: self = .greatest
        case .stddev: self = .deviation
        case .ema: self = .exponential(weight: call.weight)
        case .countDistinct, .first, .last: return nil
        }
    }
}

extension SlidingAggregate {
    var keyCount: Int { self.partitions.count }

    /// About what it takes in memory.
    var heldBytes: Int {
        self.partitions.reduce(0) { sum, partition in
            let tables = partition.tables.reduce(0) { $0 + $1.count * 3 * HeldBytes.tableEntry }
            return sum + MemoryLayout<Partition>.stride + partition.summaries.heldBytes + partition.times.heldBytes
                + partition.values.heldBytes + tables + 2 * HeldBytes.tableEntry
        }
    }
}
