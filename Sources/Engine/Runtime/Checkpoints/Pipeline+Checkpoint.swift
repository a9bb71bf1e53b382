extension Pipeline {
    /// What the program remembers now, between two events. Taking it costs little: what is remembered is shared until it
    /// changes.
    public var snapshot: EngineSnapshot {
        var snapshot = EngineSnapshot(manifest: Checkpoint.Manifest(self.plan, self.counters, self.cuts))
        for watermark in self.watermarks { snapshot.manifest.watermarks[watermark.stream] = watermark.effective }
        snapshot.manifest.globals = self.plan.changingGlobals.map { ($0.name, self.evaluator.globals[$0.place]) }
        snapshot.operators = self.plan.operatorPlaces.map { ($0, self.state(of: $0)) }
        return snapshot
    }

    private func state(of place: OperatorPlace) -> any SavedState {
        switch place.state {
        case .join(let state): return self.joins[state]
        case .sequence(let state): return self.sequences[state]
        case .watermark(let state): return self.watermarkStates[state]
        case .trends(let state): return self.trends[state]
        case .window(let state):
            if let windows = self.eventTimeWindows[state] { return windows }
            if let sliding = self.slidingAggregates[state] { return sliding }
            if let sums = self.windowSums[state] { return sums }
            return self.windows[state]
        case .sums(let state): return self.sums[state]
        case .memory(let state): return self.memories[state]
        case .counter(let state), .tap(let state): return SavedCount(count: self.counts[state])
        }
    }

    /// A program that goes on where a checkpoint was taken.
    public init(
        _ plan: Plan,
        restoring restoration: Restoration,
        budget: StateBudget = StateBudget()
    ) throws(CheckpointError) {
        self.init(plan, budget: budget)
        let manifest = restoration.checkpoint.manifest
        self.counted = manifest.counters
        self.cuts = manifest.cuts
        self.evaluator.cuts = manifest.counters.limits.evaluationsCut
        self.evaluator.globals = restoration.globals(of: plan)
        for place in plan.operatorPlaces {
            guard let saved = restoration.saved(for: place) else { continue }
            switch place.state {
            case .join(let state): try self.joins[state].restore(saved)
            case .sequence(let state): try self.sequences[state].restore(saved)
            case .watermark(let state): try self.watermarkStates[state].restore(saved)
            case .trends(let state): try self.trends[state].restore(saved)
            case .window(let state):
                if self.eventTimeWindows[state] != nil {
                    try self.eventTimeWindows[state]?.restore(saved)
                } else if self.slidingAggregates[state] != nil {
                    try self.slidingAggregates[state]?.restore(saved)
                } else if self.windowSums[state] != nil {
                    try self.windowSums[state]?.restore(saved)
                } else {
                    try self.windows[state].restore(saved)
                }
            case .sums(let state): try self.sums[state].restore(saved)
            case .memory(let state): try self.memories[state].restore(saved)
            case .counter(let state), .tap(let state): self.counts[state] = saved.number("count")
            }
        }
    }
}
