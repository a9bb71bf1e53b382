import Engine

/// Finds the matches of a named pattern by going through all events of a partition again for each event that may begin one.
struct NamedPatternMatcher {
    let pattern: NamedPattern

    /// A match, and what decides about its place in the output.
    private struct Match {
        /// The event with which it is output; after all of them at the end of input.
        let end: Int
        /// Matches by deadline are output before the event is looked at.
        let isByDeadline: Bool
        let start: Int
        let startTime: Int64
        let time: Int64
        let run: NamedPatternRun
        let event: Event

        func isBefore(_ other: Match) -> Bool {
            if self.end != other.end { return self.end < other.end }
            if self.isByDeadline != other.isByDeadline { return self.isByDeadline }
            if self.isByDeadline, self.time != other.time { return self.time < other.time }
            return self.start < other.start
        }
    }

    /// The events that the program outputs.
    func output(_ input: [Event]) -> [Event] {
        let types = Set(
            self.pattern.items.map(\.type) + self.pattern.absences.map(\.type) + self.pattern.negations.map(\.type)
        )
        let places = input.indices.filter { types.contains(input[$0].type) }
        let groups =
            self.pattern.key != .none
            ? Dictionary(grouping: places) { Self.keyText(input[$0].fields["k"]) } : ["": Array(places)]
        var matches = groups.values.flatMap { places in
            places.indices.flatMap { self.matches(beginningAt: $0, of: places, input) }
        }
        matches.sort { $0.isBefore($1) }
        if let filter = self.pattern.filter { matches.removeAll { $0.run.value(filter, $0.event, .match) != true } }
        let type = self.pattern.reading == .emitted ? "S" : "R"
        return matches.map { Event(type: type, timestamp: $0.time, fields: self.fields(of: $0)) }
    }

    private static func keyText(_ value: Value?) -> String {
        switch value {
        case .int(let int): "\(int)"
        case .string(let text): text
        case .null: "null"
        default: ""
        }
    }

    /// What becomes of the run that one event begins.
    private func matches(beginningAt first: Int, of places: [Int], _ all: [Event]) -> [Match] {
        let start = all[places[first]]
        var run = NamedPatternRun(self.pattern)
        guard run.take(start, isStart: true) else { return [] }
        var matches: [Match] = []
        func note(_ end: Int, isByDeadline: Bool, time: Int64, _ run: NamedPatternRun) {
            matches.append(
                Match(
                    end: end,
                    isByDeadline: isByDeadline,
                    start: places[first],
                    startTime: start.timestamp,
                    time: time,
                    run: run,
                    event: start
                )
            )
        }
        let deadline = self.pattern.within.map { start.timestamp + $0 * 1_000_000_000 }
        if run.isDone { note(places[first], isByDeadline: false, time: start.timestamp, run) }
        if run.isOver { return matches }
        var time = places[...first].map { all[$0].timestamp }.max() ?? 0
        func end(at place: Int) {
            guard let deadline, !run.isDone, run.isReady(run.root) else { return }
            run.settle()
            note(place, isByDeadline: true, time: deadline, run)
        }
        for place in places[(first + 1)...] {
            let event = all[place]
            time = max(time, event.timestamp)
            if let deadline, time > deadline {
                end(at: place)
                return matches
            }
            if self.pattern.negations.contains(where: { self.isNegated(by: $0, event, run) }) { return matches }
            run.forbid(event)
            if run.isOver { return matches }
            guard run.take(event, isStart: false), run.isDone else { continue }
            note(place, isByDeadline: false, time: event.timestamp, run)
            if run.isOver { return matches }
        }
        // The end of input: of runs that wait for their deadline.
        end(at: all.count)
        return matches
    }

    private func isNegated(by negation: OraclePattern.Negation, _ event: Event, _ run: NamedPatternRun) -> Bool {
        guard event.type == negation.type else { return false }
        return negation.condition.map { run.value($0, event, .negation(negation.type)) == true } ?? true
    }

    // MARK: - Output

    private func fields(of match: Match) -> Fields {
        var fields = Fields()
        if self.pattern.reading == .whole {
            for (name, items) in self.pattern.named {
                guard let last = items.compactMap({ match.run.taken[$0].last }).first else { continue }
                for entry in last.fields.entries { fields["\(name)_\(entry.name)"] = entry.value }
            }
            fields["stream"] = "S"
            fields["match_duration_ms"] = .int((match.time - match.startTime) / 1_000_000)
            if self.pattern.key != .none { fields["k"] = match.event.fields["k"] }
            return fields
        }
        for (place, output) in self.pattern.outputs.enumerated() {
            fields["o\(place)"] = self.value(of: output, match)
        }
        return fields
    }

    private func value(of output: NamedPattern.Output, _ match: Match) -> Value? {
        switch output {
        case .duration: return .int((match.time - match.startTime) / 1_000_000)
        case .stream: return "S"
        case .key:
            guard let key = match.event.fields["k"] else { return nil }
            return .string(Self.keyText(key))
        case .field(let items, let field):
            return items.compactMap { match.run.taken[$0].last }.first?.fields[field]
        case .aggregate(let function, let items, let field):
            guard self.pattern.reading == .emitted else { return nil }
            let events = items.map { match.run.taken[$0] }.first { !$0.isEmpty } ?? []
            guard let field else { return .int(Int64(events.count)) }
            let numbers = events.compactMap { OracleMatcher.int($0.fields[field]) }.map { Double($0) }
            switch function {
            case "count": return .int(Int64(numbers.count))
            case "sum": return .float(numbers.reduce(0, +))
            case "avg": return numbers.isEmpty ? .null : .float(numbers.reduce(0, +) / Double(numbers.count))
            case "max": return numbers.max().map { .float($0) } ?? .null
            case "first": return events.first?.fields[field] ?? .null
            default: return events.last?.fields[field] ?? .null
            }
        }
    }
}
