extension OracleCase {
    /// The smallest case found that still fails.
    public func shrunk(_ fails: (OracleCase) -> Bool) -> OracleCase {
        var best = self
        var attempts = 3000
        var hasShrunk = true
        while hasShrunk {
            hasShrunk = false
            for candidate in best.smaller {
                attempts -= 1
                if attempts < 0 { return best }
                if fails(candidate) {
                    best = candidate
                    hasShrunk = true
                    break
                }
            }
        }
        return best
    }

    /// The case with something left out, large parts first.
    private var smaller: [OracleCase] {
        var cases: [OracleCase] = []
        var length = self.events.count / 2
        while length > 0 {
            for start in stride(from: 0, to: self.events.count, by: length) {
                var candidate = self
                candidate.events.removeSubrange(start..<min(start + length, self.events.count))
                cases.append(candidate)
            }
            length /= 2
        }
        let streams = self.program.streams.indices.flatMap { place in
            self.program.streams[place].smaller.map { smaller in
                var candidate = self
                candidate.program.streams.replaceSubrange(place...place, with: smaller.map { [$0] } ?? [])
                return candidate
            }
        }
        let functions = self.program.functions.indices.map { place in
            var candidate = self
            candidate.program.functions.remove(at: place)
            return candidate
        }
        let globals = self.program.globals.indices.map { place in
            var candidate = self
            candidate.program.globals.remove(at: place)
            return candidate
        }
        cases = streams + functions + globals + cases
        for place in self.events.indices {
            // The field `timestamp` is the event's time.
            for name in self.events[place].event.fields.entries.map(\.name) where name != "timestamp" {
                var candidate = self
                candidate.events[place].event.fields[name] = nil
                cases.append(candidate)
            }
        }
        return cases
    }
}

extension OracleStream {
    /// The stream with something left out; nil is no stream at all.
    fileprivate var smaller: [OracleStream?] {
        var streams: [OracleStream?] = [nil]
        for place in self.operations.indices {
            var stream = self
            stream.operations.remove(at: place)
            if stream.isOrdered { streams.append(stream) }
            for smaller in self.operations[place].smaller {
                stream = self
                stream.operations[place] = smaller
                streams.append(stream)
            }
        }
        switch self.source {
        case .merge(let branches) where branches.count > 1:
            for place in branches.indices {
                var fewer = branches
                fewer.remove(at: place)
                streams.append(OracleStream(name: self.name, source: .merge(fewer), operations: self.operations))
            }
        case .merge(let branches) where branches[0].condition == nil:
            streams.append(OracleStream(name: self.name, source: .plain(branches[0].type), operations: self.operations))
        case .join(let sources, let conditions, let horizon):
            for place in conditions.indices {
                var fewer = conditions
                fewer.remove(at: place)
                let source = OracleSource.join(sources, on: fewer, horizon: horizon)
                streams.append(OracleStream(name: self.name, source: source, operations: self.operations))
            }
        default: break
        }
        return streams
    }

    /// Whether each `.having` still has its `.aggregate`.
    private var isOrdered: Bool {
        var hasAggregate = false
        for operation in self.operations {
            switch operation {
            case .aggregate: hasAggregate = true
            case .having where !hasAggregate: return false
            default: break
            }
        }
        return true
    }
}

extension OracleOperation {
    fileprivate var smaller: [OracleOperation] {
        switch self {
        case .keep(let condition): condition.smaller.map { .keep($0) }
        case .having(let condition): condition.smaller.map { .having($0) }
        case .select(let items): items.smaller.map { .select($0) }
        case .emit(let type, let items): items.smaller.map { .emit(type: type, $0) }
        case .aggregate(let items) where items.count > 1:
            items.indices.map { place in
                var fewer = items
                fewer.remove(at: place)
                return .aggregate(fewer)
            }
        case .distinct(let expression?): expression.smaller.map { .distinct($0) }
        default: []
        }
    }
}

extension [OracleItem] {
    fileprivate var smaller: [[OracleItem]] {
        let fewer = self.indices.map { place in
            var fewer = self
            fewer.remove(at: place)
            return fewer
        }
        let simpler = self.indices.flatMap { place in
            self[place].expression.smaller.map { expression in
                var items = self
                items[place].expression = expression
                return items
            }
        }
        return (self.count > 1 ? fewer : []) + simpler
    }
}

extension OracleExpression {
    /// The parts that could stand in the expression's place, and the expression with a simpler part.
    fileprivate var smaller: [OracleExpression] {
        let parts = self.parts
        var results = parts
        for place in parts.indices {
            for smaller in parts[place].smaller {
                var changed = parts
                changed[place] = smaller
                results.append(self.replacing(changed))
            }
        }
        return results
    }

    private var parts: [OracleExpression] {
        switch self {
        case .literal, .text, .name: []
        case .member(let base, _, _): if case .name = base { [] } else { [base] }
        case .negate(let part), .complement(let part), .not(let part), .isType(let part, _): [part]
        case .binary(_, let left, let right), .range(let left, let right, _), .index(let left, let right):
            [left, right]
        case .conditional(let condition, let yes, let no): [condition, yes, no]
        case .array(let parts), .call(_, let parts): parts
        case .map(let entries): entries.map(\.value)
        case .slice(let base, let start, let end): [base] + [start, end].compactMap { $0 }
        }
    }

    /// The same form with other parts, as many as it has.
    private func replacing(_ parts: [OracleExpression]) -> OracleExpression {
        switch self {
        case .literal, .text, .name: self
        case .member(let base, let field, let isOptional):
            .member(parts.first ?? base, field, isOptional: isOptional)
        case .negate: .negate(parts[0])
        case .complement: .complement(parts[0])
        case .not: .not(parts[0])
        case .isType(_, let type): .isType(parts[0], type)
        case .binary(let operation, _, _): .binary(operation, parts[0], parts[1])
        case .range(_, _, let isClosed): .range(parts[0], parts[1], isClosed: isClosed)
        case .index: .index(parts[0], parts[1])
        case .conditional: .conditional(parts[0], then: parts[1], else: parts[2])
        case .array: .array(parts)
        case .call(let name, _): .call(name, parts)
        case .map(let entries): .map(zip(entries, parts).map { ($0.key, $1) })
        case .slice(_, let start, let end):
            .slice(
                parts[0],
                start == nil ? nil : parts[1],
                end == nil ? nil : parts[start == nil ? 1 : 2]
            )
        }
    }
}
