import ClusterControl
import ClusterState

extension SessionLosses {
    /// What the reconciler is to know of lost sessions. Forgets those of workers that have been heard since, or are not
    /// registered as the same process any more.
    func known(
        to office: Office,
        _ state: ClusterState,
        _ reports: [WorkerID: WorkerReports.Report]
    ) -> [WorkerID: SessionLoss] {
        self.keep { worker, loss in
            guard state.worker(worker)?.incarnation == loss.incarnation else { return false }
            return reports[worker].map { $0.received <= loss.probeFailedAt ?? loss.lostAt } ?? true
        }
        return self.all(in: office.term).mapValues { loss in
            SessionLoss(
                incarnation: loss.incarnation,
                lostAt: office.moment(of: loss.lostAt),
                probeFailedAt: loss.probeFailedAt.map(office.moment(of:))
            )
        }
    }
}
