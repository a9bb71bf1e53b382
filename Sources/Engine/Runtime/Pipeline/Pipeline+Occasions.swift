/// What streams give although no event came for them: at the end of the input, and when time goes on.
extension Pipeline {
    /// The end of the input: gives what streams still hold, each stream after those that it reads.
    public mutating func finish(into outputs: inout Outputs) { self.fire(.end, into: &outputs) }

    /// Live input: closes the sessions to which no event came for longer than their gap, and completes the patterns that
    /// waited for a deadline before `now`. Call it every `Plan.sessionInterval`.
    public mutating func closeSilentSessions(at now: Int64, into outputs: inout Outputs) {
        self.fire(.silence(now), into: &outputs)
    }

    /// A watermark: no event before `time` comes any more for a stream, so its pattern, if that waited for a deadline before
    /// it, is complete.
    ///
    /// - Parameter stream: The place of the stream in the plan.
    mutating func completePatterns(of stream: Int, before time: Int64, into outputs: inout Outputs) {
        let emittedBefore = outputs.emitted.count
        self.completePatterns(of: self.plan.streams[stream], before: time, into: &outputs)
        self.drain(into: &outputs)
        self.counted.emitted += UInt64(outputs.emitted.count - emittedBefore)
    }

    /// No event before `time` comes any more for a stream, so its pattern, if that waited for a deadline before it, is
    /// complete.
    ///
    /// - Parameter time: Nil at the end of the input.
    mutating func completePatterns(
        of stream: CompiledStream,
        before time: Int64?,
        depth: Int = 0,
        into outputs: inout Outputs
    ) {
        guard let (_, state) = stream.sequence else { return }
        for match in self.sequences[state].takeWaiting(before: time) {
            if self.journal != nil { self.noteDeadline(match, before: time) }
            var isTyped = false
            self.run(stream, from: 0, on: [match], depth: depth, isTyped: &isTyped, into: &outputs)
        }
    }

    /// Live input that is held up: runs end that would be too old if an event of this time came for each key.
    public mutating func expireRuns(at now: Int64, into outputs: inout Outputs) {
        let emittedBefore = outputs.emitted.count
        for stream in self.sourcesFirst.map({ self.plan.streams[$0] }) {
            guard let (_, state) = stream.sequence else { continue }
            self.completePatterns(of: stream, before: now, into: &outputs)
            self.drain(into: &outputs)
            self.sequences[state].expire(at: now)
        }
        self.counted.emitted += UInt64(outputs.emitted.count - emittedBefore)
    }

    /// Why streams give what they hold although no event came for them.
    enum Occasion {
        /// Nothing came until this time.
        case silence(Int64)
        case end
    }

    private mutating func fire(_ occasion: Occasion, into outputs: inout Outputs) {
        let emittedBefore = outputs.emitted.count
        for stream in self.sourcesFirst.map({ self.plan.streams[$0] }) {
            self.fire(stream, occasion, into: &outputs)
            self.drain(into: &outputs)
        }
        self.counted.emitted += UInt64(outputs.emitted.count - emittedBefore)
    }

    /// Takes what one stream gives through what follows in it, without what follows in others.
    mutating func fire(_ stream: CompiledStream, _ occasion: Occasion, into outputs: inout Outputs) {
        self.enterContext(of: stream)
        var time: Int64?
        if case .silence(let now) = occasion { time = now }
        self.completePatterns(of: stream, before: time, into: &outputs)
        if case .end = occasion { self.finishTrends(of: stream, into: &outputs) }
        for (place, operation) in stream.operations.enumerated() {
            guard case .window(let state) = operation else { continue }
            for batch in self.takeHeld(by: state, occasion) {
                var isTyped = false
                self.run(stream, from: place + 1, on: batch, depth: 0, isTyped: &isTyped, into: &outputs)
            }
        }
    }

    private mutating func takeHeld(by window: Int, _ occasion: Occasion) -> [[Event]] {
        switch occasion {
        case .silence(let now):
            self.eventTimeWindows[window]?.takeSilent(at: now) ?? self.windows[window].takeSilent(at: now)
        case .end: self.eventTimeWindows[window]?.finish() ?? self.windows[window].finish()
        }
    }

    /// The results of a stream's open windows, each with all that follows from it before the next.
    private mutating func finishTrends(of stream: CompiledStream, into outputs: inout Outputs) {
        guard let (_, state) = stream.trends else { return }
        var partition = 0
        while let result = self.trends[state].finish(from: &partition, &self.evaluator) {
            var isTyped = false
            self.run(stream, from: 0, on: [result], depth: 0, isTyped: &isTyped, into: &outputs)
            self.drain(into: &outputs)
        }
    }
}
