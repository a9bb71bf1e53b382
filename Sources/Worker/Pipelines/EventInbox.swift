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
        var batches: [EventBatch] = []
        var eventCount = 0
        var isClosed = false
    }

    private let contents = Monitor(Contents())
    private let eventsMax: Int

    init(eventsMax: Int) {
        self.eventsMax = eventsMax
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
        func take(_ contents: inout Contents) -> [EventBatch]? {
            guard !contents.batches.isEmpty || contents.isClosed else { return nil }
            let batches = contents.batches
            contents.batches = []
            contents.eventCount = 0
            return batches
        }
        guard let patience else { return self.contents.wait(for: take) }
        return self.contents.wait(atMost: patience, for: take)
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
}
