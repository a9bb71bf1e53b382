import Engine

/// A second reading of watermarks, lateness and the windows of event time: after each event it goes over all that came
/// before, and keeps no window.
struct EventTimeOracle {
    enum Window {
        case tumbling(Int64)
        case sliding(Int64, every: Int64)
        case session(Int64)
    }

    struct Arrival: Hashable {
        let number: Int
        let type: String
        let key: Int
        let time: Int64
    }

    let window: Window
    let tolerance: Int64
    let lateness: Int64?

    private var seen: [Arrival] = []
    /// Those that a window has taken and may yet fire with.
    private var accepted: [Arrival] = []
    private var keys: [Int] = []
    private var watermark: Int64?
    private var firedBefore: Set<[Arrival]> = []
    private var lastFired: [Int: Int64] = [:]
    private(set) var batches: [[Arrival]] = []
    private(set) var dropped = 0

    init(window: Window, tolerance: Int64, lateness: Int64?) {
        self.window = window
        self.tolerance = tolerance
        self.lateness = lateness
    }

    mutating func take(_ arrival: Arrival) {
        let before = self.watermark
        let isTooLate = before.map { before in self.lateness.map { arrival.time < before - $0 } ?? false } ?? false
        if isTooLate || !self.accepts(arrival, at: before) {
            self.dropped += 1
        } else {
            self.accepted.append(arrival)
        }
        if !isTooLate, !self.keys.contains(arrival.key) { self.keys.append(arrival.key) }
        if let before { self.fire(at: before) }
        self.seen.append(arrival)
        let types = Set(self.seen.map(\.type))
        let marks = types.map { type in (self.seen.filter { $0.type == type }.map(\.time).max() ?? 0) - self.tolerance }
        let after = max(before ?? .min, marks.min() ?? 0)
        self.watermark = after
        self.fire(at: after)
        self.forget(at: after)
    }

    mutating func finish() {
        guard case .session = self.window else { return }
        for key in self.keys {
            self.batches += self.sessions(of: key).map(\.events).filter { !self.firedBefore.contains($0) }
        }
    }

    private func accepts(_ arrival: Arrival, at watermark: Int64?) -> Bool {
        guard let watermark else { return true }
        switch self.window {
        case .tumbling(let size):
            return watermark < self.end(of: arrival.time, size) + (self.lateness ?? 0)
        case .sliding(let size, _): return arrival.time >= watermark - size
        case .session(let gap):
            let isAlone = !self.accepted.contains { $0.key == arrival.key && abs($0.time - arrival.time) <= gap }
            return !isAlone || watermark < arrival.time + gap + (self.lateness ?? 0)
        }
    }

    private func end(of time: Int64, _ size: Int64) -> Int64 {
        var start: Int64 = 0
        while start > time { start -= size }
        while start + size <= time { start += size }
        return start + size
    }

    /// The sessions of a key by time, each with its events in the order of arrival.
    private func sessions(of key: Int) -> [(end: Int64, events: [Arrival])] {
        guard case .session(let gap) = self.window else { return [] }
        var sessions: [(end: Int64, events: [Arrival])] = []
        for arrival in self.accepted.filter({ $0.key == key }).sorted(by: { $0.time < $1.time }) {
            if let last = sessions.last, arrival.time <= last.end {
                sessions[sessions.count - 1] = (arrival.time + gap, last.events + [arrival])
            } else {
                sessions.append((arrival.time + gap, [arrival]))
            }
        }
        return sessions.map { ($0.end, $0.events.sorted { $0.number < $1.number }) }
    }

    /// All windows that there are, with what they hold.
    private var windows: [(end: Int64, key: Int, events: [Arrival])] {
        switch self.window {
        case .sliding: return []
        case .session:
            return self.keys.flatMap { key in self.sessions(of: key).map { ($0.end, key, $0.events) } }
        case .tumbling(let size):
            return self.keys.flatMap { key in
                let events = self.accepted.filter { $0.key == key }
                return Set(events.map { self.end(of: $0.time, size) }).map { end in
                    (end, key, events.filter { self.end(of: $0.time, size) == end })
                }
            }
        }
    }

    private mutating func fire(at watermark: Int64) {
        if case .sliding(let size, let step) = self.window {
            for key in self.keys {
                if let last = self.lastFired[key], watermark < last + step { continue }
                let events = self.accepted.filter {
                    $0.key == key && watermark - size <= $0.time && $0.time <= watermark
                }
                if events.isEmpty { continue }
                self.batches.append(events)
                self.lastFired[key] = watermark
            }
            return
        }
        // A window fires once with what it holds.
        let due = self.windows.filter { $0.end <= watermark && !self.firedBefore.contains($0.events) }
        let order = due.sorted { ($0.end, self.place(of: $0.key)) < ($1.end, self.place(of: $1.key)) }
        for window in order {
            self.batches.append(window.events)
            self.firedBefore.insert(window.events)
        }
    }

    private func place(of key: Int) -> Int { self.keys.firstIndex(of: key) ?? -1 }

    /// A session that is over takes no more, not even by an event that would be near enough.
    private mutating func forget(at watermark: Int64) {
        guard case .session = self.window else { return }
        let over = Set(
            self.windows.filter { $0.end + (self.lateness ?? 0) <= watermark }.flatMap(\.events)
        )
        self.accepted.removeAll { over.contains($0) }
    }
}
