extension Pipeline {
    /// What the program remembers now, between two events. Taking it costs little: what is remembered is shared until it
    /// changes.
    public var snapshot: EngineSnapshot {
        var snapshot = EngineSnapshot(manifest: Checkpoint.Manifest(self.plan, self.counters, self.cuts))
        for watermark in self.watermarks { snapshot.manifest.watermarks[watermark.stream] = watermark.effective }
        snapshot.manifest.globals = self.changingGlobals
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

    /// The variables that may change: those of a context under its name, too, if each has its own.
    private var changingGlobals: [(name: String, value: Value?)] {
        let globals = self.plan.changingGlobals
        return self.contextNames.enumerated().flatMap { number, context in
            let values = self.globals(ofContext: number)
            return globals.map { (Plan.globalName($0.name, in: context), values[$0.place]) }
        }
    }

    /// The contexts that have variables of their own, the default one first.
    private var contextNames: [String?] { [nil] + (self.hasOwnGlobals ? self.plan.contexts.map(\.name) : []) }

    /// A program that goes on where a checkpoint was taken.
    ///
    /// - Parameters:
    ///   - restoration: Of the same plan.
    ///   - budget: What a stream may hold.
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
        for (number, context) in self.contextNames.enumerated() {
            self.setGlobals(restoration.globals(of: plan, in: context), ofContext: number)
        }
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
