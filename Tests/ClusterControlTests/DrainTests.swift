import ClusterControl
import ClusterState
import Testing

/// The reconciler's part in drains. All workers were heard at second 1.
@Suite("Drains")
struct DrainTests {
    private func key(_ number: Int) -> PlacementKey {
        PlacementKey(group: "g", pipeline: PipelineName("p\(number)"))
    }

    /// Three pipelines run on w1, which is being drained since index 7.
    private func cluster(workers: Int = 3, pipelinesMax: UInt32 = 100, deadline: UInt64? = nil) -> Cluster {
        var cluster = Cluster(workers: workers, pipelinesMax: pipelinesMax)
        cluster.deploy("g", on: ["w1", "w1", "w1"])
        for number in 1...3 { cluster.report(self.key(number)) }
        cluster.apply(.startDrain(Command.StartDrain(worker: "w1", deadlineMilliseconds: deadline)))
        return cluster
    }

    private func plan(_ cluster: Cluster, time: UInt64? = nil, perWorker: Int = 4) -> Reconciler.Plan {
        var reports: [WorkerID: WorkerReport] = [:]
        for worker in cluster.state.workers { reports[worker.id] = Plans.heard(1, nil) }
        let situation = Situation(
            state: cluster.state,
            reports: reports,
            leaderSince: .at(0),
            now: .at(1),
            timeMilliseconds: time
        )
        let settings = Reconciler.Settings(migrationsPerWorkerMax: perWorker)
        return Reconciler(settings: settings).plan(situation, backOff: BackOff())
    }

    private func moves(_ plan: Reconciler.Plan) -> [Command.StartMigration] {
        plan.actions.compactMap { action in
            if case .propose(.startMigration(let start)) = action { start } else { nil }
        }
    }

    private func finish(_ cluster: Cluster, _ end: Command.FinishDrain.End) -> Action {
        let drain = cluster.state.worker("w1")?.drain?.startIndex ?? 0
        return .propose(.finishDrain(Command.FinishDrain(worker: "w1", drain: drain, end: end)))
    }

    @Test("its pipelines are moved elsewhere, few at a time")
    func moving() {
        let cluster = self.cluster()
        let all = self.moves(self.plan(cluster))
        #expect(all.map(\.placement) == [1, 2, 3].map(self.key))
        #expect(Set(all.map(\.target)) == ["w2", "w3"])
        let drain = cluster.state.worker("w1")?.drain?.startIndex
        #expect(all.allSatisfy { $0.reason == .drain && $0.drain == drain })
        var first = cluster
        let two = self.moves(self.plan(cluster, perWorker: 2))
        #expect(two.count == 2)
        for move in two { first.apply(.startMigration(move)) }
        #expect(self.moves(self.plan(first, perWorker: 2)).isEmpty)
        #expect(self.moves(self.plan(first, perWorker: 3)).map(\.placement) == [self.key(3)])
    }

    @Test("it is drained when nothing is left, and nothing may come back")
    func drained() {
        var cluster = self.cluster()
        for number in 1...3 {
            cluster.migrate(MigrationID("m\(number)"), self.key(number), to: "w2")
            cluster.advance(MigrationID("m\(number)"), to: .deploying)
        }
        #expect(cluster.state.worker("w1")?.assignedCount == 0)
        #expect(!self.plan(cluster).actions.contains(self.finish(cluster, .drained)))
        for number in 1...3 {
            cluster.report(self.key(number))
            cluster.advance(MigrationID("m\(number)"), to: .cleaningUp)
            cluster.advance(MigrationID("m\(number)"), to: .completed)
        }
        #expect(self.plan(cluster).actions == [self.finish(cluster, .drained)])
        guard case .propose(let command) = self.finish(cluster, .drained) else { return }
        cluster.apply(command)
        #expect(self.plan(cluster).actions.isEmpty)
    }

    @Test("what no other worker can take stays where it is")
    func noRoom() {
        let cluster = self.cluster(workers: 1)
        let plan = self.plan(cluster)
        #expect(plan.actions.isEmpty)
        #expect(plan.progress[self.key(1)]?.reason == "it can't leave worker w1: no worker is ready")
        #expect(cluster.state.worker("w1")?.assignedCount == 3)
    }

    @Test("past its deadline nothing more is moved")
    func deadline() {
        var cluster = self.cluster(deadline: 60_000)
        #expect(self.moves(self.plan(cluster, time: 59_999)).count == 3)
        #expect(self.plan(cluster, time: 60_000).actions == [self.finish(cluster, .overdue)])
        guard case .propose(let command) = self.finish(cluster, .overdue) else { return }
        cluster.apply(command)
        #expect(self.plan(cluster, time: 70_000).actions.isEmpty)
    }

    @Test("what did not start elsewhere is moved again later, and to another worker first")
    func failedMoves() {
        var cluster = self.cluster()
        cluster.migrate("m", self.key(1), to: "w2")
        cluster.advance("m", to: .deploying)
        cluster.report(self.key(1), .failed("no"))
        cluster.advance("m", to: .failed("no"))
        #expect(cluster.state.placement(self.key(1))?.worker == "w1")
        let failed = cluster.state.time
        #expect(!self.moves(self.plan(cluster, time: failed + 29_999)).map(\.placement).contains(self.key(1)))
        for _ in 0..<3 {
            // Whoever's turn it is.
            let move = self.moves(self.plan(cluster, time: failed + 30_000)).first { $0.placement == self.key(1) }
            #expect(move?.target == "w3")
            cluster.deploy(GroupID("filler\(cluster.state.appliedIndex)"), on: ["w2"])
        }
    }

    @Test("a worker that falls silent in a drain is drained again when it is back")
    func back() {
        var cluster = self.cluster()
        cluster.setStatus("w1", .unhealthy)
        #expect(self.plan(cluster).actions.first == Plans.judged("w1", .unhealthy, .draining))
    }
}
