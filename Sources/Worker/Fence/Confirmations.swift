import Synchronization

/// When coordinators last confirmed this worker, and for how long that holds.
final class Confirmations: Sendable {
    typealias Observer = @Sendable () -> Void

    /// The last one.
    struct Confirmation: Sendable {
        /// When what it answers had been sent.
        var sent: ContinuousClock.Instant
        /// How long it holds, counted from then.
        var lease: Duration
    }

    private struct Contents {
        var latest: Confirmation
        var observers: [ObjectIdentifier: Observer] = [:]
    }

    private let contents: Mutex<Contents>

    /// Two thirds of the time after which coordinators declare a worker lost, unless they have another opinion.
    private static let defaultLease: Duration = .seconds(10)

    /// Nothing is confirmed yet.
    init() {
        let latest = Confirmation(sent: .now - Self.defaultLease, lease: Self.defaultLease)
        self.contents = Mutex(Contents(latest: latest))
    }

    var latest: Confirmation { self.contents.withLock { $0.latest } }

    /// A coordinator has answered what was sent at this instant, and said how long that holds; else it holds for as long as
    /// was said before.
    func confirmed(sentAt sent: ContinuousClock.Instant, lease: Duration?) {
        let observers = self.contents.withLock { contents in
            contents.latest.sent = max(contents.latest.sent, sent)
            if let lease { contents.latest.lease = lease }
            return contents.observers.values
        }
        for observer in observers { observer() }
    }

    func add(_ owner: AnyObject, _ observer: @escaping Observer) {
        self.contents.withLock { $0.observers[ObjectIdentifier(owner)] = observer }
    }

    func remove(_ owner: AnyObject) {
        self.contents.withLock { $0.observers[ObjectIdentifier(owner)] = nil }
    }
}
