import ClusterAPI
import Engine
import MQTT
import Synchronization

/// What is known of a running pipeline, written by its threads and read by everyone.
final class PipelineProgress: Sendable {
    /// How far a pipeline is.
    enum Phase: Hashable, Sendable {
        case starting
        /// The engine runs and every subscription was acknowledged. A broker that is lost later shows in the connectors'
        /// health: the pipeline is in its place and connects again by itself.
        case running
        /// Some source has not got through to its broker; it keeps trying.
        case waiting(String)
        case failed(String)
        case stopped

        var status: PipelineStatus {
            switch self {
            case .starting: PipelineStatus(rawValue: "starting")
            case .running: .running
            case .waiting(let message), .failed(let message): .error(message)
            case .stopped: .stopped
            }
        }
    }

    struct Counters: Hashable, Sendable {
        /// Events that went through the engine.
        var eventsIn: UInt64 = 0
        /// Events of the program's output.
        var eventsOut: UInt64 = 0
        /// Messages that other replicas, or other routes of the same topic, were meant to have.
        var messagesOfOthers: UInt64 = 0
        /// Messages that were no events.
        var messagesRejected: UInt64 = 0
        /// Why they were none.
        var rejections = RejectionCounts()
        /// What was cut of messages because it was more than events may have.
        var cuts = EventCuts()
        var deliveriesFailed: UInt64 = 0
        /// Of these, the ones that are in the file of dead letters.
        var deadLetters: UInt64 = 0
        /// About what the program holds of the events so far.
        var heldBytes = 0
        /// The same by stream, in the order of declaration, as it was when it was looked at last.
        var streamStates: [StreamState] = []
        /// The stream that holds as much as it may, because of which no events are taken for now.
        var fullStream: String?
        /// For how long none were taken for such a reason.
        var waited: Duration = .zero
        /// Of which types the events were, in the order of the program's types.
        var types = TypeCounts(typeCount: 0)
        /// How long batches took, from the engine's first look at them until what came of them was handed on.
        var latency = LatencyHistogram()
        /// What the program gave up because it may have only so much of it.
        var limits = Pipeline.Limits()
    }

    private struct Contents {
        var phase = Phase.starting
        var isEngineRunning = false
        /// Of a pipeline that is held against others: whether its place was claimed, and why not yet.
        var isOwner: Bool
        var claimError: String?
        /// By source: its connector, whether its subscriptions are acknowledged, and its last error.
        var sources: [SourceState]
        var counters = Counters()
    }

    private struct SourceState {
        let connector: String
        var isSubscribed = false
        var lastError: MQTTError?
    }

    private let contents: Mutex<Contents>
    private let onPhaseChange: @Sendable () -> Void
    /// Fulfilled when the pipeline runs for the first time.
    let becameRunning = Promise<Void>()
    /// Fulfilled when the engine takes events, or will never take any.
    let engineDecided = Promise<Void>()

    /// - Parameters:
    ///   - typeCount: How many types of events the program reads.
    ///   - isFenced: Its worker must own its place before it runs.
    init(
        sourceConnectors: [String],
        typeCount: Int = 0,
        isFenced: Bool = false,
        onPhaseChange: @escaping @Sendable () -> Void
    ) {
        let sources = sourceConnectors.map { SourceState(connector: $0) }
        var contents = Contents(isOwner: !isFenced, sources: sources)
        contents.counters.types = TypeCounts(typeCount: typeCount)
        self.contents = Mutex(contents)
        self.onPhaseChange = onPhaseChange
    }

    var phase: Phase { self.contents.withLock { $0.phase } }
    var counters: Counters { self.contents.withLock { $0.counters } }

    func count(_ change: (inout Counters) -> Void) {
        self.contents.withLock { change(&$0.counters) }
    }

    /// Adds one to a counter of failures, and says whether this one should be told of in the log: the 1st, 2nd, 4th, 8th
    /// and so on are, so that a flood of them does not become a flood there.
    func countFailure(_ counter: WritableKeyPath<Counters, UInt64>) -> UInt64? {
        let count = self.contents.withLock { contents in
            contents.counters[keyPath: counter] += 1
            return contents.counters[keyPath: counter]
        }
        return count.nonzeroBitCount == 1 ? count : nil
    }

    /// The same for a message that is no event.
    func countRejection(_ code: EventDecodingError.Code) -> UInt64? {
        self.contents.withLock { $0.counters.rejections.add(code) }
        return self.countFailure(\.messagesRejected)
    }

    func engineStarted() {
        self.change { $0.isEngineRunning = true }
        self.engineDecided.fulfil(())
    }

    func source(_ index: Int, reports status: MQTTStatus) {
        self.change { contents in
            contents.sources[index].isSubscribed = status.isSubscribed
            contents.sources[index].lastError = status.lastError
        }
    }

    /// The pipeline's place was claimed.
    func owns() {
        self.change { $0.isOwner = true }
    }

    /// It could not be claimed yet; it is tried again.
    func claimFailed(_ message: String) {
        self.change { $0.claimError = message }
    }

    /// The connections could not even be tried.
    func failed(_ message: String) {
        self.change { $0.phase = .failed(message) }
        self.engineDecided.fulfil(())
    }

    /// What failed says so also when it is stopped.
    func stopped() {
        self.change { contents in
            if case .failed = contents.phase { return }
            contents.phase = .stopped
        }
    }

    /// Why it failed, if it did.
    var failure: String? {
        guard case .failed(let reason) = self.phase else { return nil }
        return reason
    }

    private func change(_ body: (inout Contents) -> Void) {
        let (before, after) = self.contents.withLock { contents in
            let before = contents.phase
            body(&contents)
            if before == .starting || before.isWaiting, contents.phase == before {
                contents.phase = Self.phase(of: contents)
            }
            return (before, contents.phase)
        }
        guard after != before else { return }
        if after == .running { self.becameRunning.fulfil(()) }
        self.onPhaseChange()
    }

    private static func phase(of contents: Contents) -> Phase {
        if contents.isEngineRunning, contents.isOwner, contents.sources.allSatisfy(\.isSubscribed) { return .running }
        if !contents.isOwner, let error = contents.claimError { return .waiting(error) }
        for source in contents.sources {
            guard !source.isSubscribed, let error = source.lastError else { continue }
            return .waiting("connector '\(source.connector)': \(error.message)")
        }
        return .starting
    }
}

extension PipelineProgress.Phase {
    fileprivate var isWaiting: Bool {
        if case .waiting = self { true } else { false }
    }
}
