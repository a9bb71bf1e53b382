import ClusterAPI
import Engine
import Logging
import Synchronization
import Threads

/// What pipelines need of the worker they run in.
struct PipelineSurroundings: Sendable {
    let clientIDPrefix: String
    let workDirectory: WorkDirectory
    let console: ConsoleWriter
    /// What the worker is in its cluster; nil for one on its own, whose pipelines nobody else can have.
    var standing: ClusterStanding?
    /// Takes the events that sinks do not; nil to let them go.
    var deadLetters: DeadLetters?
    /// Told of the program's output; nil where nobody wants to know.
    var onOutput: (@Sendable ([Event]) -> Void)?
    /// Watches what engines take of the processors; nil where there is one only.
    var governor: EngineGovernor?
    /// The most that a pipeline may hold in memory.
    var bytesMax = Int.max
    /// What a stream of it may hold, and what happens when it holds that.
    var budget = StateBudget()
    /// Called when the phase of any pipeline changes.
    let onPhaseChange: @Sendable () -> Void
    /// Joins the pipelines that have the same surroundings.
    var routeHub = RouteHub()
    let logger: Logger
}

/// A pipeline with its threads: one for the engine, one for each connection.
final class RunningPipeline: Sendable {
    let spec: PipelineSpec
    let progress: PipelineProgress
    let startedAt = ContinuousClock.now
    let streams: [StreamOutline]
    var streamCount: Int { self.streams.count }
    /// The types of events that it reads, in the order of its counters.
    let inputTypes: [String]
    /// Shows its output to whoever listens.
    let feed: OutputFeed

    /// How much of a processor its engine may use.
    let throttle = EngineThrottle()
    private let inbox: EventInbox
    private let routes: RouteDoor
    private let links: Links
    private let permission: Permission
    private let engine: NamedThread
    private let ending = Monitor(Ending.none)

    private enum Ending {
        case none
        case underWay
        case done
    }

    /// How long a request waits for room before it is refused.
    private static let roomTimeout: Duration = .seconds(2)

    /// How long a stop lets the engine finish what it has taken, and then the sinks send what they have.
    private static let stopGrace: Duration = .seconds(3)

    /// Starts the pipeline. A predecessor, which holds the same place, is stopped first, on the new one's thread.
    init(
        _ spec: PipelineSpec,
        program: Program,
        predecessor: RunningPipeline?,
        feed: OutputFeed = OutputFeed(),
        in surroundings: PipelineSurroundings,
        onSuperseded: @escaping @Sendable () -> Void = {}
    ) {
        self.spec = spec
        self.streams = program.plan.outlines
        self.inputTypes = program.plan.inputTypes
        self.feed = feed
        var logger = surroundings.logger
        logger[metadataKey: "pipeline"] = "\(spec.name)"
        logger[metadataKey: "id"] = "\(spec.id)"
        if let groupID = spec.groupID {
            logger[metadataKey: "group"] = "\(groupID)"
            logger[metadataKey: "epoch"] = "\(spec.epoch)"
        }
        let standing = spec.place == nil ? nil : surroundings.standing
        let permission = Permission(isGiven: standing == nil)
        let progress = PipelineProgress(
            sourceConnectors: program.wiring.sources.map(\.connector),
            typeCount: program.plan.inputTypes.count,
            isFenced: standing != nil,
            onPhaseChange: surroundings.onPhaseChange
        )
        var fence: Fence?
        if let place = spec.place, let standing {
            fence = Fence(
                place: place,
                epoch: spec.epoch,
                standing: standing,
                permission: permission,
                progress: progress,
                onSuperseded: onSuperseded,
                logger: logger
            )
        }
        let routes = RouteDoor(spec, program.wiring, surroundings.routeHub)
        let inbox = EventInbox(eventsMax: 8192, isCredited: routes.sendsWithinWorker)
        let links = Links(
            program.wiring,
            inbox: inbox,
            progress: progress,
            surroundings: surroundings,
            fence: fence,
            logger: logger
        )
        self.progress = progress
        self.permission = permission
        self.links = links
        self.inbox = inbox
        self.routes = routes
        self.engine = NamedThread(name: "engine-\(spec.name)") { [throttle, logger] in
            predecessor?.stopAndWait()
            guard let sinks = links.open() else { return inbox.dropAll() }
            routes.open(inbox)
            let thread = surroundings.governor?.enter(throttle, logger)
            defer { thread.map { surroundings.governor?.leave($0) } }
            let overrun = EngineLoop(
                program.plan,
                inbox: inbox,
                sinks: sinks,
                routes: routes.outputs(sinks, progress, logger),
                feed: feed,
                throttle: throttle,
                permission: permission,
                surroundings: surroundings,
                progress: progress,
                logger: logger
            ).run()
            guard let overrun else { return }
            // What it held is free by now; its connections end as well, and its place stays, with the reason.
            logger.error("pipeline stopped", metadata: ["reason": "\(overrun)"])
            progress.failed(overrun)
            links.beginClose()
            inbox.dropAll()
            links.closeSinks(drainingAtMost: Self.stopGrace)
            links.closeSources()
        }
    }

