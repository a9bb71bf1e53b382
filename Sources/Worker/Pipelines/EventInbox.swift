import Engine
import Threads

/// Events that go through a pipeline together.
struct EventBatch: Sendable {
    enum Content: Sendable {
        case events([Event])
        /// As they came over a connection. Without a connector they came in a request, whose answer tells what is rejected.
        case payloads(EventPayloads, connector: String?)
    }

    var content: Content
    /// For messages that are acknowledged only when what came of them is safe.
    var receipt: BatchReceipt?
    /// Told what became of the events.
    var reply: (@Sendable (BatchResult) -> Void)?
    /// Whether the reply is to have the program's output.
    var wantsOutput = true
    /// It comes from another pipeline of this worker, rather than from outside.
    var isRouted = false

    var count: Int {
        switch self.content {
        case .events(let events): events.count
        case .payloads(let payloads, _): payloads.count
        }
    }
}

/// What became of a batch.
struct BatchResult: Sendable {
    /// What its events led to in the program's output.
    var emitted: [Event] = []
    /// Payloads that were no events.
    var rejections = RejectionCounts()
}

/// The bounded way from sources and requests to a pipeline's engine thread.
final class EventInbox: Sendable {
    enum Offer {
        case taken
        case full
        case closed
    }

    private struct Contents {
        /// From outside.
        var batches: [EventBatch] = []
        var eventCount = 0
        /// From other pipelines of this worker.
        var routed: [EventBatch] = []
        var isClosed = false
        /// For a pipeline with routes to others of this worker.
        var credit: RouteCredit?
    }

    private let contents: Monitor<Contents>
    private let eventsMax: Int

    /// - Parameter isCredited: What comes from outside waits while events that came before it are on their way through
    ///   routes.
    init(eventsMax: Int, isCredited: Bool = false) {
        self.eventsMax = eventsMax
        self.contents = Monitor(Contents(credit: isCredited ? RouteCredit(eventsMax: eventsMax) : nil))
    }

    /// Adds a batch, blocking the calling thread until there is room; false when the pipeline is stopping.
    func add(_ batch: EventBatch) -> Bool {
        self.contents.wait { contents in
            switch self.admit(batch, to: &contents) {
            case .taken: true
            case .full: nil
            case .closed: false
            }
        }
    }

    /// Adds a batch if there is room now.
    func offer(_ batch: EventBatch) -> Offer {
        self.contents.change { self.admit(batch, to: &$0) }
    }

    /// All that has come, blocking until there is something; empty when the inbox is closed and nothing is left, nil when
    /// nothing came in time.
    func next(atMost patience: Duration?) -> [EventBatch]? {
        guard let patience else { return self.contents.wait(for: self.take) }
        return self.contents.wait(atMost: patience, for: self.take)
    }

    private func take(_ contents: inout Contents) -> [EventBatch]? {
        guard contents.credit == nil else { return self.takeCredited(&contents) }
        guard !contents.batches.isEmpty || !contents.routed.isEmpty || contents.isClosed else { return nil }
        let batches = contents.routed + contents.batches
        contents.routed = []
        contents.batches = []
        contents.eventCount = 0
        return batches
    }

    /// How many events wait.
    var eventCount: Int { self.contents.withLock { $0.eventCount } }

    /// Refuses all that comes from now on.
    func close() {
        self.contents.change { $0.isClosed = true }
    }

    /// A batch larger than the bound is taken when it is alone.
    private func admit(_ batch: EventBatch, to contents: inout Contents) -> Offer {
        guard !contents.isClosed else { return .closed }
        guard contents.batches.isEmpty || contents.eventCount + batch.count <= self.eventsMax else {
            return .full
        }
        contents.batches.append(batch)
        contents.eventCount += batch.count
        return .taken
    }

    // MARK: - Routes

    /// Adds a batch of another pipeline. There is always room: what is under way is bounded where it comes in from
    /// outside. False when the pipeline is stopping.
    func route(_ batch: EventBatch) -> Bool {
        self.contents.change { contents in
            guard !contents.isClosed else { return false }
            contents.routed.append(batch)
            return true
        }
    }

    /// What is routed goes first: it is that for which the rest waits.
    private func takeCredited(_ contents: inout Contents) -> [EventBatch]? {
        var taken = contents.routed
        contents.routed = []
        while let batch = contents.batches.first, contents.credit?.admits(batch) ?? true {
            contents.batches.removeFirst()
            contents.eventCount -= batch.count
            taken.append(contents.credit?.take(batch) { [self] in self.release($0) } ?? batch)
        }
        let isAtEnd = contents.isClosed && contents.batches.isEmpty
        return taken.isEmpty && !isAtEnd ? nil : taken
    }

    private func release(_ receipt: ObjectIdentifier) {
        self.contents.change { $0.credit?.release(receipt) }
    }

    /// Blocks until all that was taken in from outside has gone through the routes, or this time has passed.
    func awaitRoutes(until deadline: ContinuousClock.Instant) {
        _ = self.contents.wait(atMost: max(.zero, deadline - .now)) { contents in
            contents.credit?.receipts.isEmpty ?? true ? true : nil
        }
    }

    /// Waits for nothing any more that was taken in from outside and is still on its way: it counts as lost.
    func abandonRoutes() {
        let credit = self.contents.change { $0.credit.take() }
        for receipt in credit?.receipts ?? [] { receipt.abandon() }
    }

    /// Closes the inbox of a pipeline that will never run, and loses what other pipelines have sent it.
    func discard() {
        let lost = self.contents.change { contents in
            contents.isClosed = true
            defer { contents.routed = [] }
            return contents.routed
        }
        for batch in lost {
            batch.receipt?.settle(isLost: true)
            batch.reply?(BatchResult())
        }
    }
}
