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
            if let sequence = self.sequences[stream] {
                state.bytes += sequence.heldBytes
                state.runs += sequence.liveRunCount
                state.keys += sequence.partitionCount
            }
            if let trends = self.trends[stream] {
                state.bytes += trends.heldBytes
                state.keys += trends.keyCount
            }
            for case .distinct(_, let memory) in self.plan.streams[stream].operations {
                state.bytes += self.memories[memory].heldBytes
                state.keys += self.memories[memory].count
            }
            return state
        }
    }

    /// About what the program holds of the events so far, in bytes.
    public var heldBytes: Int { self.streamStates.reduce(0) { $0 + $1.bytes } }
}