    /// Nothing may leave it before its assignment is confirmed.
    var isMuted: Bool { !self.permission.isGiven }

    /// Puts events into the pipeline, and tells what became of them.
    func inject(
        _ content: EventBatch.Content,
        wantsOutput: Bool = true,
        within timeout: Duration
    ) async -> Injection {
        guard self.permission.isGiven else { return .muted }
        let promise = Promise<BatchResult>()
        let batch = EventBatch(content: content, reply: { promise.fulfil($0) }, wantsOutput: wantsOutput)
        switch await self.inbox.add(batch, within: Self.roomTimeout) {
        case .taken:
            guard let result = await promise.value(within: timeout) else { return .unknown }
            return result.isDropped ? .stopped : .processed(result)
        case .full: return .refused
        case .closed: return .stopped
        }
    }

    /// Puts events into the pipeline as soon as it has room, if that is soon enough.
    func add(_ batch: EventBatch, within patience: Duration) async -> EventInbox.Offer {
        await self.inbox.add(batch, within: patience)
    }

    /// Puts events into the pipeline, blocking the calling thread until there is room; false when it is stopping.
    func add(_ batch: EventBatch) -> Bool { self.inbox.add(batch) }

    enum Injection {
        case processed(BatchResult)
        /// The pipeline has more to do than it may hold.
        case refused
        /// It was taken, and not processed in time.
        case unknown
        case stopped
        /// Nothing may leave before the pipeline's assignment is confirmed.
        case muted
    }

    /// Stops the pipeline: sources first, then what is on its way is finished, then the sinks. The brokers keep the
    /// sessions for a successor.
    func stop() async {
        await withCheckedContinuation { continuation in
            _ = NamedThread(name: "stop-\(self.spec.name)") {
                self.stopAndWait()
                continuation.resume()
            }
        }
    }

    /// The same on a thread of ours, which it blocks. Whoever comes second waits for the first.
    func stopAndWait() {
        let isFirst = self.ending.wait { ending -> Bool? in
            switch ending {
            case .none:
                ending = .underWay
                return true
            case .underWay: return nil
            case .done: return false
            }
        }
        guard isFirst else { return }
        self.links.beginClose()
        self.routes.close(self.inbox)
        self.inbox.close()
        self.throttle.end()
        // What may not leave now will not later, and nobody waits for it.
        let grace = self.permission.isGiven ? Self.stopGrace : .zero
        let deadline = ContinuousClock.now + grace
        _ = self.engine.join(atMost: grace)
        self.permission.refuse()
        self.inbox.awaitRoutes(until: deadline)
        // From here on deliveries that still wait fail, which lets the engine and the sources go.
        self.routes.leave()
        self.inbox.abandonRoutes()
        self.links.closeSinks(drainingAtMost: grace)
        self.engine.join()
        self.links.closeSources()
        self.progress.stopped()
        self.ending.change { $0 = .done }
    }

    /// How many events wait for the engine.
    var queueLength: Int { self.inbox.eventCount }

    var connectorHealth: [ConnectorHealth] { self.links.health }
}
