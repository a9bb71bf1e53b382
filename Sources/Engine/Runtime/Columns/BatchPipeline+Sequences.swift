/// What programs with sequences do beside taking batches.
extension BatchPipeline {
    /// The end of the input: patterns that wait for a deadline are complete, each stream's after those that it reads.
    public func finish(into outputs: inout Outputs) { self.completePatterns(before: nil, into: &outputs) }

    /// Live input: completes the patterns that waited for a deadline before `now`. Call it every `Plan.sessionInterval`.
    public func completePatterns(at now: Int64, into outputs: inout Outputs) {
        self.completePatterns(before: now, into: &outputs)
    }

    private func completePatterns(before time: Int64?, into outputs: inout Outputs) {
        for stream in self.plan.sourcesFirst { self.completePatterns(of: stream, before: time, into: &outputs) }
    }

    /// How many runs of sequences have begun and not ended, and how many keys have any or are remembered for their time.
    public var openRuns: (runs: Int, keys: Int) {
        self.sequences.reduce(into: (0, 0)) { sum, sequence in
            sum.0 += sequence?.liveRunCount ?? 0
            sum.1 += sequence?.partitionCount ?? 0
        }
    }
}

extension Plan {
    /// Whether patterns wait for their deadlines, so that the end of input has to be told.
    var waitsForDeadlines: Bool { self.streams.contains { $0.sequence?.0.waitsForDeadline ?? false } }
}
