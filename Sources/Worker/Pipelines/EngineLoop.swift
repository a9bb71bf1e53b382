import Engine
import Logging

/// What a pipeline's engine thread does: take batches, run them to completion, hand on what comes of them.
struct EngineLoop: ~Copyable {
    /// Nil for a program that needs one event after the other.
    private let columns: BatchPipeline?
    /// Runs such a program.
    private var pipeline: Pipeline
    private var outputs = Outputs()
    private let inbox: EventInbox
    private let sinks: Sinks
    /// Nil for a pipeline that no route leaves.
    private var routes: RouteOutputs?
    private let console: ConsoleWriter
    private let onOutput: (@Sendable ([Event]) -> Void)?
    private let feed: OutputFeed
    private let throttle: EngineThrottle
    private var memory: MemoryWatch
    private let permission: Permission
    private let progress: PipelineProgress
    private let logger: Logger
    /// How often silent sessions are looked for; nil for a program without any.
    private let sessionInterval: Duration?
    private var lastLook = ContinuousClock.now

    init(
        _ plan: Plan,
        inbox: EventInbox,
        sinks: Sinks,
        routes: RouteOutputs?,
        feed: OutputFeed,
        throttle: EngineThrottle,
        permission: Permission,
        surroundings: PipelineSurroundings,
        progress: PipelineProgress,
        logger: Logger
    ) {
        let budget = surroundings.budget
        self.columns = BatchPipeline(plan, budget: budget)
        self.pipeline = Pipeline(plan, budget: budget)
        self.columns?.countTypes()
        self.pipeline.countTypes()
        self.inbox = inbox
        self.sinks = sinks
        self.routes = routes
        self.console = surroundings.console
        self.onOutput = surroundings.onOutput
        self.feed = feed
        self.throttle = throttle
        self.memory = MemoryWatch(budget, bytesMax: surroundings.bytesMax)
        self.permission = permission
        self.progress = progress
        self.logger = logger
        self.sessionInterval = plan.sessionInterval.map { .nanoseconds(max($0, Self.shortestInterval)) }
    }

    /// A millisecond: more often the clock of a machine that does other things as well can't be asked.
    private static let shortestInterval: Int64 = 1_000_000

    /// Runs until the inbox is closed and empty, or the program holds more than it may; then it says so.
    consuming func run() -> String? {
        self.progress.engineStarted()
        while true {
            let batches = self.inbox.next(atMost: self.patience)
            if let batches, batches.isEmpty { break }
            for (place, batch) in (batches ?? []).enumerated() {
                self.process(batch)
                guard let overrun = self.weigh() else { continue }
                for left in (batches ?? []).dropFirst(place + 1) { left.drop() }
                return overrun
            }
            self.closeSilentSessions()
            if batches == nil, let overrun = self.weigh() { return overrun }
        }
        // What sessions and the windows of trends still hold is not lost.
        let now = WallClock.nanoseconds()
        self.columns?.now = now
        self.pipeline.now = now
        if let columns = self.columns {
            columns.finish(into: &self.outputs)
        } else {
            self.pipeline.finish(into: &self.outputs)
        }
        self.handOn(nil)
        return nil
    }

    /// How long events are waited for before something else is due; nil for ever.
    private var patience: Duration? {
        guard self.memory.isBehind else { return self.sessionInterval }
        return min(self.sessionInterval ?? MemoryWatch.interval, MemoryWatch.interval)
    }

    /// Looks from time to time at how much the program holds. Where a stream holds as much as it may, the engine takes no
    /// more events until it holds less, so that the inbox fills, and those wait who send.
    ///
    /// - Returns: A sentence if the program has to end.
    private mutating func weigh() -> String? {
        guard self.memory.isDue else {
            self.memory.isBehind = true
            return nil
        }
        var isWaiting = false
        while true {
            switch self.memory.look(at: self.columns?.streamStates ?? self.pipeline.streamStates, self.progress) {
            case .enough:
                if isWaiting { self.logger.notice("pipeline takes events again") }
                return nil
            case .tooMuch(let reason): return reason
            case .full(let state):
                if !isWaiting {
                    isWaiting = true
                    self.logger.warning("pipeline takes no events for now", metadata: ["reason": "\(state)"])
                }
                // Nothing frees it once it is told to end; what it has taken is finished.
                guard !self.inbox.awaitClose(atMost: MemoryWatch.interval) else { return nil }
                self.expireRuns()
            }
        }
    }

    /// While nothing comes in, time goes on by the clock: runs end that could not become matches any more.
    private mutating func expireRuns() {
        let now = WallClock.nanoseconds()
        if let columns = self.columns {
            columns.now = now
            columns.expireRuns(at: now, into: &self.outputs)
        } else {
            self.pipeline.now = now
            self.pipeline.expireRuns(at: now, into: &self.outputs)
        }
        self.handOn(nil)
    }

