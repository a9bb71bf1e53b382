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

    /// Takes a word down. A word that was overtaken on its way, by one that reached the leader directly, changes nothing.
    /// - Returns: Whether it says anything that the last one did not.
    @discardableResult
    func note(
        _ heartbeat: HeartbeatRequest,
        from worker: WorkerID,
        at time: ContinuousClock.Instant = .now
    ) -> Bool {
        self.reports.withLock { reports in
            let last = reports[worker]
            if let last, last.received > time { return false }
            reports[worker] = Report(heartbeat: heartbeat, received: time)
            return last?.heartbeat.incarnation != heartbeat.incarnation
                || last?.heartbeat.pipelines != heartbeat.pipelines
        }
    }

    func forget(_ worker: WorkerID) { self.reports.withLock { $0[worker] = nil } }
    func forgetAll() { self.reports.withLock { $0 = [:] } }

    var all: [WorkerID: Report] { self.reports.withLock { $0 } }
}
