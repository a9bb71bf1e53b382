extension Pipeline {
    /// What each stream holds of the events so far, in the order of declaration.
    public var streamStates: [StreamState] {
        self.plan.streams.map { stream in
            var state = StreamState(stream.name)
            if let (_, place) = stream.join {
                state.bytes += self.joins[place].heldBytes
                state.keys += self.joins[place].keyCount
            }
            if let (_, place) = stream.sequence {
                state.bytes += self.sequences[place].heldBytes
                state.runs += self.sequences[place].table.liveCount
                state.keys += self.sequences[place].lists.partitionCount
            }
            if let (_, place) = stream.trends {
                state.bytes += self.trends[place].heldBytes
                state.keys += self.trends[place].keyCount
            }
            for operation in stream.operations { self.add(operation, to: &state) }
            return state
        }
    }

    private func add(_ operation: CompiledOperation, to state: inout StreamState) {
        switch operation {
        case .window(let place):
            state.bytes += self.windows[place].heldBytes + (self.slidingAggregates[place]?.heldBytes ?? 0)
            state.bytes += self.windowSums[place]?.heldBytes ?? 0
            state.bytes += self.eventTimeWindows[place]?.heldBytes ?? 0
            state.keys += self.windows[place].keyCount + (self.slidingAggregates[place]?.keyCount ?? 0)
            state.keys += self.windowSums[place]?.partitions.count ?? 0
        case .aggregate(_, let place?):
            state.bytes += self.sums[place].heldBytes
            state.keys += self.sums[place].partitions.count
        case .distinct(_, let memory):
            state.bytes += self.memories[memory].heldBytes
            state.keys += self.memories[memory].count
        default: break
        }
    }

    /// About what the program holds of the events so far, in bytes.
    public var heldBytes: Int { self.streamStates.reduce(0) { $0 + $1.bytes } }
}
