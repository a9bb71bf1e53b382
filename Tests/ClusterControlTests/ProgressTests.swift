import ClusterControl
import ClusterState
import Testing

/// What a plan tells besides its actions, and how many of them it holds.
@Suite("Progress and bounds of plans")
struct ProgressTests {
    private let p1 = PlacementKey(group: "g", pipeline: "p1")
    private let p2 = PlacementKey(group: "g", pipeline: "p2")

    @Test("a plan tells how far each placement is that does not run")
    func progress() throws {
        var cluster = Cluster(workers: 1, pipelinesMax: 2)
        cluster.deploy("g", on: ["w1", "w1", nil])
        cluster.report(self.p2)
        let p3 = PlacementKey(group: "g", pipeline: "p3")
        let first = Plans.plan(cluster.state, at: 0)
        #expect(
            first.progress == [
                self.p1: PlacementProgress(epoch: Epoch(1), attempts: 1, lastAttempt: .at(0), nextAttempt: .at(1)),
                p3: PlacementProgress(epoch: .zero, reason: "no worker has room"),
            ]
        )
        cluster.report(self.p1, .failed("no such connector"))
        let second = Plans.plan(cluster.state, at: 1, after: first.backOff)
        #expect(
            second.progress[self.p1]
                == PlacementProgress(
                    epoch: Epoch(1),
                    attempts: 2,
                    lastAttempt: .at(1),
                    nextAttempt: .at(3),
                    reason: "no such connector"
                )
        )
        #expect(Plans.plan(cluster.state, at: 16).progress[self.p1]?.reason == "worker w1 is silent")
        cluster.setStatus("w1", .unhealthy)
        #expect(Plans.plan(cluster.state, at: 16).progress[self.p1]?.reason == "no worker is ready")
    }

    @Test("a call that failed is the reason for as long as the placement keeps its epoch")
    func callFailure() {
        var cluster = Cluster(workers: 1)
        cluster.deploy("g", on: ["w1"])
        let plan = { (epoch: UInt64) in
            let failure = CallFailure(epoch: Epoch(epoch), reason: "no answer within 5 s")
            return Plans.reconciler.plan(
                Situation(
                    state: cluster.state,
                    reports: [:],
                    callFailures: [self.p1: failure],
                    leaderSince: .at(0),
                    now: .at(0)
                ),
                backOff: BackOff()
            )
        }
        #expect(plan(1).progress[self.p1]?.reason == "no answer within 5 s")
        #expect(plan(2).progress[self.p1]?.reason == nil)
    }

    @Test("one worker does not take up a whole plan")
    func boundPerWorker() {
        var cluster = Cluster(workers: 2)
        cluster.deploy("g", on: ["w1", "w1", "w1", "w2"])
        let reconciler = Reconciler(settings: Reconciler.Settings(startsPerWorkerMax: 2))
        let situation = Situation(state: cluster.state, reports: [:], leaderSince: .at(0), now: .at(0))
        let first = reconciler.plan(situation, backOff: BackOff())
        let workers = first.actions.map { action -> WorkerID? in
            if case .startPipeline(let start) = action { start.worker } else { nil }
        }
        #expect(workers == ["w1", "w1", "w2"])
        #expect(reconciler.plan(situation, backOff: first.backOff).actions.count == 1)
    }

    @Test("a plan has a bound, and what did not fit comes with the next")
    func bound() {
        var cluster = Cluster(workers: 1)
        cluster.deploy("g", on: Array(repeating: "w1", count: 5))
        let reconciler = Reconciler(settings: Reconciler.Settings(actionsMax: 3))
        let situation = Situation(state: cluster.state, reports: [:], leaderSince: .at(0), now: .at(0))
        let first = reconciler.plan(situation, backOff: BackOff())
        let second = reconciler.plan(situation, backOff: first.backOff)
        #expect(first.actions.count == 3)
        #expect(second.actions.count == 2)
        #expect(Set(first.actions).isDisjoint(with: second.actions))
    }
}
