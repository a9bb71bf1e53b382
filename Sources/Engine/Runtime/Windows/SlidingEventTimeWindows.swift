/// Sliding windows by the time of events: at a watermark W the events of `[W - size, W]`, in the order of arrival.
///
/// A partition is evaluated when the watermark moves, if nothing was fired yet or `step` has passed since; one without events
/// in the window fires nothing. Events ahead of the watermark wait for it. A late event counts from then on.
struct SlidingEventTimeWindows: Sendable {
    private let size: Int64
    private let step: Int64
    var table: PartitionTable
    var partitions: [Partition] = []
    /// When which partition is to be looked at.
    private var due = MinHeap<Due>()
    /// The partitions to look at for the watermark at hand, the last first.
    private var ready: [Int] = []
    var arrivals: UInt64 = 0
    var eventCount = 0

    struct Partition: Sendable {
        /// The events that the watermark has come to, in the order of arrival.
        var present: [Arrival] = []
        /// Those ahead of it.
        var ahead = MinHeap<Ahead>()
        var lastFired: Int64?
        /// The time of its valid entry in `due`.
        var scheduled: Int64?
    }

    struct Ahead: Comparable, Sendable {
        let arrival: Arrival

        static func < (left: Ahead, right: Ahead) -> Bool {
            (left.arrival.event.timestamp, left.arrival.number) < (right.arrival.event.timestamp, right.arrival.number)
        }

        static func == (left: Ahead, right: Ahead) -> Bool { left.arrival.number == right.arrival.number }
    }

    private struct Due: Comparable, Sendable {
        let time: Int64
        let partition: Int

        static func < (left: Due, right: Due) -> Bool { (left.time, left.partition) < (right.time, right.partition) }
    }

    init(size: Int64, step: Int64, key: String?) {
        self.size = size
        self.step = step
        self.table = PartitionTable(key: key)
    }

    /// Returns false if the event is before every window to come.
    mutating func add(_ event: Event, at watermark: Int64?) -> Bool {
        let number = self.table.number(of: event)
        if number == self.partitions.count { self.partitions.append(Partition()) }
        if let watermark, event.timestamp.isBefore(watermark, minus: self.size) { return false }
        self.arrivals += 1
        self.eventCount += 1
        let arrival = Arrival(number: self.arrivals, event: event)
        if let watermark, event.timestamp <= watermark {
            self.partitions[number].present.append(arrival)
        } else {
            self.partitions[number].ahead.push(Ahead(arrival: arrival))
        }
        self.schedule(number)
        return true
    }

    /// Makes sure that the partition is looked at as soon as it can fire.
    mutating func schedule(_ number: Int) {
        let partition = self.partitions[number]
        var time = Int64.min
        if partition.present.isEmpty {
            guard let next = partition.ahead.first else { return }
            time = next.arrival.event.timestamp
        }
        if let last = partition.lastFired {
            let (next, overflow) = last.addingReportingOverflow(self.step)
            // Never again.
            if overflow { return }
            time = max(time, next)
        }
        if let scheduled = partition.scheduled, scheduled <= time { return }
        self.partitions[number].scheduled = time
        self.due.push(Due(time: time, partition: number))
    }

    mutating func next(at watermark: Int64) -> [Event]? {
        while let next = self.due.first, next.time <= watermark {
            _ = self.due.pop()
            guard self.partitions[next.partition].scheduled == next.time else { continue }
            self.partitions[next.partition].scheduled = nil
            self.ready.append(next.partition)
        }
        // What follows schedules nothing before the watermark, so that these are all.
        self.ready.sort(by: >)
        while let number = self.ready.popLast() {
            let batch = self.evaluate(number, at: watermark)
            self.schedule(number)
            if let batch { return batch }
        }
        return nil
    }

    private mutating func evaluate(_ number: Int, at watermark: Int64) -> [Event]? {
        let before = self.partitions[number].present.count + self.partitions[number].ahead.count
        var isInOrder = true
        self.partitions[number].present.removeAll { $0.event.timestamp.isBefore(watermark, minus: self.size) }
        while let next = self.partitions[number].ahead.first, next.arrival.event.timestamp <= watermark {
            _ = self.partitions[number].ahead.pop()
            if next.arrival.event.timestamp.isBefore(watermark, minus: self.size) { continue }
            if let last = self.partitions[number].present.last, next.arrival.number < last.number { isInOrder = false }
            self.partitions[number].present.append(next.arrival)
        }
        self.eventCount -=
            before - self.partitions[number].present.count - self.partitions[number].ahead.count
        if !isInOrder { self.partitions[number].present.sort { $0.number < $1.number } }
        if self.partitions[number].present.isEmpty { return nil }
        self.partitions[number].lastFired = watermark
        return self.partitions[number].present.map(\.event)
    }

    var heldBytes: Int {
        let samples = self.partitions.lazy.compactMap { partition in
            (partition.present.last ?? partition.ahead.first?.arrival)?.event.heldBytes
        }
        return HeldBytes.of(self.eventCount, like: samples)
            + self.partitions.count * (MemoryLayout<Partition>.stride + MemoryLayout<Due>.stride) + self.table.heldBytes
    }
}
