import ClusterControl
import ClusterState
import Testing

/// The reconciler's part in migrations. `p1` runs on w1 (e1), w2 is empty; all workers were heard at second 20, of 21.
@Suite("Migrations")
struct MigrationTests {
    private let p1 = PlacementKey(group: "g", pipeline: "p1")

    private func cluster(workers: Int = 2, source: String = "stream A = B") -> Cluster {
        var cluster = Cluster(workers: workers)
        cluster.deploy("g", on: ["w1"], source: source)
        cluster.report(self.p1)
        return cluster
    }

    private func started(_ cluster: Cluster) -> Cluster {
        var cluster = cluster
        cluster.migrate("m", self.p1, to: "w2")
        return cluster
    }

    private func plan(
        _ cluster: Cluster,
        held: (worker: WorkerID, epoch: UInt64)? = ("w1", 1),
        heard: Int = 20,
        silent: Set<WorkerID> = [],
        leaderSince: Int = 0,
        after backOff: BackOff = BackOff(),
        time: UInt64? = nil,
        settings: Reconciler.Settings = .init()
    ) -> Reconciler.Plan {
        var reports: [WorkerID: WorkerReport] = [:]
        for worker in cluster.state.workers where !silent.contains(worker.id) {
            var inventory: [ReportedPipeline] = []
            if let held, held.worker == worker.id { inventory = [Plans.holds(self.p1, epoch: held.epoch)] }
            reports[worker.id] = Plans.heard(heard, inventory)
        }
        let situation = Situation(
            state: cluster.state,
            reports: reports,
            leaderSince: .at(leaderSince),
            now: .at(21),
            timeMilliseconds: time
        )
        return Reconciler(settings: settings).plan(situation, backOff: backOff)
    }

    private func advance(_ from: ClusterState.Migration.Phase, _ to: ClusterState.Migration.Phase) -> Action {
        .propose(.advanceMigration(Command.AdvanceMigration(migration: "m", from: from, to: to)))
    }

