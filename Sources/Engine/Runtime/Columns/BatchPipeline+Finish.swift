/// What streams give although no event came for them.
extension BatchPipeline {
    /// The end of the input: gives what streams still hold, as `Pipeline.finish` does.
    ///
    /// - Parameter emits: False where nobody wants the emitted events; they are counted all the same.
    public func finish(into outputs: inout Outputs, emits: Bool = true) {
        self.finish { pipeline in
            if emits { pipeline.appendEmitted(to: &outputs) }
            pipeline.appendAsides(to: &outputs)
        }
    }

    /// The same. Calls `output`, which finds what was emitted in the pipeline, after each batch of results.
    public func finish(output: (BatchPipeline) throws -> Void) rethrows {
        for stream in self.plan.sourcesFirst { try self.finish(stream, output: output) }
    }

    /// The same, of one stream; those that it reads come before.
    func finish(_ stream: Int, output: (BatchPipeline) throws -> Void) rethrows {
        try self.completePatterns(of: stream, before: nil, output: output)
        guard let trends = self.trends[stream] else { return }
        var partition = 0
        while let results = trends.finish(from: &partition, self.evaluator) {
            // Rows of events that no stream reads.
            for row in 0..<results.selection.count {
                self.batch.times[row] = results.times[row]
                self.batch.types[row] = BatchSchema.unread
            }
            self.batch.commit(rows: results.selection.count)
            try self.run(Ways(frames: [results], ranks: [self.ranks[stream]]), of: stream, output: output)
        }
    }

    /// Live input: completes the patterns that waited for a deadline before `now`. Call it every `Plan.sessionInterval`.
    public func completePatterns(at now: Int64, into outputs: inout Outputs) {
        for stream in self.plan.sourcesFirst {
            self.completePatterns(of: stream, before: now) { pipeline in
                pipeline.appendEmitted(to: &outputs)
                pipeline.appendAsides(to: &outputs)
            }
        }
    }

    /// Live input that is held up: runs end that would be too old if an event of this time came for each key.
    public func expireRuns(at now: Int64, into outputs: inout Outputs) {
        self.completePatterns(at: now, into: &outputs)
        for sequence in self.sequences { sequence?.expire(at: now) }
    }

    /// Completes the patterns of a stream that waited for a deadline before `time`; for all at the end of the input.
    private func completePatterns(
        of stream: Int,
        before time: Int64?,
        output: (BatchPipeline) throws -> Void
    ) rethrows {
        precondition(self.batch.count == 0, "the events of a batch come before what is later")
        guard let matches = self.sequences[stream]?.takeWaiting(before: time, rank: self.ranks[stream]) else { return }
        try self.run(matches, of: stream, output: output)
    }

    /// Runs a stream over results of its own, and those that read it.
    private func run(_ results: Ways, of number: Int, output: (BatchPipeline) throws -> Void) rethrows {
        self.runAll { $0 == number ? results : nil }
        defer { self.clear() }
        try output(self)
    }
}
