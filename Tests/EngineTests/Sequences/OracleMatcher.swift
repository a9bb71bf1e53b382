import Engine

/// Finds the matches of a sequence by going through all events of a partition again for each event that may begin one.
struct OracleMatcher {
    let pattern: OraclePattern

    struct Match {
        /// The places of the completing and of the first event.
        let end: Int
        let start: Int
        /// For each step the events that it took.
        let taken: [[Event]]
        let event: Event
    }

    /// What a name before a dot stands for at some place.
    private enum Meaning {
        case event(Event)
        case own(Event?)
        case taken(Event?)
        case other
    }

    private enum Place {
        case step(Int)
        case negation(String)
        case match
    }

    /// The matches of the events, with those of the stream `F`, in the order of output.
    func matches(_ input: [Event]) -> [Match] {
        let all = input.flatMap { event -> [Event] in
            guard event.type == "A", let v = Self.int(event.fields["v"]), v > 1 else { return [event] }
            return [event, Event(type: "F", timestamp: event.timestamp, fields: event.fields)]
        }
        let types = Set(self.pattern.steps.map(\.type) + self.pattern.negations.map(\.type))
        let places = all.indices.filter { types.contains(all[$0].type) }
        let groups =
            self.pattern.isPartitioned
            ? Dictionary(grouping: places) { Self.keyText(all[$0].fields["k"]) } : ["": Array(places)]
        let matches = groups.values.flatMap { places in
            places.indices.flatMap { self.matches(beginningAt: $0, of: places, all) }
        }
        return matches.sorted { ($0.end, $0.start) < ($1.end, $1.start) }.filter { self.passes($0) }
    }

    static func keyText(_ value: Value?) -> String {
        switch value {
        case .int(let int): "\(int)"
        case .string(let text): text
        case .null: "null"
        default: ""
        }
    }

    static func int(_ value: Value?) -> Int64? {
        if case .int(let int) = value { int } else { nil }
    }

    /// What becomes of the run that one event begins.
    private func matches(beginningAt first: Int, of places: [Int], _ all: [Event]) -> [Match] {
        let steps = self.pattern.steps
        let start = all[places[first]]
        var taken = [[Event]](repeating: [], count: steps.count)
        guard self.fits(start, 0, taken) else { return [] }
        taken[0].append(start)
        var matches: [Match] = []
        func complete(at place: Int) {
            matches.append(Match(end: place, start: places[first], taken: taken, event: all[place]))
        }
        if steps.count == 1 {
            complete(at: places[first])
            return matches
        }
        var position = 0
        var time = places[...first].map { all[$0].timestamp }.max() ?? 0
        for place in places[(first + 1)...] {
            let event = all[place]
            time = max(time, event.timestamp)
            if let within = self.pattern.within, time > start.timestamp + within * 1_000_000_000 { break }
            if self.pattern.negations.contains(where: { self.isNegated(by: $0, event, taken) }) { break }
            if steps[position].isKleene, self.fits(event, position, taken) {
                taken[position].append(event)
                if position == steps.count - 1 { complete(at: place) }
                continue
            }
            guard position + 1 < steps.count, self.fits(event, position + 1, taken) else { continue }
            position += 1
            taken[position].append(event)
            guard position == steps.count - 1 else { continue }
            complete(at: place)
            if !steps[position].isKleene { break }
        }
        return matches
    }

    func fits(_ event: Event, _ step: Int, _ taken: [[Event]]) -> Bool {
        guard event.type == self.pattern.steps[step].type else { return false }
        let conditions =
            [self.pattern.steps[step].condition].compactMap(\.self)
            + (step == 0 ? [self.pattern.firstFilter].compactMap(\.self) : [])
        return conditions.allSatisfy { self.value($0, event, .step(step), taken) == true }
    }

    func isNegated(by negation: OraclePattern.Negation, _ event: Event, _ taken: [[Event]]) -> Bool {
        guard event.type == negation.type else { return false }
        return negation.condition.map { self.value($0, event, .negation(negation.type), taken) == true } ?? true
    }

    private func passes(_ match: Match) -> Bool {
        self.pattern.filter.map { self.value($0, match.event, .match, match.taken) == true } ?? true
    }

    // MARK: - Conditions

