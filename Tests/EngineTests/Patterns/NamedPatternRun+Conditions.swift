import Engine

/// What conditions mean in a run.
extension NamedPatternRun {
    /// Where a condition stands, and the items that it may name there.
    enum Place {
        case item(Int, Set<Int>)
        case absence(Int, Set<Int>)
        /// The `.not` of a type.
        case negation(String)
        case match
    }

    /// What a name before a dot stands for at some place.
    private enum Meaning {
        case event(Event)
        case own(Event?)
        case taken(Event?)
        case other
    }

    func value(_ condition: OracleCondition, _ event: Event, _ place: Place) -> Bool? {
        switch condition {
        case .not(let operand): return self.value(operand, event, place).map { !$0 }
        case .and(let left, let right):
            let values = [self.value(left, event, place), self.value(right, event, place)]
            return values.contains(false) ? false : values.contains(nil) ? nil : true
        case .or(let left, let right):
            let values = [self.value(left, event, place), self.value(right, event, place)]
            return values.contains(true) ? true : values.contains(nil) ? nil : false
        case .comparison(let left, let symbol, let right):
            let meanings = [left, right].map { self.meaning(of: $0, event, place) }
            for case .own(nil) in meanings { return true }
            // After the pattern a name without an event has no fields, and that is all.
            if case .match = place {
            } else {
                for case .taken(nil) in meanings { return nil }
            }
            return OracleMatcher.compare(Self.int(left, meanings[0]), symbol, Self.int(right, meanings[1]))
        }
    }

    private func meaning(of term: OracleTerm, _ event: Event, _ place: Place) -> Meaning {
        guard case .member(let name, _, _) = term else { return .event(event) }
        let wanted = self.pattern.wanted(self.pattern.shape)
        let only = self.pattern.onlyItem(ofType: name)
        let known: Set<Int>
        switch place {
        case .item(let number, let visible):
            let item = self.pattern.items[number]
            let isOwn = name == item.alias || name == item.type && item.alias == nil && only == number
            if isOwn, item.isRepeated { return .own(self.taken[number].last) }
            if name == item.alias || name == item.type { return .event(event) }
            known = visible
        case .absence(let number, let visible):
            let absence = self.pattern.absences[number]
            if name == absence.alias || name == absence.type { return .event(event) }
            known = visible
        case .negation(name): return .event(event)
        case .negation, .match: known = Set(wanted)
        }
        let namesakes = self.pattern.items.indices.filter { self.pattern.items[$0].alias == name }
        if !namesakes.isEmpty {
            let found = namesakes.filter { known.contains($0) }
            return .taken(found.compactMap { self.taken[$0].last }.first)
        }
        guard let only else { return .other }
        return .taken(known.contains(only) ? self.taken[only].last : nil)
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
        case .field(let field): return OracleMatcher.int(event?.fields[field])
        case .member(_, let field, let sum): return OracleMatcher.int(event?.fields[field]).map { $0 + sum }
        }
    }
}
