import Engine
import Threads

/// The bounded way from sources and requests to a pipeline's engine thread.
///
/// When it is full, sources wait on their threads and requests wait in a line, in the order in which they came. Neither
/// keeps the other out for good: while a source waits, the line fills no more than half of it.
final class EventInbox: Sendable {
    enum Offer {
        case taken
        case full
        case closed
    }

    private struct Waiter {
        let id: UInt64
        let batch: EventBatch
        let answer: Promise<Offer>
    }

    private struct Contents {
        /// From outside.
        var batches: [EventBatch] = []
        var eventCount = 0
        var byteCount = 0
        /// From other pipelines of this worker.
        var routed: [EventBatch] = []
        var isClosed = false
        /// For a pipeline with routes to others of this worker.
        var credit: RouteCredit?
        /// Requests that wait for room.
        var line: [Waiter] = []
        var nextWaiter: UInt64 = 0
        /// How many threads wait for room.
        var waitingThreads = 0
    }

    private let contents: Monitor<Contents>
    private let eventsMax: Int
    private let bytesMax: Int

    /// How many requests wait at most; more are refused.
    static let lineMax = 1024

    /// - Parameter isCredited: What comes from outside waits while events that came before it are on their way through
    ///   routes.
    init(eventsMax: Int, bytesMax: Int = 64 << 20, isCredited: Bool = false) {
        self.eventsMax = eventsMax
        self.bytesMax = bytesMax
        let credit = isCredited ? RouteCredit(eventsMax: eventsMax, bytesMax: bytesMax) : nil
        self.contents = Monitor(Contents(credit: credit))
    }

    /// Adds a batch, blocking the calling thread until there is room; false when the pipeline is stopping.
    func add(_ batch: EventBatch) -> Bool {
        var isWaiting = false
        return self.contents.wait { contents in
            let offer = self.admit(batch, to: &contents)
            if (offer == .full) != isWaiting {
                isWaiting.toggle()
                contents.waitingThreads += isWaiting ? 1 : -1
            }
            return offer == .full ? nil : offer == .taken
        }
    }

    /// Adds a batch as soon as there is room, if that is soon enough.
    func add(_ batch: EventBatch, within patience: Duration) async -> Offer {
        let (offer, waiter) = self.contents.change { contents -> (Offer, Waiter?) in
            // Whoever came before goes first.
            if contents.line.isEmpty || contents.isClosed {
                let offer = self.admit(batch, to: &contents)
                if offer != .full { return (offer, nil) }
            }
            guard contents.line.count < Self.lineMax else { return (.full, nil) }
            contents.nextWaiter += 1
            contents.line.append(Waiter(id: contents.nextWaiter, batch: batch, answer: Promise()))
            return (.full, contents.line.last)
        }
        guard let waiter else { return offer }
        if let offer = await waiter.answer.value(within: patience) { return offer }
        let isLate = self.contents.change { contents in
            guard let place = contents.line.firstIndex(where: { $0.id == waiter.id }) else { return false }
            contents.line.remove(at: place)
            // Those behind it may have waited for nothing else.
            self.admitLine(to: &contents)
            return true
        }
        // Whoever is not in the line any more has an answer.
        return isLate ? .full : await waiter.answer.value() ?? .taken
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
        contents.byteCount = 0
        self.admitLine(to: &contents)
        return batches
    }

    /// How many events wait.
    var eventCount: Int { self.contents.withLock { $0.eventCount } }
    /// How many requests wait for room, and how many threads.
    var lineLength: Int { self.contents.withLock { $0.line.count } }
    var waitingThreads: Int { self.contents.withLock { $0.waitingThreads } }

    /// Refuses all that comes from now on.
    func close() {
        let line = self.contents.change { contents in
            contents.isClosed = true
            defer { contents.line = [] }
            return contents.line
        }
        for waiter in line { waiter.answer.fulfil(.closed) }
    }

    /// Blocks until it is closed, or this time has passed; whether it is closed.
    func awaitClose(atMost patience: Duration) -> Bool {
        self.contents.wait(atMost: patience) { $0.isClosed ? true : nil } ?? false
    }

    /// Closes it, and gives up what is in it: a source has it again, a request is told.
    func dropAll() {
        self.close()
        let batches = self.contents.change { contents in
            defer { (contents.batches, contents.routed) = ([], []) }
            return contents.routed + contents.batches
        }
        for batch in batches { batch.drop() }
    }

    private func admitLine(to contents: inout Contents) {
        let eventsMax = contents.waitingThreads > 0 ? self.eventsMax / 2 : self.eventsMax
        var admitted = 0
        while admitted < contents.line.count, contents.eventCount < eventsMax,
            self.admit(contents.line[admitted].batch, to: &contents) == .taken
        {
            contents.line[admitted].answer.fulfil(.taken)
            admitted += 1
        }
        contents.line.removeFirst(admitted)
    }

    /// A batch larger than the bound is taken when it is alone.
    private func admit(_ batch: EventBatch, to contents: inout Contents) -> Offer {
        guard !contents.isClosed else { return .closed }
        let (events, bytes) = (batch.count, batch.byteCount)
        guard
            contents.batches.isEmpty
                || contents.eventCount + events <= self.eventsMax && contents.byteCount + bytes <= self.bytesMax
        else { return .full }
        contents.batches.append(batch)
        contents.eventCount += events
        contents.byteCount += bytes
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
            contents.byteCount -= batch.byteCount
            taken.append(contents.credit?.take(batch) { [self] in self.release($0) } ?? batch)
        }
        self.admitLine(to: &contents)
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
}
