import ClusterAPI
import Engine

/// A program that runs over a file while it tells of the events of a key.
struct TraceReplay: ~Copyable {
    private let plan: Plan
    private let key: String?
    /// The stream of which alone is told; nil for all.
    private let stream: String?
    private let followsAll: Bool
    private let isJSON: Bool
    private let renderer: TraceRenderer
    private var pipeline: Pipeline
    private var outputs = Outputs()
    private var hasSeenKey = false
    /// Keys that came, as long as the one that is asked for did not.
    private var keysSeen: Set<String> = []

    /// So many keys are remembered, to show those that are near.
    private static let keysMax = 100_000

    init(_ plan: Plan, key: String?, stream: String?, followsAll: Bool, isJSON: Bool) {
        self.plan = plan
        self.key = key
        self.stream = stream
        self.followsAll = followsAll
        self.isJSON = isJSON
        self.renderer = TraceRenderer(isColored: StandardStream.output.showsColors)
        self.pipeline = Pipeline(plan)
    }

    mutating func process(_ event: Event, line: Int) {
        let isOfKey = self.key.map { self.plan.concerns(event, key: $0) } ?? false
        self.note(event, isOfKey: isOfKey)
        if isOfKey || self.followsAll {
            var explanations: [EventExplanation] = []
            self.pipeline.process(event, into: &self.outputs, explaining: &explanations)
            for explanation in explanations { self.show(explanation, line: line) }
        } else {
            self.pipeline.process(event, into: &self.outputs)
        }
        self.outputs.clear()
    }

    private mutating func note(_ event: Event, isOfKey: Bool) {
        if isOfKey { self.hasSeenKey = true }
        guard self.key != nil, !self.hasSeenKey, self.keysSeen.count < Self.keysMax else { return }
        self.keysSeen.formUnion(self.plan.keys(of: event))
    }

    private func show(_ explanation: EventExplanation, line: Int) {
        guard let explanation = self.stream.map(explanation.only(stream:)) ?? explanation else { return }
        if self.isJSON {
            var bytes = Array("{\"line\":\(line),\"depth\":\(explanation.depth),\"event\":".utf8)
            bytes += EventEncoder.outputLine(explanation.event)
            bytes += Array(",\"streams\":".utf8) + Self.json(explanation.streams) + Array("}\n".utf8)
            StandardStream.output.write(bytes)
        } else {
            StandardStream.output.write(self.renderer.text(of: explanation, at: "line \(line)"))
        }
    }

    private static func json(_ value: some Encodable) -> [UInt8] {
        // Only numbers that JSON has none for could fail, and there are none.
        (try? APIJSON.encode(value)) ?? []
    }

    /// What is open at the end, and the counters. Whether the key occurs.
    mutating func finish(_ tally: EventTally) throws -> Bool {
        var isKnown = true
        if let key = self.key {
            isKnown = self.showTrace(of: key)
        } else {
            self.showKeys()
        }
        self.pipeline.finish(into: &self.outputs)
        let counters = self.pipeline.counters
        if self.isJSON {
            self.write(name: "counters", CountersLine(counters))
        } else {
            var text = "\nEvents processed: \(counters.processed)\nOutput events emitted: \(counters.emitted)\n"
            text += tally.summary + Simulation.text(of: counters.limits)
            StandardStream.output.write(text)
        }
        return isKnown
    }

    private func showTrace(of key: String) -> Bool {
        var trace = self.pipeline.trace(key: key)
        let isKnown = self.hasSeenKey || trace.isKnown
        if let stream = self.stream { trace = trace.only(stream: stream) }
        if self.isJSON {
            self.write(name: "trace", trace)
        } else {
            let title = self.hasSeenKey ? "\nAt the end:\n" : ""
            StandardStream.output.write(title + self.renderer.text(of: trace))
        }
        guard !isKnown else { return true }
        let near = Pipeline.keys(near: key, among: self.keysSeen.sorted())
        let fields = self.plan.keyFields.joined(separator: ", ")
        var text = "Error: no event has the key \(key)" + (fields.isEmpty ? "" : " in \(fields)")
        text += near.isEmpty ? ".\n" : "; there is \(near.joined(separator: ", ")).\n"
        StandardStream.error.write(text)
        return false
    }

    private func showKeys() {
        let streams = self.pipeline.busiestKeys().filter { self.stream == nil || $0.stream == self.stream }
        if self.isJSON { return self.write(name: "keys", streams) }
        if streams.isEmpty { StandardStream.output.write("No stream has a sequence, so no run is open.\n") }
        for keys in streams { StandardStream.output.write(self.renderer.text(of: keys)) }
        for watermark in self.pipeline.watermarkTraces where self.stream == nil || watermark.stream == self.stream {
            StandardStream.output.write(self.renderer.text(of: watermark))
        }
    }

    private func write(name: String, _ value: some Encodable) {
        StandardStream.output.write(Array("{\"\(name)\":".utf8) + Self.json(value) + Array("}\n".utf8))
    }
}

/// What was counted, as `--json` prints it.
private struct CountersLine: Encodable {
    let eventsProcessed: UInt64
    let outputEventsEmitted: UInt64
    let limitsReached: [String: UInt64]

    init(_ counters: Pipeline.Counters) {
        self.eventsProcessed = counters.processed
        self.outputEventsEmitted = counters.emitted
        self.limitsReached = Dictionary(uniqueKeysWithValues: counters.limits.reached.map { ($0.name, $0.count) })
    }

    enum CodingKeys: String, CodingKey {
        case eventsProcessed = "events_processed"
        case outputEventsEmitted = "output_events_emitted"
        case limitsReached = "limits_reached"
    }
}
