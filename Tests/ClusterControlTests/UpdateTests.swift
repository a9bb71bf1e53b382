import ClusterControl
import ClusterState
import Testing

/// What the reconciler makes of groups that are being updated.
@Suite("Updates")
struct UpdateTests {
    private let a = PlacementKey(group: "g", pipeline: "a")
    private let b = PlacementKey(group: "g", pipeline: "b")

    private static let before = ClusterState.GroupSpec(
        name: "g",
        pipelines: [.init(name: "a", source: "s"), .init(name: "b", source: "s")]
    )

    /// A group of `a` on w1 and `b` on w2, both running, changed in `change`.
    private func updated(_ workers: [WorkerID?] = [], _ change: (inout ClusterState.GroupSpec) -> Void) -> Cluster {
        var cluster = Cluster(workers: 2)
        cluster.apply(
            .deployGroup(Command.DeployGroup(group: "g", spec: Self.before, workers: ["w1", "w2"]))
        )
        cluster.report(self.a)
        cluster.report(self.b)
        var spec = Self.before
        change(&spec)
        cluster.apply(.updateGroup(Command.UpdateGroup(group: "g", generation: 3, spec: spec, workers: workers)))
        return cluster
    }

    private func rollBack(_ generation: UInt64, _ reason: String, _ workers: WorkerID?...) -> Action {
        .propose(
            .rollBackGroup(
                Command.RollBackGroup(group: "g", generation: generation, reason: reason, workers: workers)
            )
        )
    }

    @Test("what is changed is started at its new epoch; when all of it runs, the update is confirmed")
    func confirm() {
        var cluster = self.updated { $0.pipelines[0].source = "t" }
        let plan = Plans.plan(cluster.state, at: 0)
        #expect(
            plan.actions == [
                .startPipeline(
                    StartPipeline(worker: "w1", placement: self.a, epoch: Epoch(3), source: "t", connectors: [])
                )
            ]
        )
        cluster.report(self.a)
        let confirm = Action.propose(.confirmUpdate(Command.ConfirmUpdate(group: "g", generation: 6)))
        #expect(Plans.plan(cluster.state, at: 0).actions == [confirm])
        cluster.apply(.confirmUpdate(Command.ConfirmUpdate(group: "g", generation: 6)))
        #expect(Plans.plan(cluster.state, at: 0).actions.isEmpty)
    }

    @Test(
        "when a changed pipeline does not start, the group goes back, and a worker is found for what had been removed"
    )
    func rollBack() {
        var cluster = self.updated {
            $0.pipelines[0].source = "t"
            $0.pipelines.remove(at: 1)
        }
        cluster.report(self.a, .failed("no such stream"))
        let actions = Plans.plan(cluster.state, at: 0).actions
        #expect(actions.first == self.rollBack(6, "pipeline a did not start: no such stream", "w2"))
        guard case .propose(let command)? = actions.first else { return }
        cluster.apply(command)
        #expect(cluster.state.group("g")?.spec == Self.before)
        // Going back may fail as well, but there is nothing further to go back to.
        cluster.report(self.a, .failed("out of memory"))
        #expect(
            Plans.plan(cluster.state, at: 0).actions.allSatisfy { action in
                if case .startPipeline = action { true } else { false }
            }
        )
    }

    @Test("an update is not taken back for what it has not changed, nor for want of a worker")
    func noRollBack() {
        var cluster = self.updated([nil]) { $0.pipelines.append(.init(name: "c", source: "s", labels: ["x": "y"])) }
        #expect(Plans.plan(cluster.state, at: 0).actions.isEmpty)
        cluster.report(self.b, .failed("it broke"))
        let starts = Plans.plan(cluster.state, at: 0).actions
        #expect(starts.count == 1)
        guard case .startPipeline(let start)? = starts.first else {
            Issue.record("\(starts)")
            return
        }
        #expect(start.placement == self.b)
    }

    @Test("a very long reason is cut")
    func longReason() {
        var cluster = self.updated { $0.pipelines[0].source = "t" }
        cluster.report(self.a, .failed(String(repeating: "é", count: 3_000)))
        guard case .propose(let command)? = Plans.plan(cluster.state, at: 0).actions.first else {
            Issue.record("nothing was proposed")
            return
        }
        cluster.apply(command)
        #expect(cluster.state.group("g")?.spec == Self.before)
    }

    @Test("workers for what an update adds are found before it is proposed, among them places that it frees")
    func place() throws {
        var cluster = Cluster(workers: 1, pipelinesMax: 1)
        cluster.deploy("g", on: ["w1"])
        let group = try #require(cluster.state.group("g"))
        var planner = PlacementPlanner(state: cluster.state)
        var spec = ClusterState.GroupSpec(name: "g", pipelines: [.init(name: "other", source: "s")])
        #expect(try planner.place(group, updatedTo: spec) == ["w1"])
        spec.pipelines.append(.init(name: "p1", source: "s"))
        planner = PlacementPlanner(state: cluster.state)
        let fault = #expect(throws: PlacementFault.self) { try planner.place(group, updatedTo: spec) }
        #expect(fault?.description == "pipeline other: no worker has room")
    }
}
