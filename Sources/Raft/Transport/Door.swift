import RaftCore
import Synchronization

/// Who is let in, and how many wait before the door. Asked on any event loop.
final class Door: Sendable {
    private let state = Mutex((admissions: Admissions(.unknown), strangers: 0))

    var admissions: Admissions {
        get { self.state.withLock { $0.admissions } }
        set { self.state.withLock { $0.admissions = newValue } }
    }

    func admission(of id: NodeID, _ incarnation: Incarnation) -> Admission {
        self.admissions.admission(of: id, incarnation)
    }

    /// Whether one more connection may begin a handshake. Whoever is let in calls `passed` once, however it ends.
    func enter() -> Bool {
        self.state.withLock { state in
            guard state.strangers < WireLimits.strangersMax else { return false }
            state.strangers += 1
            return true
        }
    }

    func passed() { self.state.withLock { $0.strangers -= 1 } }
}