    private func value(_ condition: OracleCondition, _ event: Event, _ place: Place, _ taken: [[Event]]) -> Bool? {
        switch condition {
        case .not(let operand): return self.value(operand, event, place, taken).map { !$0 }
        case .and(let left, let right):
            let values = [self.value(left, event, place, taken), self.value(right, event, place, taken)]
            return values.contains(false) ? false : values.contains(nil) ? nil : true
        case .or(let left, let right):
            let values = [self.value(left, event, place, taken), self.value(right, event, place, taken)]
            return values.contains(true) ? true : values.contains(nil) ? nil : false
        case .comparison(let left, let symbol, let right):
            let meanings = [left, right].map { self.meaning(of: $0, event, place, taken) }
            for case .own(nil) in meanings { return true }
            for case .taken(nil) in meanings { return nil }
            return Self.compare(Self.int(left, meanings[0]), symbol, Self.int(right, meanings[1]))
        }
    }

    static func compare(_ left: Int64?, _ symbol: String, _ right: Int64?) -> Bool? {
        switch symbol {
        case "==": return left == right
        case "!=": return left != right
        default: break
        }
        guard let left, let right else { return nil }
        switch symbol {
        case "<": return left < right
        case "<=": return left <= right
        case ">": return left > right
        default: return left >= right
        }
    }

    private func meaning(of term: OracleTerm, _ event: Event, _ place: Place, _ taken: [[Event]]) -> Meaning {
        guard case .member(let name, _, _) = term else { return .event(event) }
        let steps = self.pattern.steps
        let only = steps.indices.filter { steps[$0].type == name }
        var found = steps.indices.first { steps[$0].alias == name }
        switch place {
        case .step(let number):
            if found == nil, name == steps[number].type {
                if steps[number].isKleene, steps[number].alias == nil, only.count == 1 { found = number }
                if found == nil { return .event(event) }
            }
            if found == number { return steps[number].isKleene ? .own(taken[number].last) : .event(event) }
        case .negation(let type): if found == nil, name == type { return .event(event) }
        case .match: break
        }
        guard let step = found ?? (only.count == 1 ? only[0] : nil) else { return .other }
        return .taken(taken[step].last)
    }

    private static func int(_ term: OracleTerm, _ meaning: Meaning) -> Int64? {
        if case .int(let int) = term { return int }
        let event: Event? =
            switch meaning {
            case .event(let event): event
            case .own(let event), .taken(let event): event
            case .other: nil
            }
        switch term {
        case .int(let int): return int
        case .field(let field): return self.int(event?.fields[field])
        case .member(_, let field, let sum): return self.int(event?.fields[field]).map { $0 + sum }
        }
    }

    // MARK: - Output

    /// The events that the program outputs.
    func output(_ input: [Event]) -> [Event] {
        let isEmitted = self.pattern.reading == .emitted
        return self.matches(input).map { match in
            Event(type: isEmitted ? "S" : "R", timestamp: match.event.timestamp, fields: self.fields(of: match))
        }
    }

    private func fields(of match: Match) -> Fields {
        var fields = Fields()
        if self.pattern.reading == .whole {
            for (number, taken) in match.taken.enumerated() {
                guard let name = self.pattern.name(of: number), let last = taken.last else { continue }
                for entry in last.fields.entries { fields["\(name)_\(entry.name)"] = entry.value }
            }
            fields["stream"] = "S"
            fields["match_duration_ms"] = .int(self.duration(of: match))
            if self.pattern.isPartitioned { fields["k"] = match.taken[0].last?.fields["k"] }
            return fields
        }
        for (place, output) in self.pattern.outputs.enumerated() {
            fields["o\(place)"] = self.value(of: output, match)
        }
        return fields
    }

    private func duration(of match: Match) -> Int64 {
        (match.event.timestamp - match.taken[0][0].timestamp) / 1_000_000
    }

    private func value(of output: OraclePattern.Output, _ match: Match) -> Value? {
        switch output {
        case .duration: return .int(self.duration(of: match))
        case .stream: return "S"
        case .key:
            guard let key = match.taken[0].last?.fields["k"] else { return nil }
            return .string(Self.keyText(key))
        case .field(let number, let field, _): return match.taken[number].last?.fields[field]
        case .aggregate(let function, let number, let field):
            guard self.pattern.reading == .emitted else { return nil }
            let events = match.taken[number]
            guard let field else { return .int(Int64(events.count)) }
            let numbers = events.compactMap { Self.int($0.fields[field]) }.map { Double($0) }
            switch function {
            case "count": return .int(Int64(numbers.count))
            case "sum": return .float(numbers.reduce(0, +))
            case "avg": return numbers.isEmpty ? .null : .float(numbers.reduce(0, +) / Double(numbers.count))
            case "min": return numbers.min().map { .float($0) } ?? .null
            case "max": return numbers.max().map { .float($0) } ?? .null
            case "first": return events.first?.fields[field] ?? .null
            default: return events.last?.fields[field] ?? .null
            }
        }
    }
}
