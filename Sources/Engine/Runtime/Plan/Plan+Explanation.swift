import VPL

extension Plan {
    /// Why the program does not run over batches of columns; nil if it does.
    public var obstacleToBatches: String? { BatchProgram.obstacle(in: self) }

    /// How the program runs, for people: each stream with what it reads, what it does, what an event costs, and what it keeps
    /// in memory.
    public var explanation: String {
        let obstacle = self.obstacleToBatches
        var text = obstacle.map { "Runs one event after the other: \($0).\n" } ?? "Runs over batches of columns.\n"
        if obstacle == nil {
            text += self.partitioning + "\n"
            let fields = BatchProgram.fields(of: self).filter { !$0.contains(".") && self.routes[$0] == nil }
            if !fields.isEmpty { text += "Expressions name the fields \(fields.joined(separator: ", ")).\n" }
        }
        let streamNames = Set(self.streams.map(\.name))
        for stream in self.streams {
            text += "\nstream \(stream.name)\n"
            for line in self.lines(of: stream, among: streamNames, inColumns: obstacle == nil) { text += "  \(line)\n" }
        }
        return text
    }

    private var partitioning: String {
        if self.obstacles(toPartitioningBy: nil).isEmpty { return "Any worker may have any event." }
        if let key = self.keyFields.first(where: { self.obstacles(toPartitioningBy: $0).isEmpty }) {
            return "Workers may share events out by \(key)."
        }
        let reason = self.obstacles(toPartitioningBy: self.keyFields.first).first ?? ""
        return "One worker has all events: \(reason)."
    }

    /// What an event costs, or a result.
    private func cost(of stream: CompiledStream) -> String {
        if stream.sequence != nil { return "the runs that wait for an event of the type" }
        let isRecomputed = stream.operations.enumerated().contains { place, operation in
            guard case .aggregate = operation, let window = stream.window(before: place, in: self) else { return false }
            return window.slides && !self.isSummed(stream.operations[place - 1])
        }
        return isRecomputed ? "all events of the window for each result" : "the same for each event"
    }

    /// Whether it is a window that sums up while it slides.
    private func isSummed(_ operation: CompiledOperation) -> Bool {
        if case .window(let state) = operation { self.slidingAggregates[state] != nil } else { false }
    }

    private func lines(of stream: CompiledStream, among streamNames: Set<String>, inColumns: Bool) -> [String] {
        let sources = stream.branches.map { branch in
            (streamNames.contains(branch.type) ? "stream " : "events ") + branch.type
                + (branch.condition == nil ? "" : " if")
        }
        var lines = ["reads     " + sources.joined(separator: ", ")]
        var kept: [String] = []
        if let (join, _) = stream.join {
            lines.append("joins     " + Self.describe(join))
            kept.append(
                "one event of each source for every key ever seen, more while events are out of order: unbounded in keys"
            )
        }
        if let (sequence, _) = stream.sequence {
            lines += Self.steps(of: sequence)
            kept.append(Self.kept(by: sequence))
        }
        for operation in stream.operations {
            let (does, keeps) = self.describe(operation, inColumns)
            lines.append(does)
            if let keeps { kept.append(keeps) }
        }
        lines.append("costs     " + self.cost(of: stream))
        lines += kept.map { "keeps     " + $0 }
        return lines
    }

    /// A line for each step, and for what else decides about matches.
    private static func steps(of sequence: CompiledSequence) -> [String] {
        var lines = sequence.steps.enumerated().map { number, step in
            (number == 0 ? "begins    " : step.isOptional ? "perhaps   " : "then      ")
                + (step.isKleene ? "all " : "") + step.type
                + (step.name.map { $0 == step.type ? "" : " as \($0)" } ?? "") + (step.conditions.isEmpty ? "" : " if")
        }
        if let tree = sequence.tree { lines = ["matches   " + tree.text(of: sequence)] }
        lines += sequence.negations.map { "unless    \($0.type)" + ($0.condition == nil ? "" : " if") }
        if let within = sequence.within {
            lines.append((sequence.waitsForDeadline ? "after     " : "within    ") + Self.time(within))
        }
        return lines
    }

