internal import ClusterState

extension Planning {
    /// A silent worker is unhealthy; one that is heard again is ready.
    mutating func judgeWorkers() {
        for worker in self.workers {
            switch worker.status {
            case .ready, .draining, .drained:
                if self.silent.contains(worker.id) { self.judge(worker, .unhealthy) }
            case .registering:
                if self.silent.contains(worker.id) {
                    self.judge(worker, .unhealthy)
                } else if self.isHeard(worker.id) {
                    self.judge(worker, .ready)
                }
            case .unhealthy:
                if self.isHeard(worker.id) { self.judge(worker, worker.drain == nil ? .ready : .draining) }
            }
        }
    }

    private mutating func judge(_ worker: ClusterState.Worker, _ status: ClusterState.Worker.Status) {
        self.act(
            on: .status(worker.id, worker.incarnation),
            .propose(
                .setWorkerStatus(
                    Command.SetWorkerStatus(
                        worker: worker.id,
                        incarnation: worker.incarnation,
                        from: worker.status,
                        to: status
                    )
                )
            )
        )
    }

    /// What a worker reports and should not have: its group is gone, it belongs elsewhere, or its epoch is old.
    mutating func stopOrphans() {
        for worker in self.workers where self.isHeard(worker.id) {
            guard let report = self.reports[worker.id], let inventory = report.inventory else { continue }
            for pipeline in inventory where self.isOrphan(pipeline, at: worker.id) {
                let target = BackOff.Target.stop(worker.id, pipelineID: pipeline.id, pipeline.epoch)
                // A report from before the last attempt says nothing about its success.
                if let last = self.backOff.lastAttempt(at: target), report.receivedAt <= last { continue }
                self.act(
                    on: target,
                    .stopPipeline(
                        StopPipeline(
                            worker: worker.id,
                            pipelineID: pipeline.id,
                            placement: pipeline.placement,
                            epoch: pipeline.epoch
                        )
                    )
                )
            }
        }
    }

    private func isOrphan(_ pipeline: ReportedPipeline, at worker: WorkerID) -> Bool {
        // Assigned by an entry that this member has not applied yet.
        if pipeline.epoch > self.state.lastEpoch { return false }
        guard let desired = self.state.placement(pipeline.placement) else { return true }
        return desired.worker != worker || desired.epoch != pipeline.epoch
    }
}
