extension ShardedPipeline {
    /// What all shards remember together, as one pipeline would: any number of shards can go on from it.
    ///
    /// Only where the program may be partitioned by the key, see `Plan.obstacles(toPartitioningBy:)`, and the order of what
    /// is held at the end does not matter, see `Plan.keepsOrderInShards`.
    public var snapshot: EngineSnapshot {
        let parts = self.shards.map { $0.pipeline.snapshot }
        var snapshot = EngineSnapshot(manifest: Checkpoint.Manifest(self.plan, self.counters, self.cuts))
        snapshot.operators = self.plan.operatorPlaces.enumerated().map { number, place in
            (place, StateOfShards(parts: parts.map { $0.operators[number].state }))
        }
        return snapshot
    }

    /// Shards that go on where a checkpoint was taken; nil for a program that needs one event after the other.
    ///
    /// - Parameters:
    ///   - restoration: Of the same plan. The number of shards and the key may be others.
    ///   - reader: What is known of the lines so far.
    ///   - budget: What a stream may hold in each of the shards.
    public convenience init?(
        _ plan: Plan,
        key: String?,
        shardCount: Int,
        restoring restoration: Restoration,
        reader: EventFileReader = EventFileReader(),
        budget: StateBudget = StateBudget()
    ) throws(CheckpointError) {
        self.init(plan, key: key, shardCount: shardCount, budget: budget)
        self.reader = reader
        for (number, shard) in self.shards.enumerated() {
            let key = self.key
            try shard.pipeline.restore(restoration) { (saved) throws(CheckpointError) in
                var part = try saved.keeping { key.shard(of: $0, among: shardCount) == number }
                if number > 0 { part.clearNumbers() }
                return part
            }
            if number > 0 { shard.pipeline.forgetCounters() }
        }
    }
}

extension Plan {
    /// Whether checkpoints of several shards say all that one pipeline's would. Those of trends do not say in which order keys
    /// first appeared on all shards together, which is the order of results at the end of the input.
    public var keepsOrderInShards: Bool { self.streams.allSatisfy { $0.trends == nil } }
}

/// What an operator remembers on all shards.
private struct StateOfShards: SavedState {
    let parts: [any SavedState]

    func save(to saved: inout SavedOperator) {
        let empty = saved
        for (number, part) in self.parts.enumerated() {
            var other = empty
            part.save(to: &other)
            if number == 0 { saved = other } else { saved.merge(other) }
        }
    }
}

extension SavedOperator {
    /// Numbers that are counts are kept by one shard; a time is known to all.
    fileprivate mutating func clearNumbers() {
        for place in self.numbers.indices where self.numbers[place].name != Self.time {
            self.numbers[place].value = 0
        }
    }
}

extension BatchPipeline {
    fileprivate func forgetCounters() {
        self.counted = Pipeline.Counters()
        self.cuts = EventCuts()
        self.evaluator.scalar.cuts = 0
    }
}

extension ShardKey {
    /// The shard to which events with the key go, of so many: the same one as `divide` gives them to.
    func shard(of value: Value?, among count: Int) -> Int {
        Int(((self.hash(of: value) >> 32) &* UInt64(count)) >> 32)
    }
}
