public import Engine
import Threads

/// Runs a program with each of its contexts on a thread of its own.
///
/// What the contexts give is what one thread would, in the same order for each of them. One thread feeds all and takes what
/// they give: it hands every context the same rounds of events, and each hands what follows from a round to the contexts
/// that read its streams. Queues are bounded, and whoever finds one full waits: so a slow context slows down those before
/// it, and at last the input. Contexts do not read each other in a circle, and each takes a round only after the one before
/// is done, so that somebody always can go on.
public final class ThreadedContexts {
    public let graph: ContextGraph
    private let parts: [ContextPart]
    private let input: ContextInput
    private let inputQueues: [HandOverQueue<RoundMessage>]
    private let edgeQueues: [HandOverQueue<[ContextArrival]>]
    private let threads: [NamedThread]
    private let progress: Monitor<ContextProgress>
    private let stop: @Sendable () -> Void
    /// The rounds that some context has not taken, or of which the outputs were not looked at.
    private var roundsUnderWay: [ContextRound] = []
    private var isEnded = false

    /// What `now()` is in the program; nil, as in a simulation, for the time of the event being processed.
    public var now: Int64?

    /// - Parameters:
    ///   - form: How emitted events are given.
    ///   - queueEvents: How many events may be on their way to a context, from each of those that it reads and from the
    ///     input.
    public init(_ plan: Plan, _ form: ContextOutputForm, queueEvents: Int = ContextGraph.queueEventsUsual) {
        let graph = plan.contextGraph
        let parts = graph.contexts.indices.map { ContextPart(plan, graph, number: $0, form) }
        let inputQueues = parts.map { _ in HandOverQueue<RoundMessage>(bound: queueEvents) }
        let edgeQueues = graph.edges.map { _ in HandOverQueue<[ContextArrival]>(bound: queueEvents) }
        let progress = Monitor(ContextProgress(contextCount: parts.count))
        // Two rounds on their way: one more can be made while one is waiting.
        self.input = ContextInput(plan, graph, parts, rowsMax: queueEvents / 2)
        self.stop = {
            for queue in inputQueues { queue.close() }
            for queue in edgeQueues { queue.close() }
        }
        self.threads = parts.indices.map { [stop] number in
            let thread = ContextThread(
                number: number,
                part: parts[number],
                core: graph.contexts[number].core,
                input: inputQueues[number],
                sources: graph.edges(to: number).map { edgeQueues[$0] },
                targets: graph.edges(from: number).map { edgeQueues[$0] },
                progress: progress,
                stop: stop
            )
            return NamedThread(name: "ctx \(graph.contexts[number].name)") { thread.run() }
        }
        (self.graph, self.parts, self.inputQueues, self.edgeQueues) = (graph, parts, inputQueues, edgeQueues)
        self.progress = progress
        progress.wait { $0.cores.contains(nil) ? nil : () }
    }

    deinit { self.abandon() }

    // MARK: - Input

    /// Processes events. What comes of them is given to `output` by and by, also in later calls.
    public func process(_ events: some Sequence<Event>, output: (ContextOutputs) throws -> Void) throws {
        try self.orAbandon {
            try self.input.take(events) { try self.feed($0, output) }
        }
    }

    /// Processes the events in the whole lines that `bytes` begin with, and waits until they are done.
    ///
    /// - Parameters:
    ///   - bytes: With `BatchPipeline.paddingBytes` zeros behind them.
    ///   - reader: Keeps the file's state between calls.
    ///   - isLast: Nothing follows, so a last line needs no newline.
    ///   - rejected: Called with each line that holds no event; they are passed over.
    /// - Returns: How many bytes the lines have. Give the rest again, with what follows.
    public func take(
        _ bytes: UnsafeBufferPointer<UInt8>,
        reader: inout EventFileReader,
        isLast: Bool,
        rejected: (RejectedLine) throws -> Void,
        output: (ContextOutputs) throws -> Void
    ) throws -> Int {
        try self.orAbandon {
            let taken = try self.input.take(bytes, reader: &reader, isLast: isLast, rejected: rejected) { round in
                try self.feed(round, output)
            }
            try self.settle(output)
            return taken
        }
    }

    /// Live input: closes the sessions to which no event came for longer than their gap.
    public func closeSilentSessions(at now: Int64, output: (ContextOutputs) throws -> Void) throws {
        try self.orAbandon { try self.feed(self.input.round(.silence(at: now)), output) }
    }

