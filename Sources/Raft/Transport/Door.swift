import RaftCore
import Synchronization

/// Who is let in, and how many wait before the door. Asked on any event loop.
final class Door: Sendable {
    private struct State {
        var admissions = Admissions(.unknown)
        /// Those of members, as far as their addresses are numbers.
        var hosts: Set<RemoteHost> = []
        var strangers = 0
        var strangersByHost: [RemoteHost: Int] = [:]
    }

    private let state = Mutex(State())

    var admissions: Admissions {
        get { self.state.withLock { $0.admissions } }
        set { self.state.withLock { $0.admissions = newValue } }
    }

    func admission(of id: NodeID, _ incarnation: Incarnation) -> Admission {
        self.admissions.admission(of: id, incarnation)
    }

    /// Where members are. They may all be behind one address, so there is no bound for it.
    func expect(_ members: some Sequence<PeerAddress>) {
        let hosts = Set(members.compactMap { RemoteHost(of: $0) })
        self.state.withLock { $0.hosts = hosts }
    }

    /// Whether one more connection from there may begin a handshake. Whoever is let in calls `passed` once, however it
    /// ends.
    func enter(from host: RemoteHost) -> Bool {
        self.state.withLock { state in
            let sameHost = state.strangersByHost[host, default: 0]
            guard state.strangers < WireLimits.strangersMax,
                sameHost < WireLimits.strangersOfOneHostMax || state.hosts.contains(host)
            else { return false }
            state.strangers += 1
            state.strangersByHost[host] = sameHost + 1
            return true
        }
    }

    func passed(from host: RemoteHost) {
        self.state.withLock { state in
            state.strangers -= 1
            let left = state.strangersByHost[host, default: 0] - 1
            state.strangersByHost[host] = left > 0 ? left : nil
        }
    }
}
