import VPL

/// How trends are counted, for people.
extension CompiledTrends {
    /// A line for each step, and for what else decides about trends.
    var explanation: [String] {
        var lines = self.steps.enumerated().map { number, step in
            let hasConditions =
                !step.conditions.isEmpty || !step.firstConditions.isEmpty || !step.entry.tests.isEmpty
                || !step.again.tests.isEmpty
            return (number == 0 ? "begins    " : "then      ") + (step.isKleene ? "all " : "") + step.type
                + (hasConditions ? " if" : "")
        }
        lines += self.negations.map { "unless    \($0.type)" + ($0.condition == nil ? "" : " if") }
        lines.append("within    " + Plan.time(self.within))
        lines.append("counts    all trends: " + self.items.map(\.name).joined(separator: ", "))
        return lines
    }

    /// What an event costs.
    var cost: String {
        switch self.kind {
        case .totals: "the same for each event, however many trends there are: a running total for each step"
        case .graph where self.isOrdered: "a look-up among the events of the window that may come before"
        case .graph: "the events of the window that may come before: conditions compare events with the one before"
        case .bindings:
            "the events of the window that may come before, for each choice of those that conditions ask for"
        }
    }

    /// Whether each condition across events is one order, for which there is an index.
    private var isOrdered: Bool {
        self.steps.allSatisfy { step in
            [step.entry, step.again].allSatisfy { $0.tests.isEmpty || $0.index != nil }
        }
    }

    var kept: String {
        let whose = self.key.map { " for each \($0)" } ?? ""
        switch self.kind {
        case .totals: return "one set of sums\(whose)"
        case .graph, .bindings:
            let events =
                self.items.contains { $0.function.isOfEvents } ? ", and the events that belong to them" : ""
            return
                "up to \(TrendGraph.groupsMax) groups of partial trends\(whose)\(events), for \(Plan.time(self.within))"
        }
    }
}
