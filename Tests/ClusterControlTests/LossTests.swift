import ClusterControl
import ClusterState
import Testing

/// Workers whose sessions break off. The leader came to office at second 10; a worker may be silent for 15 s.
@Suite("Lost sessions")
struct LossTests {
    private let p1 = PlacementKey(group: "g", pipeline: "p1")

    private func situation(
        _ state: ClusterState,
        heard: Int? = 20,
        incarnation: UInt64 = 1,
        lost: Int = 21,
        probeFailed: Int? = 22,
        leaderSince: Int = 10,
        at now: Int = 22
    ) -> Situation {
        Situation(
            state: state,
            reports: heard.map {
                [
                    "w1": WorkerReport(
                        incarnation: WorkerIncarnation(incarnation),
                        receivedAt: .at($0),
                        inventory: []
                    )
                ]
            } ?? [:],
            losses: [
                "w1": SessionLoss(
                    incarnation: WorkerIncarnation(incarnation),
                    lostAt: .at(lost),
                    probeFailedAt: probeFailed.map { .at($0) }
                )
            ],
            leaderSince: .at(leaderSince),
            now: .at(now)
        )
    }

    private func plan(_ situation: Situation) -> Reconciler.Plan {
        Reconciler().plan(situation, backOff: BackOff())
    }

    private func judged(_ from: ClusterState.Worker.Status, _ to: ClusterState.Worker.Status) -> Action {
        .propose(
            .setWorkerStatus(
                Command.SetWorkerStatus(worker: "w1", incarnation: WorkerIncarnation(1), from: from, to: to)
            )
        )
    }

    @Test("a worker that lost its session and was not found by a probe is unhealthy at once")
    func lost() {
        let plan = self.plan(self.situation(Cluster(workers: 1).state))
        #expect(plan.actions == [self.judged(.ready, .unhealthy)])
        #expect(plan.lost == ["w1"])
        #expect(self.plan(self.situation(Cluster(workers: 1).state, heard: nil)).lost == ["w1"])
    }

    @Test("neither a lost session alone, nor a probe from before it, says that a worker is dead")
    func notProven() {
        let state = Cluster(workers: 1).state
        #expect(self.plan(self.situation(state, probeFailed: nil)).actions.isEmpty)
        #expect(self.plan(self.situation(state, probeFailed: 20)).actions.isEmpty)
    }

    @Test("a worker that is heard after the probe lives")
    func heardSince() {
        #expect(self.plan(self.situation(Cluster(workers: 1).state, heard: 23, at: 23)).actions.isEmpty)
        #expect(self.plan(self.situation(Cluster(workers: 1).state, heard: 22)).lost == ["w1"])
    }

    @Test("the end of an older process's session is not held against the registered one")
    func otherProcess() {
        #expect(self.plan(self.situation(Cluster(workers: 1).state, incarnation: 9)).actions.isEmpty)
    }

    @Test("what was lost before this member led, or while it was paused, waits for the timeout")
    func beforeOffice() {
        let state = Cluster(workers: 1).state
        #expect(self.plan(self.situation(state, leaderSince: 22)).actions.isEmpty)
        let late = self.plan(self.situation(state, leaderSince: 22, at: 38))
        #expect(late.actions == [self.judged(.ready, .unhealthy)])
        #expect(late.lost.isEmpty)
    }

    @Test("a lost worker's last word neither brings it back nor keeps its pipelines there")
    func failover() {
        var cluster = Cluster(workers: 1)
        cluster.deploy("g", on: ["w1"])
        cluster.report(self.p1)
        cluster.setStatus("w1", .unhealthy)
        cluster.register("w2")
        #expect(
            self.plan(self.situation(cluster.state)).actions == [
                .propose(.reassign(Command.Reassign(placement: self.p1, from: Epoch(1), to: "w2")))
            ]
        )
        #expect(
            self.plan(self.situation(cluster.state, heard: 23, at: 23)).actions.first
                == self.judged(.unhealthy, .ready)
        )
    }

    @Test("nothing is started at a lost worker, nor assigned to it")
    func nothingThere() {
        var cluster = Cluster(workers: 1)
        cluster.deploy("g", on: ["w1", nil])
        #expect(self.plan(self.situation(cluster.state)).actions == [self.judged(.ready, .unhealthy)])
    }

    @Test("the cluster's own timeout counts before the reconciler's")
    func replicatedTimeout() {
        var cluster = Cluster(workers: 1)
        let heartbeat = ClusterState.Settings.Heartbeat(intervalMilliseconds: 500, timeoutMilliseconds: 3_000)
        cluster.apply(.putSettings(Command.PutSettings(settings: .init(heartbeat: heartbeat))))
        let quiet = { (now: Int) in self.situation(cluster.state, probeFailed: nil, at: now) }
        #expect(self.plan(quiet(23)).actions.isEmpty)
        #expect(self.plan(quiet(24)).actions == [self.judged(.ready, .unhealthy)])
    }
}
