import ClusterControl
import ClusterState
import Testing

/// Placement of pipelines that routes connect.
@Suite("Companies")
struct CompanyTests {
    typealias Spec = ClusterState.GroupSpec

    /// `a` and `c` are connected without a broker; `d` is alone.
    private func spec(_ change: (inout Spec) -> Void = { _ in }) -> Spec {
        var spec = Spec(
            name: "g",
            pipelines: ["a", "b", "c"].map { .init(name: $0, source: "s") },
            routes: [.init(from: "a", to: "c", eventTypes: ["*"])]
        )
        change(&spec)
        return spec
    }

    private func place(_ spec: Spec, in cluster: Cluster) throws -> [WorkerID] {
        var planner = PlacementPlanner(state: cluster.state)
        return try planner.place(spec).workers
    }

    private func key(_ pipeline: PipelineName) -> PlacementKey { PlacementKey(group: "g", pipeline: pipeline) }

    @Test("they get one worker, which has room for all of them and what any of them asks for")
    func together() throws {
        let cluster = Cluster(workers: 3)
        #expect(try self.place(self.spec(), in: cluster) == ["w1", "w3", "w1"])
        var small = Cluster(workers: 2, pipelinesMax: 1)
        small.register("w3", pipelinesMax: 2)
        #expect(try self.place(self.spec(), in: small) == ["w3", "w1", "w3"])
        var labelled = Cluster(workers: 2)
        labelled.register("w3", labels: ["zone": "a", "disk": "ssd"])
        labelled.register("w4", labels: ["zone": "a"])
        let demanding = self.spec {
            $0.pipelines[0].labels = ["zone": "a"]
            $0.pipelines[2].labels = ["disk": "ssd"]
        }
        let workers = try self.place(demanding, in: labelled)
        #expect(workers[0] == "w3" && workers[2] == "w3")
        let preferring = self.spec { $0.pipelines[2].workerAffinity = "w2" }
        #expect(
            try self.place(preferring, in: cluster).enumerated().filter { $0.offset != 1 }.map(\.element) == [
                "w2", "w2",
            ]
        )
    }

    @Test("a group whose company fits nowhere is refused with the reason")
    func refused() {
        let fault = #expect(throws: PlacementFault.self) {
            try self.place(self.spec(), in: Cluster(workers: 3, pipelinesMax: 1))
        }
        #expect(fault?.description == "pipeline a: no worker has room for the 2 that need the same one")
    }

    @Test("whatever is planned is accepted by the state")
    func accepted() throws {
        var cluster = Cluster(workers: 3, pipelinesMax: 4)
        for number in 0..<3 {
            let spec = self.spec { $0.name = GroupName("g\(number)") }
            let workers = try self.place(spec, in: cluster)
            cluster.apply(.deployGroup(.init(group: GroupID("g\(number)"), spec: spec, workers: workers)))
            #expect(cluster.state.group(GroupID("g\(number)"))?.placements.map(\.worker) == workers)
        }
    }

    @Test("what an update adds goes where the pipelines are that it is connected with")
    func update() throws {
        var cluster = Cluster(workers: 3, pipelinesMax: 3)
        let before = self.spec {
            $0.pipelines.removeLast()
            $0.routes = []
        }
        cluster.apply(.deployGroup(.init(group: "g", spec: before, workers: ["w2", "w1"])))
        let group = try #require(cluster.state.group("g"))
        var planner = PlacementPlanner(state: cluster.state)
        #expect(try planner.place(group, updatedTo: self.spec()) == ["w2"])
        cluster.deploy("h", on: ["w2", "w2"])
        planner = PlacementPlanner(state: cluster.state)
        let fault = #expect(throws: PlacementFault.self) { try planner.place(group, updatedTo: self.spec()) }
        #expect(
            fault?.description == "pipeline c: worker w2 has no room, and what it is connected with is there"
        )
    }

    @Test("when their worker is lost they go elsewhere together, by one proposal")
    func failover() {
        var cluster = Cluster(workers: 2)
        cluster.apply(.deployGroup(.init(group: "g", spec: self.spec(), workers: ["w1", "w2", "w1"])))
        for pipeline in ["a", "b", "c"] as [PipelineName] { cluster.report(self.key(pipeline)) }
        cluster.setStatus("w1", .unhealthy)
        let actions = Plans.plan(cluster.state, ["w2": Plans.heard(1, nil)], at: 1).actions
        #expect(actions == [Plans.reassigned(self.key("a"), from: 1, to: "w2", seen: cluster.state)])
    }

    @Test("a drain moves them by one migration, and rebalancing leaves them")
    func drain() {
        var cluster = Cluster(workers: 2)
        cluster.apply(.deployGroup(.init(group: "g", spec: self.spec(), workers: ["w1", "w1", "w1"])))
        for pipeline in ["a", "b", "c"] as [PipelineName] { cluster.report(self.key(pipeline)) }
        #expect(Rebalancing.moves(in: cluster.state).map(\.placement) == [self.key("b")])
        cluster.setStatus("w1", .draining)
        let reports = ["w1": Plans.heard(1, nil), "w2": Plans.heard(1, nil)] as [WorkerID: WorkerReport]
        let moved = Plans.plan(cluster.state, reports, at: 1).actions.map { action -> PlacementKey? in
            if case .propose(.startMigration(let start)) = action { start.placement } else { nil }
        }
        #expect(moved == [self.key("a"), self.key("b")])
    }

    @Test("a start brings the routes, and the connector that carries them")
    func start() throws {
        var cluster = Cluster(workers: 1)
        let bus = ClusterState.Connector(name: "Bus", type: "mqtt", parameters: [])
        cluster.apply(.putConnector(.init(connector: bus, mode: .create)))
        let spec = self.spec { $0.broker = "Bus" }
        cluster.apply(.deployGroup(.init(group: "g", spec: spec, workers: ["w1", "w1", "w1"])))
        // The one that publishes is started when the other has subscribed.
        var plan = Plans.plan(cluster.state, at: 0)
        var actions = plan.actions
        for pipeline in ["b", "c"] as [PipelineName] { cluster.report(self.key(pipeline)) }
        plan = Plans.plan(cluster.state, at: 0, after: plan.backOff)
        actions = plan.actions + actions
        let starts = actions.compactMap { action -> StartPipeline? in
            if case .startPipeline(let start) = action { start } else { nil }
        }
        try #require(starts.map(\.placement.pipeline) == ["a", "b", "c"])
        #expect(starts.map { $0.connectors.map(\.name) } == [["Bus"], [], ["Bus"]])
        #expect(starts[0].routes.outputs.map(\.topic) == ["varpulis/cluster/g/a/c"])
        #expect(starts[2].routes.inputs.map(\.topic) == ["varpulis/cluster/g/a/c"])
        #expect(starts[1].routes == ClusterState.RouteBindings())
    }
}
