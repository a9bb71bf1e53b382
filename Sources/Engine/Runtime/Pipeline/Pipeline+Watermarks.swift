/// Streams with a watermark.
extension Pipeline {
    /// Takes an event through a stream that has a watermark, unless it is too late, and then the time that it brings.
    ///
    /// Whether an event is late goes by the watermark before it. Too late events still tell how far their source has come.
    mutating func runInEventTime(
        _ stream: CompiledStream,
        _ state: Int,
        on queued: Queued,
        into outputs: inout Outputs
    ) {
        if !self.watermarkStates[state].isTooLate(queued.event.timestamp) {
            self.run(stream, on: queued, into: &outputs)
        } else if self.admits(queued.event, to: stream) {
            if self.journal != nil { self.noteTooLate(queued.event, for: stream, state) }
            self.watermarkStates[state].noteDropped()
        }
        if self.watermarkStates[state].observe(queued.event.type, at: queued.event.timestamp) {
            self.watermarkAdvanced(of: stream, state, depth: queued.depth, into: &outputs)
        }
    }

    /// Everything that waits for a stream's watermark is looked at here, and nowhere else: it has just moved.
    private mutating func watermarkAdvanced(
        of stream: CompiledStream,
        _ state: Int,
        depth: Int,
        into outputs: inout Outputs
    ) {
        if let watermark = self.effectiveWatermark(of: stream) {
            self.completePatterns(of: stream, before: watermark, depth: depth, into: &outputs)
        }
        for (place, operation) in stream.operations.enumerated() {
            guard case .window(let window) = operation, self.eventTimeWindows[window] != nil else { continue }
            self.fireDue(window, of: stream, at: place, depth: depth, into: &outputs)
        }
    }

    /// Adds events to windows that wait for the stream's watermark. Late ones may let windows fire again.
    mutating func gather(
        _ events: [Event],
        in window: Int,
        of stream: CompiledStream,
        at place: Int,
        depth: Int,
        into outputs: inout Outputs
    ) {
        for event in events {
            let watermark = self.effectiveWatermark(of: stream)
            let droppedBefore = self.eventTimeWindows[window]?.dropped
            self.eventTimeWindows[window]?.add(event, at: watermark)
            if self.journal != nil {
                let isTaken = self.eventTimeWindows[window]?.dropped == droppedBefore
                self.noteEventTimeWindow(window, taking: event, isTaken: isTaken, at: watermark)
            }
            self.fireDue(window, of: stream, at: place, depth: depth, into: &outputs)
        }
    }

    private func effectiveWatermark(of stream: CompiledStream) -> Int64? {
        stream.watermark.flatMap { self.watermarkStates[$0.state].effective }
    }

    private mutating func fireDue(
        _ window: Int,
        of stream: CompiledStream,
        at place: Int,
        depth: Int,
        into outputs: inout Outputs
    ) {
        guard let watermark = self.effectiveWatermark(of: stream) else { return }
        while let batch = self.eventTimeWindows[window]?.next(at: watermark) {
            if self.journal != nil { self.noteFired(batch, by: window, at: watermark) }
            var isTyped = false
            self.run(stream, from: place + 1, on: batch, depth: depth, isTyped: &isTyped, into: &outputs)
        }
    }

    /// Events that streams or their windows dropped because they were too late.
    var eventsLateDropped: UInt64 {
        self.watermarkStates.reduce(0) { $0 + $1.dropped } + self.eventTimeWindows.reduce(0) { $0 + ($1?.dropped ?? 0) }
    }

    /// How far the time of each stream with a watermark has come, in the order of the program.
    public var watermarks: [StreamWatermark] {
        self.plan.streams.compactMap { stream in
            guard let (_, place) = stream.watermark else { return nil }
            let state = self.watermarkStates[place]
            return StreamWatermark(
                stream: stream.name,
                sources: state.sources.map { StreamWatermark.Source(type: $0.type, watermark: $0.watermark) },
                effective: state.effective
            )
        }
    }
}

/// How far the time of a stream has come. Times are nanoseconds since 1970.
public struct StreamWatermark: Hashable, Sendable {
    /// A type, or another stream, that the stream reads.
    public struct Source: Hashable, Sendable {
        public let type: String
        /// Its latest event's time less the disorder allowed for; nil before its first event.
        public let watermark: Int64?
    }

    public let stream: String
    /// In the order written.
    public let sources: [Source]
    /// The least of the sources' watermarks, though it never goes back; nil before the first event.
    public let effective: Int64?

    /// The source that holds the stream's time back, of those that were seen.
    public var slowest: Source? {
        self.sources.filter { $0.watermark != nil }.min { ($0.watermark ?? .max) < ($1.watermark ?? .max) }
    }
}