    @Test("step by step to the other worker; the target begins when the source has let go")
    func wholeWay() {
        var cluster = self.started(self.cluster())
        #expect(self.plan(cluster).actions == [self.advance(.checkpointing, .deploying)])
        cluster.advance("m", to: .deploying)
        let switched = self.plan(cluster)
        #expect(
            switched.actions == [
                .stopPipeline(StopPipeline(worker: "w1", pipelineID: "x", placement: self.p1, epoch: Epoch(1)))
            ]
        )
        #expect(switched.progress[self.p1]?.reason == "worker w1 has not let go of it yet")
        // It says no more that it holds it, but said so before the switch, if that was half a second ago.
        let began = cluster.state.migration("m")?.switchedMilliseconds ?? 0
        #expect(self.plan(cluster, held: nil, time: began + 500).actions.isEmpty)
        #expect(self.plan(cluster, held: nil, time: began + 1_001).actions == [Plans.start("w2", self.p1, epoch: 2)])
        cluster.report(self.p1)
        #expect(self.plan(cluster, held: ("w2", 2)).actions == [self.advance(.deploying, .cleaningUp)])
        cluster.advance("m", to: .cleaningUp)
        #expect(self.plan(cluster, held: ("w2", 2)).actions == [self.advance(.cleaningUp, .completed)])
        cluster.advance("m", to: .completed)
        #expect(self.plan(cluster, held: ("w2", 2)).actions.isEmpty)
    }

    @Test("a leader that has not heard the source starts nothing at the target before the source was silent")
    func unheardSource() {
        var cluster = self.started(self.cluster())
        cluster.advance("m", to: .deploying)
        let fresh = self.plan(cluster, held: nil, silent: ["w1"], leaderSince: 10)
        #expect(fresh.actions.isEmpty)
        #expect(fresh.progress[self.p1]?.reason == "worker w1 has not let go of it yet")
        let reports = ["w2": Plans.heard(16)] as [WorkerID: WorkerReport]
        #expect(Plans.plan(cluster.state, reports, at: 16).actions.contains(Plans.start("w2", self.p1, epoch: 2)))
    }

    @Test(
        "what a broker fences begins at the target at once",
        arguments: ["connector Bus = mqtt (host: \"h\")", "Bus"]
    )
    func fenced(source: String) {
        var cluster = Cluster()
        let bus = ClusterState.Connector(name: "Bus", type: "mqtt", parameters: [])
        if source == "Bus" { cluster.apply(.putConnector(.init(connector: bus, mode: .create))) }
        cluster.register("w1")
        cluster.register("w2")
        cluster.deploy("g", on: ["w1"], source: source)
        cluster.report(self.p1)
        cluster.migrate("m", self.p1, to: "w2")
        cluster.advance("m", to: .deploying)
        let starts = self.plan(cluster).actions.contains { action in
            if case .startPipeline(let start) = action { start.worker == "w2" } else { false }
        }
        #expect(starts)
    }

    @Test("a new leader waits for the source's word before it has the target begin, and the source for the target's")
    func newLeader() {
        var cluster = self.started(self.cluster())
        cluster.advance("m", to: .deploying)
        let began = cluster.state.migration("m")?.switchedMilliseconds ?? 0
        #expect(self.plan(cluster, held: nil, silent: ["w1"], leaderSince: 10, time: began + 5_000).actions.isEmpty)
        #expect(
            self.plan(cluster, held: nil, silent: ["w1"], leaderSince: 5, time: began + 5_000).actions
                == [Plans.judged("w1", .ready, .unhealthy), Plans.start("w2", self.p1, epoch: 2)]
        )
        cluster.apply(.cancelMigration(Command.CancelMigration(migration: "m")))
        let back = cluster.state.migration("m")?.switchedMilliseconds ?? 0
        #expect(self.plan(cluster, held: nil, time: back + 500).actions.isEmpty)
        #expect(self.plan(cluster, held: nil, time: back + 1_001).actions == [Plans.start("w1", self.p1, epoch: 3)])
        // Nor does a third one begin before both have.
        cluster.register("w3")
        cluster.apply(.reassign(Command.Reassign(placement: self.p1, from: Epoch(3), to: "w3")))
        #expect(self.plan(cluster, held: nil, time: back + 500).actions.isEmpty)
        #expect(self.plan(cluster, held: nil, time: back + 1_001).actions == [Plans.start("w3", self.p1, epoch: 4)])
    }

    @Test("while the source still holds its older epoch, it is not over, but not for ever")
    func cleaningUp() {
        var cluster = self.started(self.cluster())
        cluster.advance("m", to: .deploying)
        cluster.report(self.p1)
        cluster.advance("m", to: .cleaningUp)
        let isOver = { (plan: Reconciler.Plan) in plan.actions.contains(self.advance(.cleaningUp, .completed)) }
        #expect(!isOver(self.plan(cluster)))
        let began = cluster.state.migration("m")?.phaseMilliseconds ?? 0
        #expect(!isOver(self.plan(cluster, time: began + 60_000)))
        #expect(isOver(self.plan(cluster, time: began + 60_001)))
        // It says nothing about what it holds.
        #expect(!isOver(self.plan(cluster, silent: ["w1"])))
        cluster.setStatus("w1", .unhealthy)
        #expect(isOver(self.plan(cluster, silent: ["w1"])))
    }

    @Test("a target that can't take it any more ends the migration before it has begun")
    func targetGone() {
        var cluster = self.started(self.cluster())
        cluster.setStatus("w2", .unhealthy)
        let failed = self.advance(.checkpointing, .failed("worker w2 is not available"))
        #expect(self.plan(cluster, silent: ["w2"]).actions == [failed])
    }

    @Test("a target that says it failed, is lost or takes too long sends the pipeline back")
    func goesBack() {
        var cluster = self.started(self.cluster())
        cluster.advance("m", to: .deploying)
        var lost = cluster
        lost.setStatus("w2", .unhealthy)
        #expect(
            self.plan(lost, held: nil, silent: ["w2"]).actions
                == [self.advance(.deploying, .failed("worker w2 was lost"))]
        )
        let began = cluster.state.migration("m")?.phaseMilliseconds ?? 0
        #expect(
            self.plan(cluster, time: began + 60_001).actions
                .contains(self.advance(.deploying, .failed("it did not start at worker w2 in time")))
        )
        cluster.report(self.p1, .failed("no"))
        let failed = self.advance(.deploying, .failed("it did not start at worker w2: no"))
        #expect(self.plan(cluster, held: nil).actions.first == failed)
        guard case .propose(let command) = failed else { return }
        cluster.apply(command)
        #expect(cluster.state.placement(self.p1)?.worker == "w1")
    }

    @Test("a pipeline whose source dies goes to the migration's target, and nowhere else")
    func sourceDies() {
        var cluster = self.started(self.cluster(workers: 3))
        cluster.setStatus("w1", .unhealthy)
        #expect(self.plan(cluster, silent: ["w1"]).actions == [self.advance(.checkpointing, .deploying)])
        cluster.setStatus("w2", .unhealthy)
        let actions = self.plan(cluster, silent: ["w1", "w2"]).actions
        #expect(
            actions == [
                self.advance(.checkpointing, .failed("worker w2 is not available")),
                Plans.reassigned(self.p1, from: 1, to: "w3", seen: cluster.state),
            ]
        )
    }

    @Test("a failover is a migration, and is over as soon as it runs elsewhere")
    func failover() {
        var cluster = self.cluster()
        cluster.setStatus("w1", .unhealthy)
        let actions = self.plan(cluster, silent: ["w1"]).actions
        #expect(actions == [Plans.reassigned(self.p1, from: 1, to: "w2", seen: cluster.state)])
        guard case .propose(let command)? = actions.first else { return }
        cluster.apply(command)
        let migration = cluster.state.openMigration(of: self.p1)
        #expect(migration?.reason == .failover && migration?.phase == .deploying)
        // The source was lost, and is not waited for.
        #expect(self.plan(cluster, silent: ["w1"]).actions == [Plans.start("w2", self.p1, epoch: 2)])
        cluster.report(self.p1)
        for phase in [.cleaningUp, .completed] as [ClusterState.Migration.Phase] {
            guard let id = migration?.id, let from = cluster.state.migration(id)?.phase else { return }
            let step = Command.AdvanceMigration(migration: id, from: from, to: phase)
            #expect(self.plan(cluster, held: ("w2", 2), silent: ["w1"]).actions == [.propose(.advanceMigration(step))])
            cluster.apply(.advanceMigration(step))
        }
    }

    @Test("only so many are between their workers at once", arguments: [(1, 9, 1), (9, 2, 2), (9, 9, 3)])
    func concurrency(perCluster: Int, perWorker: Int, started: Int) {
        var cluster = Cluster(workers: 4)
        cluster.deploy("g", on: ["w1", "w1", "w1"])
        for number in 1...3 {
            let key = PlacementKey(group: "g", pipeline: PipelineName("p\(number)"))
            cluster.report(key)
            cluster.migrate(MigrationID("m\(number)"), key, to: WorkerID("w\(number + 1)"))
        }
        let settings = Reconciler.Settings(migrationsMax: perCluster, migrationsPerWorkerMax: perWorker)
        let plan = self.plan(cluster, held: nil, settings: settings)
        let steps = plan.actions.filter { action in
            if case .propose(.advanceMigration) = action { true } else { false }
        }
        #expect(steps.count == started)
    }

    @Test("what finished an hour ago is forgotten")
    func pruning() {
        var cluster = self.started(self.cluster())
        cluster.apply(.cancelMigration(Command.CancelMigration(migration: "m")))
        let finished = cluster.state.time
        #expect(self.plan(cluster, time: finished + 3_600_000).actions.isEmpty)
        #expect(
            self.plan(cluster, time: finished + 3_600_001).actions
                == [.propose(.pruneMigrations(Command.PruneMigrations(before: finished + 1)))]
        )
    }

    @Test("ids follow from what was seen, and look like UUIDs")
    func ids() {
        let id = MigrationID(moving: self.p1, from: Epoch(1), seenAt: 7)
        #expect(id == MigrationID(moving: self.p1, from: Epoch(1), seenAt: 7))
        var others: Set<MigrationID> = [id]
        for epoch in 0..<10 as Range<UInt64> {
            for index in 0..<10 as Range<UInt64> {
                others.insert(MigrationID(moving: self.p1, from: Epoch(epoch), seenAt: index))
                let replica = PlacementKey(group: "g", pipeline: "p1", replica: 0)
                others.insert(MigrationID(moving: replica, from: Epoch(epoch), seenAt: index))
            }
        }
        #expect(others.count == 200)
        for id in others {
            let parts = id.rawValue.split(separator: "-")
            #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
            #expect(parts[2].hasPrefix("8") && "89ab".contains(parts[3].prefix(1)))
        }
    }
}
