import Engine
import Logging

/// What a pipeline's engine thread does: take batches, run them to completion, hand on what comes of them.
struct EngineLoop: ~Copyable {
    private var pipeline: Pipeline
    private var outputs = Outputs()
    private let inbox: EventInbox
    private let sinks: Sinks
    private let console: ConsoleWriter
    private let progress: PipelineProgress
    private let logger: Logger
    /// How often silent sessions are looked for; nil for a program without any.
    private let sessionInterval: Duration?
    private var lastLook = ContinuousClock.now

    init(
        _ plan: Plan,
        inbox: EventInbox,
        sinks: Sinks,
        console: ConsoleWriter,
        progress: PipelineProgress,
        logger: Logger
    ) {
        self.pipeline = Pipeline(plan)
        self.inbox = inbox
        self.sinks = sinks
        self.console = console
        self.progress = progress
        self.logger = logger
        self.sessionInterval = plan.sessionInterval.map { .nanoseconds(max($0, Self.shortestInterval)) }
    }

    /// A millisecond: more often the clock of a machine that does other things as well can't be asked.
    private static let shortestInterval: Int64 = 1_000_000

    /// Runs until the inbox is closed and empty.
    consuming func run() {
        self.progress.engineStarted()
        while true {
            let batches = self.inbox.next(atMost: self.sessionInterval)
            if let batches, batches.isEmpty { break }
            for batch in batches ?? [] { self.process(batch) }
            self.closeSilentSessions()
        }
        // What sessions still hold is not lost.
        self.pipeline.now = WallClock.nanoseconds()
        self.pipeline.finish(into: &self.outputs)
        self.handOn(EventBatch(events: []))
    }

    private mutating func closeSilentSessions() {
        guard let interval = self.sessionInterval, .now - self.lastLook >= interval else { return }
        self.lastLook = .now
        let now = WallClock.nanoseconds()
        self.pipeline.now = now
        self.pipeline.closeSilentSessions(at: now, into: &self.outputs)
        self.handOn(EventBatch(events: []))
    }

    private mutating func process(_ batch: EventBatch) {
        self.pipeline.now = WallClock.nanoseconds()
        self.pipeline.process(batch.events, into: &self.outputs)
        self.handOn(batch)
    }

    /// Sends what came of a batch where it belongs.
    private mutating func handOn(_ batch: EventBatch) {
        let emittedCount = UInt64(self.outputs.emitted.count)
        self.progress.count {
            $0.eventsIn += UInt64(batch.events.count)
            $0.eventsOut += emittedCount
        }
        for delivery in self.outputs.deliveries { self.sinks.deliver(delivery, receipt: batch.receipt) }
        for line in self.outputs.printed { self.console.writeLine(Array(line.utf8)) }
        for entry in self.outputs.logged { self.log(entry) }
        batch.receipt?.settle()
        batch.reply?(self.outputs.emitted)
        self.outputs.clear()
    }

    /// Entries that the program itself asks for.
    private func log(_ entry: LogEntry) {
        let level: Logger.Level =
            switch entry.level {
            case .error: .error
            case .warning: .warning
            case .info: .info
            case .debug: .debug
            case .trace: .trace
            }
        var metadata: Logger.Metadata = ["stream": "\(entry.stream)"]
        if let data = entry.data {
            metadata["data"] = "\(String(decoding: EventEncoder.json(data), as: UTF8.self))"
        }
        self.logger.log(level: level, "\(entry.message)", metadata: metadata)
    }
}
