import ClusterControl
import ClusterState
import Testing

@Suite("Placement strategies, labels and spread")
struct StrategyTests {
    private func candidate(
        _ id: WorkerID,
        cores: UInt32 = 1,
        pipelines: UInt32,
        ofGroup: UInt32 = 0
    ) -> PlacementCandidate {
        PlacementCandidate(
            id: id,
            cpuCores: cores,
            pipelinesMax: 100,
            pipelines: pipelines,
            groupPipelines: ofGroup
        )
    }

    private func place(_ pipelines: ClusterState.PipelineSpec..., in cluster: Cluster) throws -> [WorkerID] {
        var planner = PlacementPlanner(state: cluster.state)
        return try planner.place(ClusterState.GroupSpec(name: "g", pipelines: pipelines)).workers
    }

    @Test("each is found by its name")
    func names() {
        #expect(PlacementStrategies.standard.names == [.roundRobin, .leastLoaded, .affinity])
        #expect(PlacementStrategies.standard["least_loaded"] is LeastLoaded)
        #expect(PlacementStrategies.standard["nothing"] == nil)
    }

    @Test("least loaded means fewest pipelines for its cores, then fewest pipelines, then the first id")
    func leastLoaded() {
        func choose(_ candidates: PlacementCandidate...) -> WorkerID {
            LeastLoaded().choose(among: candidates, turn: 5).id
        }
        #expect(choose(self.candidate("a", cores: 2, pipelines: 3), self.candidate("b", cores: 4, pipelines: 5)) == "b")
        #expect(choose(self.candidate("a", cores: 4, pipelines: 4), self.candidate("b", cores: 2, pipelines: 2)) == "b")
        #expect(choose(self.candidate("a", pipelines: 1), self.candidate("b", pipelines: 1)) == "a")
        // 1/3 and 2/6 are the same; no core counts as one.
        #expect(choose(self.candidate("a", cores: 6, pipelines: 2), self.candidate("b", cores: 3, pipelines: 1)) == "b")
        #expect(choose(self.candidate("a", cores: 0, pipelines: 2), self.candidate("b", cores: 1, pipelines: 1)) == "b")
        #expect(
            choose(
                self.candidate("a", cores: .max, pipelines: .max),
                self.candidate("b", cores: .max, pipelines: .max - 1)
            ) == "b"
        )
    }

    @Test("affinity keeps a group together")
    func affinity() {
        let candidates = [
            self.candidate("a", pipelines: 0), self.candidate("b", pipelines: 9, ofGroup: 2),
            self.candidate("c", pipelines: 3, ofGroup: 2), self.candidate("d", pipelines: 1, ofGroup: 1),
        ]
        #expect(Affinity().choose(among: candidates, turn: 0).id == "c")
        #expect(Affinity().choose(among: [candidates[0]], turn: 0).id == "a")
    }

    @Test("a group names its strategy, and a pipeline its own")
    func inSpecs() throws {
        var cluster = Cluster(workers: 3)
        cluster.deploy("h", on: ["w1", "w1", "w2"])
        var spec = ClusterState.GroupSpec(
            name: "g",
            pipelines: [
                .init(name: "a", source: "s"), .init(name: "b", source: "s"),
                .init(name: "c", source: "s", strategy: .affinity),
            ],
            strategy: .leastLoaded
        )
        var planner = PlacementPlanner(state: cluster.state)
        #expect(try planner.place(spec).workers == ["w3", "w2", "w3"])
        spec.strategy = nil
        planner = PlacementPlanner(state: cluster.state)
        // Three assignments so far: round robin begins with the first.
        #expect(try planner.place(spec).workers == ["w1", "w2", "w2"])
    }

    @Test("required labels are never done without, not even for a preferred worker")
    func labels() throws {
        var cluster = Cluster(workers: 1)
        cluster.register("w2", labels: ["zone": "a", "disk": "ssd"])
        cluster.register("w3", labels: ["zone": "b"])
        #expect(try self.place(.init(name: "p", source: "s", labels: ["disk": "ssd"]), in: cluster) == ["w2"])
        #expect(
            try self.place(
                .init(name: "p", source: "s", workerAffinity: "w1", labels: ["zone": "b"]),
                in: cluster
            ) == ["w3"]
        )
        let fault = #expect(throws: PlacementFault.self) {
            try self.place(.init(name: "p", source: "s", labels: ["zone": "b", "disk": "ssd"]), in: cluster)
        }
        #expect(fault?.description == "pipeline p: no ready worker has the labels disk=ssd, zone=b")
    }

    @Test("a fault says whether there are no workers or no room")
    func faults() {
        let none = #expect(throws: PlacementFault.self) {
            try self.place(.init(name: "p", source: "s"), in: Cluster())
        }
        #expect(none?.reason == "no worker is ready")
        let full = #expect(throws: PlacementFault.self) {
            try self.place(.init(name: "p", source: "s", replicas: 2), in: Cluster(workers: 1, pipelinesMax: 1))
        }
        #expect(full?.reason == "no worker has room")
    }

    @Test("replicas spread over the values of a label before they spread over workers")
    func spread() throws {
        var cluster = Cluster()
        for (worker, zone) in [("w1", "a"), ("w2", "a"), ("w3", "a"), ("w4", "b")] {
            cluster.register(WorkerID(worker), labels: ["zone": zone])
        }
        let pipeline = ClusterState.PipelineSpec(name: "p", source: "s", replicas: 4, spread: "zone")
        // Whoever's turn it is.
        for filler in 0..<4 {
            let workers = try self.place(pipeline, in: cluster)
            #expect(workers.count { $0 == "w4" } == 2)
            #expect(Set(workers).count == 3)
            cluster.deploy(GroupID("filler\(filler)"), on: ["w1"])
        }
    }

    @Test("a placement that moves keeps its labels, its spread and its group in mind")
    func moving() throws {
        var cluster = Cluster()
        for (worker, zone) in [("w1", "a"), ("w2", "a"), ("w3", "b")] {
            cluster.register(WorkerID(worker), labels: ["zone": zone])
        }
        let spec = ClusterState.GroupSpec(
            name: "g",
            pipelines: [
                .init(name: "p", source: "s", replicas: 2, spread: "zone"),
                .init(name: "q", source: "s", strategy: .affinity),
            ]
        )
        cluster.apply(.deployGroup(Command.DeployGroup(group: "g", spec: spec, workers: ["w1", nil, nil])))
        let group = try #require(cluster.state.group("g"))
        var planner = PlacementPlanner(state: cluster.state)
        #expect(planner.choose(PlacementRequest(moving: group.placements[1], of: group)) == "w3")
        #expect(planner.choose(PlacementRequest(moving: group.placements[2], of: group)) == "w1")
    }
}
