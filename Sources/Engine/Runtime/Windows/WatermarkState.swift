/// `.watermark(out_of_order: …)` and `.allowed_lateness(…)` of a stream, in nanoseconds.
struct CompiledWatermark: Sendable {
    /// How much earlier than the latest event of its type an event may be without being late.
    let tolerance: Int64
    /// Nil where late events are not dropped.
    let lateness: Int64?
    /// The types that the stream reads, each once, in the order written.
    let types: [String]
}

/// How far the time of a stream has come, by the events that it has seen.
///
/// Each type has a watermark: its latest event's time less the tolerance. The stream's own is the least of those of the types
/// seen so far, and never goes back: a type that appears late may be behind it.
struct WatermarkState: Sendable {
    let watermark: CompiledWatermark
    /// The time of the latest event of each type; nil for those that were not seen.
    var latest: [Int64?]
    var effective: Int64?
    /// Events that were dropped before any operation because they were too late.
    var dropped: UInt64 = 0

    init(_ watermark: CompiledWatermark) {
        self.watermark = watermark
        self.latest = Array(repeating: nil, count: watermark.types.count)
    }

    /// Whether an event is so late that the stream drops it.
    func isTooLate(_ time: Int64) -> Bool {
        guard let effective = self.effective, let lateness = self.watermark.lateness else { return false }
        return time.isBefore(effective, minus: lateness)
    }

    mutating func noteDropped() { self.dropped += 1 }

    /// Takes note of an event's time, also of one that is dropped. Returns whether the stream's watermark has moved.
    mutating func observe(_ type: String, at time: Int64) -> Bool {
        guard let place = self.watermark.types.firstIndex(where: { $0 == type }) else { return false }
        if let latest = self.latest[place], time <= latest { return false }
        self.latest[place] = time
        let least = self.latest.lazy.compactMap { $0 }.min() ?? time
        let candidate = least.saturatingMinus(self.watermark.tolerance)
        if let effective = self.effective, candidate <= effective { return false }
        self.effective = candidate
        return true
    }

    /// The watermarks of the types, nil for those that were not seen.
    var sources: [(type: String, watermark: Int64?)] {
        zip(self.watermark.types, self.latest).map { ($0, $1?.saturatingMinus(self.watermark.tolerance)) }
    }
}

extension Int64 {
    func saturatingPlus(_ span: Int64) -> Int64 {
        let (sum, overflow) = self.addingReportingOverflow(span)
        return overflow ? (span < 0 ? .min : .max) : sum
    }

    func saturatingMinus(_ span: Int64) -> Int64 {
        let (difference, overflow) = self.subtractingReportingOverflow(span)
        return overflow ? (span < 0 ? .max : .min) : difference
    }
}