    /// Waits until everything so far is done.
    public func flush(output: (ContextOutputs) throws -> Void) throws {
        try self.orAbandon { try self.settle(output) }
    }

    /// Sends a barrier through all queues. Each context calls `hook` on its own thread once the barrier has come to it from
    /// all sides: what its pipeline holds then is what follows from all events before, and from none after. Returns when all
    /// have done so.
    public func barrier(
        _ hook: @escaping @Sendable (ContextPart) throws -> Void,
        output: (ContextOutputs) throws -> Void
    ) throws {
        try self.orAbandon {
            try self.feed(self.input.round(.barrier), hook: hook, output)
            try self.settle(output)
        }
    }

    /// The end of the input: gives what streams still hold, and ends the threads.
    public func finish(output: (ContextOutputs) throws -> Void) throws {
        try self.orAbandon {
            try self.feed(self.input.round(.end), output)
            try self.settle(output)
        }
        self.isEnded = true
        for thread in self.threads { thread.join() }
    }

    private func orAbandon<Result>(_ body: () throws -> Result) throws -> Result {
        precondition(!self.isEnded, "The contexts have come to their end.")
        do {
            return try body()
        } catch {
            self.abandon()
            throw error
        }
    }

    /// Ends the threads, whatever is still on its way.
    private func abandon() {
        self.isEnded = true
        self.stop()
        for thread in self.threads { thread.join() }
    }

    // MARK: - Rounds

    /// Gives a round to all contexts, and takes what they have given meanwhile.
    private func feed(
        _ round: ContextRound,
        hook: (@Sendable (ContextPart) throws -> Void)? = nil,
        _ output: (ContextOutputs) throws -> Void
    ) throws {
        round.now = self.now
        self.roundsUnderWay.append(round)
        for (queue, events) in zip(self.inputQueues, round.eventCounts) {
            guard queue.put(RoundMessage(round: round, hook: hook), events: events) else { break }
        }
        try self.collect(self.progress.withLock { Self.takeRounds(&$0) }, output)
    }

    /// Waits until all contexts have taken all rounds.
    private func settle(_ output: (ContextOutputs) throws -> Void) throws {
        while !self.roundsUnderWay.isEmpty {
            let rounds = self.progress.wait { progress -> [[ContextOutputs]]? in
                let rounds = Self.takeRounds(&progress)
                return rounds.isEmpty && progress.failure == nil ? nil : rounds
            }
            try self.collect(rounds, output)
        }
    }

    /// Takes what all contexts gave in the rounds that all have taken: round by round, and in each in the contexts' order, so
    /// that it does not depend on the threads.
    private static func takeRounds(_ progress: inout ContextProgress) -> [[ContextOutputs]] {
        let count = progress.results.map(\.count).min() ?? 0
        if count == 0 { return [] }
        let rounds = (0..<count).map { round in progress.results.map { $0[round] } }
        for context in progress.results.indices { progress.results[context].removeFirst(count) }
        return rounds
    }

    private func collect(_ rounds: [[ContextOutputs]], _ output: (ContextOutputs) throws -> Void) throws {
        for outputs in rounds {
            self.input.reuse(self.roundsUnderWay.removeFirst())
            for context in outputs where !context.isEmpty { try output(context) }
        }
        if let failure = self.progress.withLock({ $0.failure }) { throw failure }
    }

    // MARK: - What is known of them

    /// Sums over all contexts, right once everything is done.
    public var counters: Pipeline.Counters {
        ContextPart.counters(of: self.parts, eventCount: self.input.eventCount)
    }

    /// How many events were given to it.
    public var eventCount: UInt64 { self.input.eventCount }

    /// How many events each `.tap` has seen, by its name, right once everything is done.
    public var taps: [String: Int64] {
        self.parts.reduce(into: [:]) { $0.merge($1.taps, uniquingKeysWith: +) }
    }

    /// What went along each of the graph's edges.
    public var handOvers: [HandOverCounts] { self.edgeQueues.map(\.counts) }

    /// What went to each context from the input.
    public var inputs: [HandOverCounts] { self.inputQueues.map(\.counts) }

    /// By context: the cores on which its thread may run; empty where the system does not say.
    public var cores: [[Int]] { self.progress.withLock { $0.cores.map { $0 ?? [] } } }

    /// What whoever runs the program should know.
    public var warnings: [String] {
        self.progress.withLock { progress in
            progress.unpinned.sorted().map { number in
                let context = self.graph.contexts[number]
                return "context \(context.name) runs on any core: there is no core \(context.core ?? 0) for it"
            }
        }
    }
}
