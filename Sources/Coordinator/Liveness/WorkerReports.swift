import ClusterAPI
import ClusterState
import Synchronization

/// The last word of each worker, kept by the leader. Soft: a new leader starts with none.
final class WorkerReports: Sendable {
    struct Report: Sendable {
        var heartbeat: HeartbeatRequest
        var received: ContinuousClock.Instant
    }

    private let reports = Mutex<[WorkerID: Report]>([:])

    /// A word that was overtaken on its way, by one that reached the leader directly, changes nothing.
    func note(_ heartbeat: HeartbeatRequest, from worker: WorkerID, at time: ContinuousClock.Instant = .now) {
        self.reports.withLock { reports in
            if let newest = reports[worker]?.received, newest > time { return }
            reports[worker] = Report(heartbeat: heartbeat, received: time)
        }
    }

    func forget(_ worker: WorkerID) { self.reports.withLock { $0[worker] = nil } }
    func forgetAll() { self.reports.withLock { $0 = [:] } }

    var all: [WorkerID: Report] { self.reports.withLock { $0 } }
}
