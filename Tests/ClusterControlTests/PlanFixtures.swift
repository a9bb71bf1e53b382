import ClusterControl
import ClusterState
import Testing

/// Situations and actions in few words. The leader came to office at second 0; a worker may be silent for 15 s.
enum Plans {
    static let reconciler = Reconciler()

    static func plan(
        _ state: ClusterState,
        _ reports: [WorkerID: WorkerReport] = [:],
        at second: Int,
        after backOff: BackOff = BackOff()
    ) -> Reconciler.Plan {
        let situation = Situation(state: state, reports: reports, leaderSince: .at(0), now: .at(second))
        let plan = self.reconciler.plan(situation, backOff: backOff)
        #expect(plan == self.reconciler.plan(situation, backOff: backOff), "the same situation gave another plan")
        return plan
    }

    static func heard(
        _ second: Int,
        _ inventory: [ReportedPipeline]? = [],
        incarnation: UInt64? = 1
    ) -> WorkerReport {
        WorkerReport(
            incarnation: incarnation.map { WorkerIncarnation($0) },
            receivedAt: .at(second),
            inventory: inventory
        )
    }

    static func holds(
        _ key: PlacementKey,
        epoch: UInt64,
        _ status: ReportedPipeline.Status = .running,
        id: String = "x"
    ) -> ReportedPipeline {
        ReportedPipeline(id: id, placement: key, epoch: Epoch(epoch), status: status)
    }

    static func judged(
        _ worker: WorkerID,
        _ from: ClusterState.Worker.Status,
        _ to: ClusterState.Worker.Status
    ) -> Action {
        .propose(
            .setWorkerStatus(
                Command.SetWorkerStatus(worker: worker, incarnation: WorkerIncarnation(1), from: from, to: to)
            )
        )
    }

    static func start(_ worker: WorkerID, _ key: PlacementKey, epoch: UInt64) -> Action {
        .startPipeline(
            StartPipeline(worker: worker, placement: key, epoch: Epoch(epoch), source: "stream A = B", connectors: [])
        )
    }

    static func reassigned(_ key: PlacementKey, from epoch: UInt64, to worker: WorkerID) -> Action {
        .propose(.reassign(Command.Reassign(placement: key, from: Epoch(epoch), to: worker)))
    }

    static func reported(
        _ key: PlacementKey,
        epoch: UInt64,
        _ status: ClusterState.Placement.Status,
        id: String = "x"
    ) -> Action {
        .propose(
            .reportPlacement(
                Command.ReportPlacement(placement: key, epoch: Epoch(epoch), status: status, pipelineID: id)
            )
        )
    }
}