    private static func kept(by sequence: CompiledSequence) -> String {
        let whose = sequence.key.map { " of each \($0)" } ?? ""
        let what =
            sequence.output.isWhole ? "with the last event of each step" : "with \(sequence.slotCount) values each"
        let time =
            sequence.within.map {
                "for \(Self.time($0))"
                    + (sequence.waitsForDeadline ? ", and until an event of the key, a clock or a watermark tells" : "")
            } ?? "until they are complete: unbounded in time"
        return "up to \(SequenceState.runsMax) runs\(whose), \(what), \(time)"
    }

    private static func describe(_ join: CompiledJoin) -> String {
        let keys = join.sources.map { source in
            source.key.isEmpty ? source.type : source.key.map { "\(source.type).\($0)" }.joined(separator: ", ")
        }
        let rest = join.conditions.isEmpty ? "" : ", and \(join.conditions.count) further conditions"
        return keys.joined(separator: " = ") + ", at most \(Self.time(join.horizon)) apart" + rest
    }

    /// What an operation does, and what it keeps.
    private func describe(_ operation: CompiledOperation, _ inColumns: Bool) -> (String, String?) {
        func names(_ fields: [Projection]) -> String { fields.map(\.name).joined(separator: ", ") }
        switch operation {
        case .filter: return ("filters", nil)
        case .select(let fields): return ("selects   " + names(fields), nil)
        case .emit(let type, _, let fields): return ("emits     \(type): " + (fields.map(names) ?? "all fields"), nil)
        case .window(let state):
            let (does, keeps) = Self.describe(self.windows[state], isSummed: self.isSummed(operation))
            guard inColumns else { return (does, keeps) }
            // Only the sums are kept there.
            let isKeyed = self.windows[state].key != nil
            return (does, isKeyed ? "a set of sums for every key ever seen: unbounded in keys" : "one set of sums")
        case .aggregate(let aggregate, let state):
            let key = aggregate.key.map { " by \($0)" } ?? ""
            let items = "sums up   " + aggregate.items.map(\.name).joined(separator: ", ") + key
            guard state != nil else { return (items, nil) }
            let size =
                aggregate.key == nil ? "one set of sums" : "a set of sums for every key ever seen: unbounded in keys"
            return (items + ", over all events so far", size)
        case .process(_, let isOutput): return (isOutput ? "processes, and emits the results" : "processes", nil)
        case .distinct: return ("drops what was seen before", "the 100,000 keys used last")
        case .limit(let count, _): return ("passes    the first \(count)", nil)
        case .deliver(let sink): return ("sends to  \(self.sinks[sink.rawValue].connector.name)", nil)
        case .print: return ("prints", nil)
        case .log: return ("logs", nil)
        case .tap(let items): return ("counts    as " + items.map(\.name).joined(separator: ", "), nil)
        }
    }

    private static func describe(_ window: CompiledWindow, isSummed: Bool) -> (String, String) {
        let key = window.key.map { " for each \($0)" } ?? ""
        let keys = window.key == nil ? "" : ", for every key ever seen: unbounded in keys"
        let summaries = isSummed ? "summaries of " : ""
        switch window.kind {
        case .tumbling(let size):
            return ("gathers   \(self.time(size))\(key)", "the events of \(self.time(size))\(keys)")
        case .sliding(let size, let step):
            return (
                "gathers   the last \(self.time(size)) every \(self.time(step))\(key)",
                "\(summaries)the events of \(self.time(size))\(keys)"
            )
        case .count(let size): return ("gathers   \(size) events\(key)", "up to \(size) events\(keys)")
        case .slidingCount(let size, let step):
            return (
                "gathers   the last \(size) events every \(step)\(key)",
                "\(summaries)up to \(size) events\(keys)"
            )
        case .session(let gap):
            return (
                "gathers   sessions, ended by \(self.time(gap)) of silence\(key)",
                "the events of a session, however long\(keys)"
            )
        }
    }

    private static func time(_ nanoseconds: Int64) -> String { Value.duration(UInt64(max(0, nanoseconds))).text }
}
