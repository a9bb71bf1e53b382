import ClusterControl
import ClusterState
import Testing

@Suite("PlacementPlanner")
struct PlacementTests {
    private func spec(_ pipelines: ClusterState.PipelineSpec...) -> ClusterState.GroupSpec {
        ClusterState.GroupSpec(name: "g", pipelines: pipelines)
    }

    private func pipeline(
        _ name: PipelineName,
        replicas: UInt32 = 1,
        at worker: WorkerID? = nil
    )
        -> ClusterState.PipelineSpec
    {
        ClusterState.PipelineSpec(name: name, source: "s", workerAffinity: worker, replicas: replicas)
    }

    @Test("workers take turns in the order of their ids")
    func roundRobin() {
        var planner = PlacementPlanner(state: Cluster(workers: 3).state)
        #expect((0..<5).map { _ in planner.choose() } == ["w1", "w2", "w3", "w1", "w2"])
    }

    @Test("whose turn it is follows from the state, so that another leader goes on where this one stopped")
    func turnFromState() {
        var cluster = Cluster(workers: 3)
        cluster.deploy("g", on: ["w1", "w2"])
        var first = PlacementPlanner(state: cluster.state)
        var second = PlacementPlanner(state: cluster.state)
        #expect(first.choose() == "w3")
        #expect(second.choose() == "w3")
    }

    @Test("a preferred worker wins while it is available, and is done without otherwise")
    func preference() {
        var cluster = Cluster(workers: 3, pipelinesMax: 1)
        let plan = { (state: ClusterState) in
            var planner = PlacementPlanner(state: state)
            return planner.plan(self.spec(self.pipeline("a", at: "w3"), self.pipeline("b", at: "w3")))
        }
        #expect(plan(cluster.state) == GroupPlan(workers: ["w3", "w2"], missedPreferences: ["b"]))
        cluster.setStatus("w3", .draining)
        #expect(plan(cluster.state) == GroupPlan(workers: ["w1", "w2"], missedPreferences: ["a", "b"]))
        var planner = PlacementPlanner(state: cluster.state)
        #expect(planner.plan(self.spec(self.pipeline("a", at: "nobody")))?.missedPreferences == ["a"])
    }

    @Test("replicas of a pipeline go to different workers as long as there are any")
    func spread() {
        var cluster = Cluster(workers: 3)
        // Whoever's turn it is, and whatever lies between.
        for filler in 0..<4 {
            var planner = PlacementPlanner(state: cluster.state)
            let plan = planner.plan(self.spec(self.pipeline("a", replicas: 3), self.pipeline("b", replicas: 4)))
            #expect(Set(plan?.workers.prefix(3) ?? []).count == 3)
            #expect(Set(plan?.workers.suffix(4) ?? []).count == 3)
            cluster.deploy(GroupID("filler\(filler)"), on: ["w1"])
        }
    }

    @Test("only ready workers with room are chosen, and places are reserved while planning")
    func capacity() {
        var cluster = Cluster(workers: 4, pipelinesMax: 2)
        cluster.setStatus("w1", .unhealthy)
        cluster.setStatus("w2", .draining)
        cluster.deploy("h", on: ["w3"])
        var planner = PlacementPlanner(state: cluster.state)
        let chosen = (0..<4).map { _ in planner.choose() }
        #expect(chosen.compactMap { $0 }.sorted() == ["w3", "w4", "w4"])
        #expect(chosen[3] == nil)
        var busy = PlacementPlanner(state: cluster.state, load: ["w3": 2, "w4": 1])
        #expect(busy.choose() == "w4")
        #expect(busy.choose() == nil)
    }

    @Test("a group that does not fit as a whole is not planned at all")
    func noRoom() {
        var planner = PlacementPlanner(state: Cluster(workers: 1, pipelinesMax: 2).state)
        #expect(planner.plan(self.spec(self.pipeline("a", replicas: 3))) == nil)
        var none = PlacementPlanner(state: ClusterState())
        #expect(none.plan(self.spec(self.pipeline("a"))) == nil)
        #expect(none.plan(self.spec()) == GroupPlan())
    }

    @Test("another strategy may be plugged in")
    func ownStrategy() {
        struct Last: PlacementStrategy {
            static let name: StrategyName = "last"
            func choose(among candidates: [PlacementCandidate], turn: UInt64) -> PlacementCandidate {
                candidates[candidates.count - 1]
            }
        }
        var planner = PlacementPlanner(state: Cluster(workers: 3).state, strategy: Last())
        #expect(planner.choose() == "w3")
        #expect(planner.choose(avoiding: ["w3"]) == "w2")
        // By its name, beside the standard ones.
        let strategies = PlacementStrategies([RoundRobin(), Last()])
        var named = PlacementPlanner(state: Cluster(workers: 3).state, strategies: strategies)
        #expect(named.choose(PlacementRequest(strategy: "last")) == "w3")
        #expect(named.choose(PlacementRequest(strategy: "unheard of")) == "w2")
        var spec = self.spec(self.pipeline("a"))
        spec.strategy = "last"
        #expect(strategies.fault(in: spec) == nil)
        #expect(
            PlacementStrategies.standard.fault(in: spec)
                == "there is no placement strategy last; there are round_robin, least_loaded, affinity"
        )
    }

    @Test("whatever is planned is accepted by the state")
    func accepted() {
        var cluster = Cluster(workers: 3, pipelinesMax: 4)
        let spec = self.spec(self.pipeline("a", replicas: 3), self.pipeline("b", at: "w2"), self.pipeline("c"))
        var planner = PlacementPlanner(state: cluster.state)
        let workers = planner.plan(spec)?.workers ?? []
        cluster.apply(.deployGroup(Command.DeployGroup(group: "g", spec: spec, workers: workers)))
        #expect(cluster.state.group("g")?.placements.map(\.worker) == workers)
    }
}
