import Engine
import VPL

/// A program being run over a file: its pipeline, and where what it gives goes.
struct Simulation: ~Copyable {
    private var pipeline: Pipeline
    private var outputs = Outputs()
    private var output: LineWriter?
    private var sinks: [SinkID: LineWriter] = [:]
    private let consoles: Set<SinkID>
    /// Where text for people goes; nil for nowhere.
    private let people: StandardStream?
    private let isVerbose: Bool

    init(plan: Plan, outputPath: String?, people: StandardStream?, isVerbose: Bool) throws {
        self.output = try outputPath.map { try LineWriter(path: $0, appends: false) }
        for sink in plan.sinks where sink.connector.type == "file" {
            guard let path = sink.parameter("path")?.string else {
                throw FileFailure(description: "the file connector \(sink.connector.name) has no `path`")
            }
            self.sinks[sink.id] = try LineWriter(path: path, appends: true)
        }
        self.consoles = Set(plan.sinks.filter { $0.connector.type == "console" }.map(\.id))
        self.people = people
        self.isVerbose = isVerbose
        self.pipeline = Pipeline(plan)
    }

    mutating func process(_ event: Event) throws {
        self.pipeline.process(event, into: &self.outputs)
        try self.carryOut()
    }

    /// The end of the events: what is still held, and the summary.
    mutating func finish(_ tally: EventTally, after duration: Duration) throws {
        self.pipeline.finish(into: &self.outputs)
        try self.carryOut()
        try self.flush()
        self.people?.write(Self.summary(self.pipeline.counters, self.pipeline.taps, tally, after: duration))
    }

    var processedCount: UInt64 { self.pipeline.counters.processed }

    /// What is said at the end.
    static func summary(
        _ counters: Pipeline.Counters,
        _ taps: [String: Int64],
        _ tally: EventTally,
        after duration: Duration
    ) -> String {
        var text = """
            Events processed: \(counters.processed)
            Output events emitted: \(counters.emitted)
            Duration: \(duration.formatted)

            """
        text += tally.summary
        for (name, count) in taps.sorted(by: { $0.key < $1.key }) { text += "Tap \(name): \(count)\n" }
        return text
    }

    /// Writes what is buffered.
    mutating func flush() throws {
        try self.output?.flush()
        for sink in self.sinks.keys { try self.sinks[sink]?.flush() }
    }

    private mutating func carryOut() throws {
        if self.outputs.isEmpty { return }
        if self.output != nil {
            for event in self.outputs.emitted { try self.output?.write(EventEncoder.outputLine(event)) }
        }
        for delivery in self.outputs.deliveries {
            if self.consoles.contains(delivery.sink) {
                self.people?.write(EventEncoder.sinkPayload(delivery.event) + [UInt8(ascii: "\n")])
            } else {
                try self.sinks[delivery.sink]?.write(EventEncoder.sinkPayload(delivery.event))
            }
        }
        if let people = self.people { self.tell(people) }
        self.outputs.clear()
    }

    private func tell(_ people: StandardStream) {
        for line in self.outputs.printed { people.write(line + "\n") }
        if self.isVerbose {
            for event in self.outputs.emitted { people.write("\(event.type) \(event.fields.text)\n") }
        }
        for entry in self.outputs.logged {
            let isDetail = entry.level == .debug || entry.level == .trace
            if isDetail, !self.isVerbose { continue }
            let data = entry.data.map { " \($0.text)" } ?? ""
            StandardStream.error.write("[\(entry.level.rawValue)] \(entry.stream): \(entry.message)\(data)\n")
        }
    }
}

extension Duration {
    fileprivate var formatted: String {
        let (seconds, attoseconds) = self.components
        let milliseconds = String(1000 + attoseconds / 1_000_000_000_000_000).dropFirst()
        return "\(seconds).\(milliseconds) s"
    }
}
