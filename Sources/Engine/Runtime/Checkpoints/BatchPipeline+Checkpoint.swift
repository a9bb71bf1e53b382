extension BatchPipeline {
    /// What the program remembers now, between two batches: `Pipeline` can go on from it, and this from what that remembers.
    public var snapshot: EngineSnapshot {
        var snapshot = EngineSnapshot(manifest: Checkpoint.Manifest(self.plan, self.counters, self.cuts))
        snapshot.operators = self.plan.operatorPlaces.map { ($0, self.state(of: $0)) }
        return snapshot
    }

    private func state(of place: OperatorPlace) -> any SavedState {
        switch place.state {
        case .join: return ColumnPartners(self.join(at: place))
        case .trends: return ColumnTrendWindows(self.trends(at: place))
        case .window, .sums: return ColumnSums(self.aggregate(at: place))
        case .memory(let state): return self.memories[state]
        case .counter(let state), .tap(let state): return SavedCount(count: self.counts[state])
        case .sequence: return ColumnRuns(self.sequence(at: place))
        case .watermark: preconditionFailure("not a program for batches")
        }
    }

    private func sequence(at place: OperatorPlace) -> ColumnSequence {
        guard let sequence = self.sequences[place.streamNumber] else { preconditionFailure("the stream matches") }
        return sequence
    }

    private func trends(at place: OperatorPlace) -> ColumnTrends {
        guard let trends = self.trends[place.streamNumber] else { preconditionFailure("the stream counts trends") }
        return trends
    }

    private func join(at place: OperatorPlace) -> ColumnJoin {
        guard let join = self.joins[place.streamNumber] else { preconditionFailure("the stream joins") }
        return join
    }

    /// The sums of an aggregate; of a window those of the aggregate after it.
    private func aggregate(at place: OperatorPlace) -> ColumnAggregate {
        var operation = place.operation
        if case .window = place.state { operation += 1 }
        guard let aggregate = self.aggregates[place.streamNumber][operation] else {
            preconditionFailure("the stream sums up")
        }
        return aggregate
    }

    /// A program that goes on where a checkpoint was taken; nil for one that needs one event after the other.
    ///
    /// - Parameters:
    ///   - restoration: Of the same plan.
    ///   - budget: What a stream may hold.
    public convenience init?(
        _ plan: Plan,
        restoring restoration: Restoration,
        budget: StateBudget = StateBudget()
    ) throws(CheckpointError) {
        self.init(plan, budget: budget)
        try self.restore(restoration) { $0 }
    }

    /// Fills a new one.
    ///
    /// - Parameter part: Which part of what an operator has saved is for it.
    func restore(
        _ restoration: Restoration,
        part: (SavedOperator) throws(CheckpointError) -> SavedOperator
    ) throws(CheckpointError) {
        let manifest = restoration.checkpoint.manifest
        self.counted = manifest.counters
        self.cuts = manifest.cuts
        self.evaluator.scalar.cuts = manifest.counters.limits.evaluationsCut
        for place in self.plan.operatorPlaces {
            guard let whole = restoration.saved(for: place) else { continue }
            let saved = try part(whole)
            switch place.state {
            case .join: try self.join(at: place).restore(saved)
            case .trends: try self.trends(at: place).restore(saved)
            case .window, .sums: try self.aggregate(at: place).restore(saved)
            case .memory(let state): try self.memories[state].restore(saved)
            case .counter(let state), .tap(let state): self.counts[state] = saved.number("count")
            case .sequence: try self.sequence(at: place).restore(saved)
            case .watermark: preconditionFailure("not a program for batches")
            }
        }
    }
}
