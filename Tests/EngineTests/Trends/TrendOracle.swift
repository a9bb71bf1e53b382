import Engine

/// Makes all trends of every window, one by one, and counts them.
struct TrendOracle {
    let pattern: TrendPattern
    private let matcher: OracleMatcher
    /// How many partial trends may still be made; below zero once there were too many.
    private(set) var left: Int

    private struct Window {
        let key: Value?
        var events: [Event]
    }

    /// What is known of all trends of a window.
    private struct Sums {
        var count: Int64 = 0
        /// The place of the last event of any trend, complete or not.
        var last = 0
        /// By item, over all complete trends.
        var sums: [Double]
        /// By step, the places of events in complete trends.
        var parts: [Set<Int>]
    }

    init(_ pattern: TrendPattern, partialTrendsMax: Int = 20_000) {
        self.pattern = pattern
        self.matcher = OracleMatcher(pattern: pattern.pattern)
        self.left = partialTrendsMax
    }

    mutating func output(_ input: [Event]) -> [Event] {
        let sequence = self.pattern.pattern
        let types = Set(sequence.steps.map(\.type) + sequence.negations.map(\.type))
        let all = input.flatMap { event -> [Event] in
            guard event.type == "A", let v = OracleMatcher.int(event.fields["v"]), v > 1 else { return [event] }
            return [event, Event(type: "F", timestamp: event.timestamp, fields: event.fields)]
        }
        let within = (sequence.within ?? 0) * 1_000_000_000
        var keys: [String] = []
        var windows: [String: Window] = [:]
        var results: [Event] = []
        for event in all where types.contains(event.type) {
            let key = sequence.isPartitioned ? OracleMatcher.keyText(event.fields["k"]) : ""
            if !keys.contains(key) { keys.append(key) }
            if let window = windows[key], event.timestamp > window.events[0].timestamp + within {
                results += self.result(of: window)
                windows[key] = nil
            }
            if windows[key] != nil {
                windows[key]?.events.append(event)
            } else if self.matcher.fits(event, 0, sequence.steps.map { _ in [] }) {
                windows[key] = Window(key: event.fields["k"], events: [event])
            }
        }
        for key in keys { if let window = windows[key] { results += self.result(of: window) } }
        return results
    }

    private mutating func result(of window: Window) -> [Event] {
        let steps = self.pattern.pattern.steps
        var sums = Sums(
            sums: Array(repeating: 0, count: self.pattern.items.count),
            parts: steps.map { _ in [] }
        )
        self.extend([], step: -1, in: window, &sums)
        if sums.count == 0 { return [] }
        var fields = Fields()
        for (place, item) in self.pattern.items.enumerated() {
            fields["i\(place)"] = self.value(of: item, sums.sums[place], sums, window)
        }
        if self.pattern.pattern.isPartitioned, let key = window.key { fields["k"] = key }
        fields["stream"] = "S"
        let type = self.pattern.hasReader ? "R" : "S"
        return [Event(type: type, timestamp: window.events[sums.last].timestamp, fields: fields)]
    }

    private func value(of item: TrendPattern.Item, _ sum: Double, _ sums: Sums, _ window: Window) -> Value {
        let parts = sums.parts[item.step]
        let numbers = parts.compactMap { OracleMatcher.int(window.events[$0].fields[item.field]) }.map { Double($0) }
        switch item.function {
        case "count_trends": return .int(sums.count)
        case "count_events": return .int(Int64(parts.count))
        case "sum_trends": return .float(sum)
        case "avg_trends": return .float(sum / Double(sums.count))
        case "min_trends": return numbers.min().map { .float($0) } ?? .null
        default: return numbers.max().map { .float($0) } ?? .null
        }
    }

    /// Tries every event after a partial trend: `chosen` has the places of its events, with their steps.
    private mutating func extend(_ chosen: [(place: Int, step: Int)], step: Int, in window: Window, _ sums: inout Sums)
    {
        let steps = self.pattern.pattern.steps
        self.left -= 1
        if self.left < 0 { return }
        if let last = chosen.last { sums.last = max(sums.last, last.place) }
        if step == steps.count - 1 { self.count(chosen, window, &sums) }
        let taken = steps.indices.map { number in
            chosen.filter { $0.step == number }.map { window.events[$0.place] }
        }
        for place in ((chosen.last?.place ?? -1) + 1)..<max(window.events.count, (chosen.last?.place ?? -1) + 1) {
            let event = window.events[place]
            let negations = self.pattern.pattern.negations
            if !chosen.isEmpty, negations.contains(where: { self.matcher.isNegated(by: $0, event, taken) }) { return }
            let isRepeated = step >= 0 && steps[step].isKleene
            for next in (isRepeated ? [step] : []) + (step + 1 < steps.count ? [step + 1] : [])
            where self.matcher.fits(event, next, taken) {
                self.extend(chosen + [(place, next)], step: next, in: window, &sums)
            }
        }
    }

    /// Counts a complete trend.
    private func count(_ chosen: [(place: Int, step: Int)], _ window: Window, _ sums: inout Sums) {
        sums.count += 1
        for (place, step) in chosen { sums.parts[step].insert(place) }
        for (number, item) in self.pattern.items.enumerated() {
            for (place, step) in chosen where step == item.step {
                sums.sums[number] += Double(OracleMatcher.int(window.events[place].fields[item.field]) ?? 0)
            }
        }
    }
}
