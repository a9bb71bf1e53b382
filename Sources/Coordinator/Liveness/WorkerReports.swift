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

    func note(_ heartbeat: HeartbeatRequest, from worker: WorkerID, at time: ContinuousClock.Instant = .now) {
        self.reports.withLock { $0[worker] = Report(heartbeat: heartbeat, received: time) }
    }

    /// A report about pipelines that the leader itself brought about: newer than the worker's last heartbeat.
    func amend(_ worker: WorkerID, _ change: (inout [PipelineReport]) -> Void) {
        self.reports.withLock { reports in
            guard var pipelines = reports[worker]?.heartbeat.pipelines else { return }
            change(&pipelines)
            reports[worker]?.heartbeat.pipelines = pipelines
        }
    }

    func forget(_ worker: WorkerID) { self.reports.withLock { $0[worker] = nil } }
    func forgetAll() { self.reports.withLock { $0 = [:] } }

    var all: [WorkerID: Report] { self.reports.withLock { $0 } }
}
