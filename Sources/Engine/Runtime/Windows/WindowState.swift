/// `.window(…)`. Sizes are positive, and in nanoseconds where they are times.
struct CompiledWindow: Sendable {
    enum Kind: Hashable, Sendable {
        case tumbling(Int64)
        case sliding(Int64, every: Int64)
        case count(Int)
        case slidingCount(Int, every: Int)
        case session(gap: Int64)

        /// Whether it goes by time and not by the number of events.
        var isTimed: Bool {
            switch self {
            case .tumbling, .sliding, .session: true
            case .count, .slidingCount: false
            }
        }
    }

    let kind: Kind
    /// The field by whose value there is a window each.
    let key: String?
    /// The watermark that it waits for; nil for a window that arriving events close.
    var watermark: CompiledWatermark?

    var slides: Bool {
        switch self.kind {
        case .sliding, .slidingCount: true
        case .tumbling, .count, .session: false
        }
    }
}

/// The windows of one stream, one for each partition in the order of first appearance.
struct WindowState: Sendable {
    private let window: CompiledWindow
    var partitions: [Partition] = []
    var places: [ExactText: Int] = [:]

    struct Partition: Sendable {
        var events: [Event] = []
        /// Tumbling: when the window began. Sliding: when it last fired. Session: the latest time.
        var mark: Int64?
        /// Sliding count: how many events came since it last fired.
        var since = 0
    }

    init(_ window: CompiledWindow) { self.window = window }

    /// How many events it holds of a partition; nil where none ever came.
    func heldCount(of key: ExactText) -> Int? { self.places[key].map { self.partitions[$0].events.count } }

    /// Adds an event. Returns the batch that fires, if one does.
    mutating func add(_ event: Event) -> [Event]? {
        let place = self.place(of: event)
        return self.partitions[place].add(event, self.window.kind)
    }

    private mutating func place(of event: Event) -> Int {
        let text = ExactText(self.window.key.map { event.fields[$0].partitionText } ?? "")
        if let place = self.places[text] { return place }
        self.places[text] = self.partitions.count
        self.partitions.append(Partition())
        return self.partitions.count - 1
    }

    /// Sessions that no event came to for longer than their gap fire, a batch for each partition.
    mutating func takeSilent(at now: Int64) -> [[Event]] {
        guard case .session(let gap) = self.window.kind else { return [] }
        var batches: [[Event]] = []
        for place in self.partitions.indices {
            guard let last = self.partitions[place].mark, last.isBefore(now, minus: gap) else { continue }
            batches.append(self.partitions[place].events)
            // The next event begins a session, as the first one did.
            self.partitions[place] = Partition()
        }
        return batches
    }

    /// The end of the input: sessions fire what they hold, a batch for each partition. Other windows do not.
    mutating func finish() -> [[Event]] {
        guard case .session = self.window.kind else { return [] }
        let batches = self.partitions.map(\.events).filter { !$0.isEmpty }
        self.partitions = []
        self.places = [:]
        return batches
    }
}

extension WindowState.Partition {
    fileprivate mutating func add(_ event: Event, _ kind: CompiledWindow.Kind) -> [Event]? {
        let time = event.timestamp
        switch kind {
        case .tumbling(let size):
            guard let start = self.mark, time.isBefore(start, plus: size) else {
                return self.begin(with: event)
            }
            self.events.append(event)
            return nil
        case .sliding(let size, let step):
            self.events.append(event)
            let isKept = self.events.firstIndex { !$0.timestamp.isBefore(time, minus: size) } ?? self.events.count
            self.events.removeFirst(isKept)
            if let last = self.mark, time.isBefore(last, plus: step) { return nil }
            self.mark = time
            return self.events
        case .count(let size):
            self.events.append(event)
            guard self.events.count >= size else { return nil }
            defer { self.events = [] }
            return self.events
        case .slidingCount(let size, let step):
            self.events.append(event)
            self.since += 1
            if self.events.count > size { self.events.removeFirst(self.events.count - size) }
            guard self.events.count == size, self.since >= step else { return nil }
            self.since = 0
            return self.events
        case .session(let gap):
            guard let last = self.mark, !last.isBefore(time, minus: gap) else {
                return self.begin(with: event)
            }
            self.mark = max(last, time)
            self.events.append(event)
            return nil
        }
    }

    /// Begins a window with the event, and gives the one before, if there was one.
    private mutating func begin(with event: Event) -> [Event]? {
        let fired = self.events
        self.events = [event]
        self.mark = event.timestamp
        return fired.isEmpty ? nil : fired
    }
}

extension Int64 {
    /// Whether this is before `other + span`. What is beyond the numbers is later than all.
    func isBefore(_ other: Int64, plus span: Int64) -> Bool {
        let (sum, overflow) = other.addingReportingOverflow(span)
        return overflow || self < sum
    }

    /// Whether this is before `other - span`. What is beyond the numbers is earlier than all.
    func isBefore(_ other: Int64, minus span: Int64) -> Bool {
        let (difference, overflow) = other.subtractingReportingOverflow(span)
        return !overflow && self < difference
    }
}

extension WindowState {
    var keyCount: Int { self.partitions.count }

    /// About what it takes in memory.
    var heldBytes: Int {
        let events = self.partitions.reduce(0) { $0 + $1.events.count }
        return HeldBytes.of(events, like: self.partitions.lazy.compactMap { $0.events.last?.heldBytes })
            + self.partitions.count * (MemoryLayout<Partition>.stride + 2 * HeldBytes.tableEntry)
    }
}
