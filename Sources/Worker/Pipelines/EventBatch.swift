import Engine

/// Events that go through a pipeline together.
struct EventBatch: Sendable {
    enum Content: Sendable {
        case events([Event])
        /// As they came over a connection. Without a connector they came in a request, whose answer tells what is rejected.
        case payloads(EventPayloads, connector: String?)
        /// No events: asks what the program holds of a key once all that came before is processed.
        case question(key: String)
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
        case .question: 0
        }
    }

    /// Gives it up: a source has it again, a request is told.
    func drop() {
        self.receipt?.settle(isLost: true)
        self.reply?(BatchResult(isDropped: true))
    }

    /// What it weighs as it came. Events that are read already are few and were bounded where they were read.
    var byteCount: Int {
        switch self.content {
        case .events, .question: 0
        case .payloads(let payloads, _): payloads.byteCount
        }
    }
}

/// What became of a batch.
struct BatchResult: Sendable {
    /// What its events led to in the program's output.
    var emitted: [Event] = []
    /// Payloads that were no events.
    var rejections = RejectionCounts()
    /// The pipeline stopped before it came to them.
    var isDropped = false
    /// What a question was answered; nil where none was asked.
    var trace: TraceAnswer?
}
