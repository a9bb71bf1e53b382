/// The windows by time of a stream with a watermark: not an arriving event closes them but the watermark, so that events out
/// of order find theirs still open.
///
/// Events are added with `add`. Whenever the watermark has moved, and after each event, `next` gives one batch after the other
/// until there is none: a late event may let a window fire again.
struct EventTimeWindows: Sendable {
    // One of them. An enum would have to be copied to be changed.
    var tumbling: TumblingEventTimeWindows?
    var sliding: SlidingEventTimeWindows?
    var sessions: EventTimeSessions?
    /// Events that no window takes any more, because all of theirs were over.
    var dropped: UInt64 = 0

    /// Nil for a window that the watermark does not concern.
    init?(_ window: CompiledWindow) {
        guard let watermark = window.watermark else { return nil }
        let lateness = watermark.lateness ?? 0
        switch window.kind {
        case .tumbling(let size):
            self.tumbling = TumblingEventTimeWindows(size: size, lateness: lateness, key: window.key)
        case .sliding(let size, let step):
            self.sliding = SlidingEventTimeWindows(size: size, step: step, key: window.key)
        case .session(let gap):
            self.sessions = EventTimeSessions(gap: gap, watermark: watermark, key: window.key)
        case .count, .slidingCount: return nil
        }
    }

    /// - Parameter watermark: How far time had come before the event.
    mutating func add(_ event: Event, at watermark: Int64?) {
        let isTaken =
            self.tumbling?.add(event, at: watermark) ?? self.sliding?.add(event, at: watermark)
            ?? self.sessions?.add(event, at: watermark) ?? true
        if !isTaken { self.dropped += 1 }
    }

    /// The next batch that is due; nil when there is none, and then what is over has been forgotten.
    mutating func next(at watermark: Int64) -> [Event]? {
        self.tumbling?.next(at: watermark) ?? self.sliding?.next(at: watermark) ?? self.sessions?.next(at: watermark)
    }

    /// The end of the input: sessions fire what they hold. The watermark does not move, so other windows do not.
    mutating func finish() -> [[Event]] { self.sessions?.finish() ?? [] }

    /// Sessions that no event came to for longer than their gap, and the events' disorder, fire.
    mutating func takeSilent(at now: Int64) -> [[Event]] { self.sessions?.takeSilent(at: now) ?? [] }

    /// About what it takes in memory.
    var heldBytes: Int {
        (self.tumbling?.heldBytes ?? 0) + (self.sliding?.heldBytes ?? 0) + (self.sessions?.heldBytes ?? 0)
    }
}

/// An event and its place in the order of arrival.
struct Arrival: Sendable {
    let number: UInt64
    let event: Event
}
