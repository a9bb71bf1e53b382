import Synchronization

/// What keeps a worker from being sent work.
///
/// One on its own takes programs as soon as it answers. One in a cluster is known to its coordinators first; that none of
/// them can be reached later does not stop what it runs, and so does not make it unready.
final class Readiness: Sendable {
    private struct State {
        var isRegistered: Bool
        var isStopping = false
    }

    private let state: Mutex<State>

    init(inCluster: Bool) {
        self.state = Mutex(State(isRegistered: !inCluster))
    }

    func registered() { self.state.withLock { $0.isRegistered = true } }

    func stopping() { self.state.withLock { $0.isStopping = true } }

    /// Nil for a worker that is ready.
    var obstacle: String? {
        let state = self.state.withLock { $0 }
        if state.isStopping { return "The worker is stopping" }
        return state.isRegistered ? nil : "No coordinator knows this worker yet"
    }
}
