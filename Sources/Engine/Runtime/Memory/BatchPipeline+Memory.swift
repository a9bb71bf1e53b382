extension BatchPipeline {
    /// What each stream holds of the events so far, in the order of declaration.
    public var streamStates: [StreamState] {
        self.plan.streams.indices.map { stream in
            var state = StreamState(self.plan.streams[stream].name)
            for aggregate in self.aggregates[stream].values {
                state.bytes += aggregate.heldBytes
                state.keys += aggregate.keyCount
            }
            if let join = self.joins[stream] {
                state.bytes += join.heldBytes
                state.keys += join.keyCount
            }
            for case .distinct(_, let memory) in self.plan.streams[stream].operations {
                state.bytes += self.memories[memory].heldBytes
                state.keys += self.memories[memory].count
            }
            return state
        }
    }

    /// Live input that is held up. Nothing of what is done in columns ends by itself.
    public func expireRuns(at now: Int64, into outputs: inout Outputs) {}

    /// About what the program holds of the events so far, in bytes.
    public var heldBytes: Int { self.streamStates.reduce(0) { $0 + $1.bytes } }
}
