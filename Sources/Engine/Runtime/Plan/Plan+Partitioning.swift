import VPL

extension Plan {
    /// Why events with different values of a field may not be processed apart from each other: what streams remember of
    /// one would then be missing for the other. Empty where the output is the same.
    ///
    /// - Parameter field: Nil to ask whether any two events may be processed apart.
    public func obstacles(toPartitioningBy field: String?) -> [String] {
        var obstacles: [String] = []
        /// Whether all results of a stream have the field of the events that they came from.
        var keeps = [Bool](repeating: true, count: self.streams.count)
        let streamsRead = self.streamsRead
        for place in self.sourcesFirst {
            let stream = self.streams[place]
            var isKept = streamsRead[place].allSatisfy { keeps[$0] }
            if let (join, _) = stream.join {
                isKept = isKept && field.map(join.isKeyed) ?? false
                if !isKept { obstacles.append("stream \(stream.name) joins events \(Self.whose(field))") }
            }
            if let (sequence, _) = stream.sequence {
                // Its results have the key's field, whatever becomes of the others.
                isKept = isKept && field != nil && sequence.key == field
                if !isKept {
                    obstacles.append("stream \(stream.name) matches sequences of events \(Self.whose(field))")
                }
            }
            if let (trends, _) = stream.trends {
                // Its results have the key's field, unless an item has its name.
                isKept = isKept && field != nil && trends.key == field
                if !isKept { obstacles.append("stream \(stream.name) counts trends of events \(Self.whose(field))") }
                isKept = isKept && !trends.items.contains { $0.name == field }
            }
            for operation in stream.operations {
                if let reason = self.obstacle(to: operation, field, isKept: isKept) {
                    obstacles.append("stream \(stream.name) \(reason)")
                }
                isKept = isKept && field.map { operation.keeps($0, in: self) } ?? false
            }
            keeps[place] = isKept
        }
        return obstacles
    }

    private static func whose(_ field: String?) -> String {
        field.map { "whose \($0) may differ" } ?? "with each other"
    }

    private func obstacle(to operation: CompiledOperation, _ field: String?, isKept: Bool) -> String? {
        switch operation {
        case .filter, .select, .emit, .deliver, .print, .log, .tap, .process: nil
        case .window(let state):
            self.windows[state].key == field && field != nil && isKept ? nil : "gathers events \(Self.whose(field))"
        case .aggregate(let aggregate, let state):
            // One with a window is as that is.
            state == nil || aggregate.key == field && field != nil && isKept
                ? nil : "sums up events \(Self.whose(field))"
        case .distinct: "compares all events with each other"
        case .limit: "counts all events"
        }
    }

    /// Whether the program prints, logs or sends events, beside what it emits.
    public var hasAsides: Bool {
        self.streams.contains { stream in
            stream.operations.contains { operation in
                switch operation {
                case .deliver, .print, .log: true
                default: false
                }
            }
        }
    }

    /// The fields by which windows, aggregates, joins and sequences go, in the order of the program, each once.
    public var keyFields: [String] {
        var fields: [String] = []
        for stream in self.streams {
            if let (join, _) = stream.join { fields += join.sources.first?.key ?? [] }
            if let key = stream.sequence?.0.key ?? stream.trends?.0.key { fields.append(key) }
            for operation in stream.operations {
                switch operation {
                case .window(let state): fields += [self.windows[state].key].compactMap(\.self)
                case .aggregate(let aggregate, _): fields += [aggregate.key].compactMap(\.self)
                default: break
                }
            }
        }
        return fields.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

extension CompiledJoin {
    /// The field is a component of the key, for every source the same one.
    fileprivate func isKeyed(_ field: String) -> Bool {
        let places = Set(self.sources.map { $0.key.firstIndex(of: field) })
        return places.count == 1 && !places.contains(nil)
    }
}

extension CompiledOperation {
    /// What it results in has the field of what it took, if that had it.
    fileprivate func keeps(_ field: String, in plan: Plan) -> Bool {
        switch self {
        case .filter, .window, .distinct, .limit, .deliver, .print, .log, .tap: return true
        case .aggregate(let aggregate, _):
            return aggregate.key == field && !aggregate.items.contains { $0.name == field }
        case .select(let fields), .emit(_, _, .some(let fields)):
            guard let projection = fields.last(where: { $0.name == field }),
                case .name(let index) = plan.code[projection.value]
            else { return false }
            let name = plan.code.names[Int(index)]
            return name.text == field && name.local == nil && name.global == nil
        case .emit(_, _, nil): return true
        case .process: return false
        }
    }
}