    /// Programs with sessions need one event after the other; patterns that wait for a deadline do not.
    private mutating func closeSilentSessions() {
        guard let interval = self.sessionInterval, .now - self.lastLook >= interval else { return }
        self.lastLook = .now
        let now = WallClock.nanoseconds()
        if let columns = self.columns {
            columns.now = now
            columns.completePatterns(at: now, into: &self.outputs)
        } else {
            self.pipeline.now = now
            self.pipeline.closeSilentSessions(at: now, into: &self.outputs)
        }
        self.handOn(nil)
    }

    private mutating func process(_ batch: EventBatch) {
        if case .question(let key) = batch.content { return self.answer(batch, askingFor: key) }
        let started = ContinuousClock.now
        let now = WallClock.nanoseconds()
        self.columns?.now = now
        self.pipeline.now = now
        var rejections = RejectionCounts()
        switch batch.content {
        case .question: break
        case .events(let events):
            if let columns = self.columns {
                columns.process(events, into: &self.outputs)
            } else {
                self.pipeline.process(events, into: &self.outputs)
            }
        case .payloads(let payloads, let connector):
            let emits =
                batch.reply != nil && batch.wantsOutput || self.onOutput != nil || self.routes != nil
                || self.feed.hasReaders
            let (progress, logger) = (self.progress, self.logger)
            func rejected(_ error: EventDecodingError) {
                rejections.add(error.code)
                Self.reject(error, connector, progress, logger)
            }
            if let columns = self.columns {
                columns.process(payloads, into: &self.outputs, emits: emits, rejected: rejected)
            } else {
                self.pipeline.process(payloads, into: &self.outputs, rejected: rejected)
            }
        }
        self.handOn(batch, rejections, since: started)
        if self.throttle.isLimited { self.throttle.rest(after: .now - started) }
    }

    private func answer(_ question: EventBatch, askingFor key: String) {
        question.receipt?.settle()
        question.reply?(BatchResult(trace: self.trace(key: key)))
    }

    /// What the program holds of a key.
    private func trace(key: String) -> TraceAnswer {
        if let columns = self.columns { return .snapshot(columns.snapshot, columns.plan) }
        return .trace(self.pipeline.trace(key: key))
    }

    private static func reject(
        _ error: EventDecodingError,
        _ connector: String?,
        _ progress: PipelineProgress,
        _ logger: Logger
    ) {
        guard let count = progress.countRejection(error.code), let connector else { return }
        logger.warning(
            "message is no event",
            metadata: [
                "connector": "\(connector)", "reason": "\(error.message)", "count": "\(count)",
            ]
        )
    }

    /// Sends what came of a batch, or of the end of sessions, where it belongs.
    private mutating func handOn(
        _ batch: EventBatch?,
        _ rejections: RejectionCounts = RejectionCounts(),
        since started: ContinuousClock.Instant? = nil
    ) {
        self.count(since: started)
        guard self.deliver(batch?.receipt) else {
            batch?.drop()
            return self.outputs.clear()
        }
        self.routes?.send(self.outputs.emitted, receipt: batch?.receipt)
        for entry in self.outputs.logged { self.log(entry) }
        batch?.receipt?.settle()
        if let batch, let reply = batch.reply {
            reply(BatchResult(emitted: batch.wantsOutput ? self.outputs.emitted : [], rejections: rejections))
        }
        if !self.outputs.emitted.isEmpty {
            self.onOutput?(self.outputs.emitted)
            self.feed.publish(self.outputs.emitted)
        }
        self.outputs.clear()
    }

    private mutating func count(since started: ContinuousClock.Instant?) {
        let counters = self.columns?.counters ?? self.pipeline.counters
        let cuts = self.columns?.cuts ?? self.pipeline.cuts
        var types = self.columns?.types ?? self.pipeline.types
        self.progress.count {
            $0.eventsIn = counters.processed
            $0.eventsOut = counters.emitted
            $0.cuts = cuts
            $0.limits = counters.limits
            if var counted = types.take() {
                $0.types.take(from: &counted)
                types = counted
            }
            if let started { $0.latency.add(.now - started) }
        }
        if let columns = self.columns { columns.types = types } else { self.pipeline.types = types }
    }

    /// Lets the outputs out one by one, waiting while the pipeline must not; false when it never may again.
    private func deliver(_ receipt: BatchReceipt?) -> Bool {
        for delivery in self.outputs.deliveries {
            guard self.permission.wait() else { return false }
            self.sinks.deliver(delivery, receipt: receipt)
        }
        for line in self.outputs.printed {
            guard self.permission.wait() else { return false }
            self.console.writeLine(Array(line.utf8))
        }
        return self.outputs.emitted.isEmpty || self.permission.wait()
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
