/// The end of the input.
extension BatchPipeline {
    /// Gives what streams still hold, as `Pipeline.finish` does.
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
        guard let trends = self.trends[stream] else { return }
        var partition = 0
        while let results = trends.finish(from: &partition, self.evaluator) {
            self.run(results, of: stream)
            defer { self.clear() }
            try output(self)
        }
    }

    /// Runs a stream over results of its own, and those that read it.
    private func run(_ results: Frame, of number: Int) {
        // Rows of events that no stream reads.
        for row in 0..<results.selection.count {
            self.batch.times[row] = results.times[row]
            self.batch.types[row] = BatchSchema.unread
        }
        self.batch.commit(rows: results.selection.count)
        self.runAll { stream in
            guard stream == number else { return nil }
            return Ways(frames: self.steps(of: stream).map { $0 == number ? results : nil })
        }
    }
}
