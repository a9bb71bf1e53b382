/// The end of the input.
extension ShardedPipeline {
    /// Gives what streams still hold, each stream after those that it reads, as one pipeline would.
    ///
    /// - Parameter output: Called with lines of the program's output, in order; nil where only the counters are wanted.
    public func finish(
        concurrently: Concurrently,
        output: ((UnsafeBufferPointer<UInt8>) throws -> Void)?
    ) throws {
        for stream in self.streamsWithTrends {
            // Each number touches what is its own.
            nonisolated(unsafe) let shards = self.shards
            let writesOutput = output != nil
            concurrently(shards.count) { shards[$0].finish(stream, writesOutput: writesOutput) }
            if let output { try self.merge(into: output) }
        }
    }

    private var streamsWithTrends: [Int] {
        guard let pipeline = self.shards.first?.pipeline else { return [] }
        return pipeline.plan.sourcesFirst.filter { pipeline.trends[$0] != nil }
    }
}
