extension StreamDeclaration {
    /// The place of `.trend_aggregate` among the stages.
    package var trendPlace: Int? {
        self.stages.firstIndex {
            if case .operation(let operation) = $0, case .trendAggregate = operation.kind { true } else { false }
        }
    }

    /// What `.trend_aggregate` computes; nil for a stream without it.
    package var trendItems: [NamedExpression]? {
        guard let place = self.trendPlace, case .operation(let operation) = self.stages[place],
            case .trendAggregate(let items) = operation.kind
        else { return nil }
        return items
    }

    /// Whether it has steps that are matched: arrows, or a single step whose trends are counted.
    package var hasSteps: Bool {
        if self.stages.contains(where: { if case .follow = $0 { true } else { false } }) { return true }
        switch self.source {
        case .type, .connector: return self.trendPlace != nil
        case .merge, .join, .sequence, .timer: return false
        }
    }
}
