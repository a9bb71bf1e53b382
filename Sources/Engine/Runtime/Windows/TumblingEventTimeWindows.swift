/// Tumbling windows by the time of events: `[n * size, (n + 1) * size)` for each n, any number of them open.
///
/// One fires when the watermark has come to its end, and is kept for as long as late events may still come to it; each lets
/// it fire again.
struct TumblingEventTimeWindows: Sendable {
    let size: Int64
    let lateness: Int64
    var partitions: PartitionTable
    var windows: [Place: Window] = [:]
    /// Those that have events which they have not fired with.
    var due = MinHeap<Place>()
    /// Those that have fired, until no event may come to them any more.
    var fired = MinHeap<Place>()
    var eventCount = 0

    /// In the order in which windows fire.
    struct Place: Hashable, Comparable, Sendable {
        /// The window's start divided by its size: unlike the start it is always within the numbers.
        let index: Int64
        let partition: Int

        static func < (left: Place, right: Place) -> Bool {
            (left.index, left.partition) < (right.index, right.partition)
        }
    }

    struct Window: Sendable {
        var events: [Event] = []
        var isDue = false
        var hasFired = false

        /// Returns whether it was not due before.
        mutating func takes(_ event: Event) -> Bool {
            self.events.append(event)
            defer { self.isDue = true }
            return !self.isDue
        }
    }

    init(size: Int64, lateness: Int64, key: String?) {
        self.size = size
        self.lateness = lateness
        self.partitions = PartitionTable(key: key)
    }

    /// The time at which a window is over. One that would end beyond the numbers never is.
    func end(of place: Place) -> Int64 {
        let (next, overflow) = place.index.addingReportingOverflow(1)
        let (end, beyond) = next.multipliedReportingOverflow(by: self.size)
        return overflow || beyond ? .max : end
    }

    /// Returns false if the event's window takes no more.
    mutating func add(_ event: Event, at watermark: Int64?) -> Bool {
        let (quotient, remainder) = event.timestamp.quotientAndRemainder(dividingBy: self.size)
        let place = Place(
            index: remainder < 0 ? quotient - 1 : quotient,
            partition: self.partitions.number(of: event)
        )
        if let watermark, self.end(of: place).saturatingPlus(self.lateness) <= watermark { return false }
        self.eventCount += 1
        if self.windows[place, default: Window()].takes(event) { self.due.push(place) }
        return true
    }

    mutating func next(at watermark: Int64) -> [Event]? {
        if let place = self.due.first, self.end(of: place) <= watermark {
            _ = self.due.pop()
            return self.fire(place, at: watermark)
        }
        while let place = self.fired.first, self.end(of: place).saturatingPlus(self.lateness) <= watermark {
            _ = self.fired.pop()
            self.eventCount -= self.windows.removeValue(forKey: place)?.events.count ?? 0
        }
        return nil
    }

    private mutating func fire(_ place: Place, at watermark: Int64) -> [Event]? {
        guard let window = self.windows[place] else { return nil }
        if self.end(of: place).saturatingPlus(self.lateness) > watermark {
            self.windows[place]?.isDue = false
            self.windows[place]?.hasFired = true
            if !window.hasFired { self.fired.push(place) }
        } else if !window.hasFired {
            self.windows[place] = nil
            self.eventCount -= window.events.count
        }
        return window.events
    }

    var heldBytes: Int {
        HeldBytes.of(self.eventCount, like: self.windows.values.lazy.compactMap { $0.events.last?.heldBytes })
            + self.windows.count * (MemoryLayout<Window>.stride + 2 * MemoryLayout<Place>.stride + HeldBytes.tableEntry)
            + self.partitions.heldBytes
    }
}
