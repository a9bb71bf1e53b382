import Synchronization

/// Remembers what was logged, so that a stranger who comes again and again fills no log.
final class LoggedCauses: Sendable {
    private let known = Mutex<Set<String>>([])
    private static let causesMax = 64

    /// Whether the cause was not told before. After so many different ones, none is new.
    func isNew(_ cause: String) -> Bool {
        self.known.withLock { $0.count < Self.causesMax && $0.insert(cause).inserted }
    }
}
