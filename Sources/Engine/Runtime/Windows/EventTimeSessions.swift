/// Sessions by the time of events: those of a partition that are at most `gap` apart, whatever the order in which they come.
///
/// One fires when the watermark has come to `gap` after its last event. Until then any number of them may be open, and an
/// event between two makes one of them. A session that has fired is kept for as long as late events may still come to it. An
/// event that does lets it fire again: at once, or, if it makes the session longer, when the watermark comes to its new end.
struct EventTimeSessions: Sendable {
    private let gap: Int64
    private let tolerance: Int64
    private let lateness: Int64
    var table: PartitionTable
    /// The sessions of each partition, in the order of time.
    var partitions: [[Session]] = []
    /// Each session that has not fired has an entry, for the end that it had when it was made.
    var due = MinHeap<Entry>()
    /// The same for those that have.
    var fired = MinHeap<Entry>()
    var sessionsMade: UInt64 = 0
    var arrivals: UInt64 = 0
    var eventCount = 0

    struct Session: Sendable {
        let id: UInt64
        var first: Int64
        var last: Int64
        /// In the order of arrival.
        var events: [Arrival]
        var hasFired = false
    }

    struct Entry: Comparable, Sendable {
        /// The time of the session's last event.
        let last: Int64
        let partition: Int
        let session: UInt64

        static func < (left: Entry, right: Entry) -> Bool {
            (left.last, left.partition, left.session) < (right.last, right.partition, right.session)
        }
    }

    init(gap: Int64, watermark: CompiledWatermark, key: String?) {
        self.gap = gap
        self.tolerance = watermark.tolerance
        self.lateness = watermark.lateness ?? 0
        self.table = PartitionTable(key: key)
    }

    func end(of last: Int64) -> Int64 { last.saturatingPlus(self.gap) }

    /// Returns false if the event's session is over.
    mutating func add(_ event: Event, at watermark: Int64?) -> Bool {
        let number = self.table.number(of: event)
        if number == self.partitions.count { self.partitions.append([]) }
        let time = event.timestamp
        let from = self.place(of: time.saturatingMinus(self.gap), in: number)
        var to = from
        while to < self.partitions[number].count,
            !time.isBefore(self.partitions[number][to].first, minus: self.gap)
        {
            to += 1
        }
        if from == to, let watermark, self.end(of: time).saturatingPlus(self.lateness) <= watermark { return false }
        self.arrivals += 1
        self.eventCount += 1
        let arrival = Arrival(number: self.arrivals, event: event)
        if to - from == 1, !self.partitions[number][from].hasFired {
            self.partitions[number][from].events.append(arrival)
            self.partitions[number][from].first = min(self.partitions[number][from].first, time)
            self.partitions[number][from].last = max(self.partitions[number][from].last, time)
            return true
        }
        let joined = self.partitions[number][from..<to]
        self.sessionsMade += 1
        let session = Session(
            id: self.sessionsMade,
            first: min(joined.first?.first ?? time, time),
            last: max(joined.last?.last ?? time, time),
            events: Self.merge(joined.map(\.events)) + [arrival]
        )
        self.partitions[number].replaceSubrange(from..<to, with: [session])
        self.due.push(Entry(last: session.last, partition: number, session: session.id))
        return true
    }

    /// At most two.
    private static func merge(_ lists: [[Arrival]]) -> [Arrival] {
        guard lists.count > 1 else { return lists.first ?? [] }
        return lists.joined().sorted { $0.number < $1.number }
    }

    /// The place of the first session of a partition that does not end before a time.
    private func place(of time: Int64, in number: Int) -> Int {
        var (low, high) = (0, self.partitions[number].count)
        while low < high {
            let middle = (low + high) / 2
            if self.partitions[number][middle].last < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Where the session of an entry is; nil if it is no more.
    private func place(of entry: Entry) -> Int? {
        let place = self.place(of: entry.last, in: entry.partition)
        let sessions = self.partitions[entry.partition]
        return place < sessions.count && sessions[place].id == entry.session ? place : nil
    }

    mutating func next(at watermark: Int64) -> [Event]? {
        while let entry = self.due.first, self.end(of: entry.last) <= watermark {
            _ = self.due.pop()
            guard let place = self.place(of: entry) else { continue }
            let session = self.partitions[entry.partition][place]
            let current = Entry(last: session.last, partition: entry.partition, session: session.id)
            if current.last > entry.last {
                self.due.push(current)
                continue
            }
            if self.end(of: session.last).saturatingPlus(self.lateness) > watermark {
                self.partitions[entry.partition][place].hasFired = true
                self.fired.push(current)
            } else {
                self.remove(place, of: entry.partition)
            }
            return session.events.map(\.event)
        }
        while let entry = self.fired.first, self.end(of: entry.last).saturatingPlus(self.lateness) <= watermark {
            _ = self.fired.pop()
            if let place = self.place(of: entry) { self.remove(place, of: entry.partition) }
        }
        return nil
    }

    private mutating func remove(_ place: Int, of partition: Int) {
        self.eventCount -= self.partitions[partition].remove(at: place).events.count
    }

    /// All that have not fired, by partition and time.
    mutating func finish() -> [[Event]] {
        let batches = self.partitions.joined().filter { !$0.hasFired }.map { $0.events.map(\.event) }
        self.partitions = []
        self.table.removeAll()
        self.due.removeAll()
        self.fired.removeAll()
        self.eventCount = 0
        return batches
    }

    mutating func takeSilent(at now: Int64) -> [[Event]] {
        let silent = now.saturatingMinus(self.tolerance)
        var batches: [[Event]] = []
        for number in self.partitions.indices {
            var kept: [Session] = []
            for session in self.partitions[number] {
                if session.hasFired || !session.last.isBefore(silent, minus: self.gap) {
                    kept.append(session)
                } else {
                    self.eventCount -= session.events.count
                    batches.append(session.events.map(\.event))
                }
            }
            if kept.count < self.partitions[number].count { self.partitions[number] = kept }
        }
        return batches
    }

    var heldBytes: Int {
        HeldBytes.of(self.eventCount, like: self.partitions.lazy.compactMap { $0.last?.events.last?.event.heldBytes })
            + (self.due.count + self.fired.count) * (MemoryLayout<Entry>.stride + MemoryLayout<Session>.stride)
            + self.partitions.count * MemoryLayout<[Session]>.stride + self.table.heldBytes
    }
}
