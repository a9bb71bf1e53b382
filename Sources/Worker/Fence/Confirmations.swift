import Synchronization

/// When coordinators last confirmed this worker, and for how long that holds.
final class Confirmations: Sendable {
    typealias Observer = @Sendable () -> Void

    private struct Contents {
        var sent: ContinuousClock.Instant
        var lease: Duration
        var observers: [ObjectIdentifier: Observer] = [:]
    }

    private let contents: Mutex<Contents>

    /// Two thirds of the time after which coordinators declare a worker lost, unless they have another opinion.
    private static let defaultLease: Duration = .seconds(10)

    /// Nothing is confirmed yet.
    init() {
        self.contents = Mutex(Contents(sent: .now - Self.defaultLease, lease: Self.defaultLease))
    }

    /// When what was last confirmed had been sent.
    var sent: ContinuousClock.Instant { self.contents.withLock { $0.sent } }
    var lease: Duration { self.contents.withLock { $0.lease } }

    /// A coordinator has answered what was sent at this instant.
    func confirmed(sentAt sent: ContinuousClock.Instant, lease: Duration? = nil) {
        let observers = self.contents.withLock { contents in
            contents.sent = max(contents.sent, sent)
            if let lease { contents.lease = lease }
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
