import VPL

/// What a pipeline holds of a key.
extension Pipeline {
    /// The runs, windows and trends that a value of the streams' keys has open, and how far watermarks have come.
    ///
    /// Whatever else keeps something for each key says so here: one more list of `KeyTrace` for each kind of operator.
    public func trace(key: String) -> KeyTrace {
        var trace = KeyTrace(key: key)
        for stream in self.plan.streams {
            if let (_, state) = stream.sequence {
                trace.sequences.append(
                    self.sequences[state].trace(key: key, of: stream.name, self.plan.conditions)
                )
            }
            for case .window(let state) in stream.operations {
                let window = self.plan.windows[state]
                guard let field = window.key, let held = self.heldCount(by: state, of: ExactText(key)) else { continue }
                trace.windows.append(
                    WindowTrace(
                        stream: stream.name,
                        keyField: field,
                        heldCount: held,
                        kind: window.kind.shown,
                        until: self.eventTimeWindows[state]?.held(of: ExactText(key))?.until
                    )
                )
            }
            if let (_, state) = stream.trends {
                trace.trends.append(self.trends[state].trace(key: key, of: stream.name, self.plan.conditions))
            }
        }
        trace.watermarks = self.watermarkTraces
        if !trace.isKnown {
            let keys = self.sequences.flatMap(\.keys) + self.trends.flatMap(\.keys)
            trace.nearest = Self.keys(near: key, among: keys)
        }
        return trace
    }

    /// How far the streams with a watermark have come, in the order declared.
    public var watermarkTraces: [WatermarkTrace] {
        let states = self.plan.streams.compactMap { $0.watermark?.state }
        return zip(self.watermarks, states).map { watermark, state in
            WatermarkTrace(
                stream: watermark.stream,
                effective: watermark.effective,
                sources: watermark.sources.map { WatermarkTrace.Source(type: $0.type, watermark: $0.watermark) },
                slowest: watermark.sources.count > 1 ? watermark.slowest?.type : nil,
                lateness: self.watermarkStates[state].watermark.lateness,
                dropped: self.watermarkStates[state].dropped
            )
        }
    }

    /// For each stream with a sequence the keys with the most runs.
    public func busiestKeys(atMost count: Int = 20) -> [BusyKeys] {
        self.plan.streams.compactMap { stream in
            stream.sequence.map { self.sequences[$0.state].busiestKeys(atMost: count, of: stream.name) }
        }
    }

    /// Of some keys a few that a person may have meant.
    public static func keys(near key: String, among keys: [String]) -> [String] {
        let nearestMax = 5
        let wanted = key.lowercased()
        var near = Suggestion.nearest(to: key, among: keys).map { [$0] } ?? []
        let similar = keys.filter { candidate in
            guard !wanted.isEmpty, !candidate.isEmpty else { return false }
            let text = candidate.lowercased()
            return TextSearch.starts(text, with: wanted) || TextSearch.starts(wanted, with: text)
        }
        for candidate in similar.sorted(by: { $0.precedesExactly($1) }) where near.count < nearestMax {
            if !near.contains(where: { $0.isExactly(candidate) }) { near.append(candidate) }
        }
        return near
    }
}

extension Plan {
    /// Whether an event has the value in a field that streams go by. Where they go by none, any field counts.
    public func concerns(_ event: Event, key: String) -> Bool {
        self.keys(of: event).contains { $0.isExactly(key) }
    }

    /// The values of an event by which streams tell events apart.
    public func keys(of event: Event) -> [String] {
        let fields = self.keyFields
        guard !fields.isEmpty else { return event.fields.entries.map { $0.value.partitionText } }
        return fields.compactMap { event.fields[$0]?.partitionText }
    }
}

extension Value {
    fileprivate var partitionText: String { Optional(self).partitionText }
}
