import ClusterState
import Testing

/// Pipelines that routes connect without a broker stay together.
@Suite("Rules about companies")
struct CompanyRulesTests {
    typealias Spec = ClusterState.GroupSpec

    private static let names: [PipelineName] = ["a", "b", "c", "d"]

    /// `a` and `c` belong together, `b` is alone, `d` has two replicas.
    private static func spec(_ routes: [(String, String)] = [("a", "c")], broker: ConnectorName? = nil) -> Spec {
        Spec(
            name: "g",
            pipelines: Self.names.map { .init(name: $0, source: "s", replicas: $0 == "d" ? 2 : 1) },
            routes: routes.map { .init(from: $0.0, to: $0.1, eventTypes: ["*"]) },
            broker: broker
        )
    }

    /// a and c on w1, b on w2, d#0 and d#1 on w2 and w3.
    private func log(_ spec: Spec = Self.spec()) -> Log {
        var log = Log.withWorkers(3)
        log.apply(.deployGroup(.init(group: "g", spec: spec, workers: ["w1", "w2", "w1", "w2", "w3"])))
        return log
    }

    private func workers(_ log: Log) -> [WorkerID?] { log.state.group("g")?.placements.map(\.worker) ?? [] }
    private func key(_ pipeline: PipelineName) -> PlacementKey { PlacementKey(group: "g", pipeline: pipeline) }

    @Test(
        "who belongs together follows from the inner routes, whichever way they lead",
        arguments: [
            ([], []), ([("_external", "a"), ("b", "_external")], []), ([("c", "a")], [["a", "c"]]),
            ([("a", "b"), ("c", "d")], [["a", "b"], ["c", "d"]]),
            ([("c", "d"), ("a", "b")], [["a", "b"], ["c", "d"]]),
            ([("c", "d"), ("a", "b"), ("d", "a")], [["a", "b", "c", "d"]]), ([("d", "b"), ("b", "d")], [["b", "d"]]),
        ] as [([(String, String)], [[PipelineName]])]
    )
    func companies(routes: [(String, String)], companies: [[PipelineName]]) {
        #expect(Self.spec(routes).companies == companies)
        for name in Self.names {
            #expect(Self.spec(routes).company(of: name) == companies.first { $0.contains(name) } ?? [])
        }
        #expect(Self.spec(routes, broker: "bus").companies.isEmpty)
    }

    @Test("a deploy that would part them brings them together, or is refused for want of room")
    func deploy() {
        var log = Log.withWorkers(2)
        log.apply(.deployGroup(.init(group: "g", spec: Self.spec(), workers: ["w1", "w2", "w2", nil, nil])))
        #expect(self.workers(log) == ["w1", "w2", "w1", nil, nil])
        log = Log.withWorkers(2)
        log.apply(.deployGroup(.init(group: "g", spec: Self.spec(), workers: [nil, nil, "w2", nil, nil])))
        #expect(self.workers(log) == ["w2", nil, "w2", nil, nil])
        log = Log.withWorkers(2, pipelinesMax: 1)
        #expect(
            log.apply(.deployGroup(.init(group: "g", spec: Self.spec(), workers: ["w1", nil, "w2", nil, nil])))
                == .refused(.preconditionFailed(.workerUnavailable("w1")))
        )
    }

    @Test("a reassignment takes the whole company along, each at an epoch of its own")
    func reassign() throws {
        var log = self.log()
        #expect(log.apply(.reassign(self.key("a"), from: 1, to: "w3")) == .assigned(Epoch(6)))
        #expect(self.workers(log) == ["w3", "w2", "w3", "w2", "w3"])
        #expect(log.state.placement(self.key("c"))?.epoch == Epoch(7))
        #expect(
            log.apply(.reassign(self.key("c"), from: 3, to: "w2")) == .refused(.preconditionFailed(.epoch(Epoch(7))))
        )
        // Anew at the same worker: that concerns only the one.
        log.apply(.reassign(self.key("a"), from: 6, to: "w3"))
        #expect(log.state.placement(self.key("c"))?.epoch == Epoch(7))
    }

    @Test("a worker without room for all of them gets none")
    func noRoom() {
        var log = Log.withWorkers(1)
        log.apply(.register("w2", pipelinesMax: 1))
        log.apply(.deployGroup(.init(group: "g", spec: Self.spec(), workers: ["w1", nil, "w1", nil, nil])))
        let before = log.state.group("g")
        #expect(
            log.apply(.reassign(self.key("a"), from: 1, to: "w2"))
                == .refused(.preconditionFailed(.workerUnavailable("w2")))
        )
        #expect(log.state.group("g") == before)
        #expect(log.state.lastEpoch == Epoch(2))
    }

    @Test("a migration takes the whole company there, and back")
    func migrate() {
        var log = self.log()
        log.apply(.report(self.key("a"), epoch: 1, .running))
        log.apply(.migrate("m", self.key("a"), from: 1, to: "w3"))
        #expect(log.apply(.migrate("n", self.key("c"), from: 3, to: "w2")) == .refused(.migrationExists("m")))
        log.apply(.advance("m", .checkpointing, .deploying))
        #expect(self.workers(log) == ["w3", "w2", "w3", "w2", "w3"])
        log.apply(.advance("m", .deploying, .failed("no")))
        #expect(self.workers(log) == ["w1", "w2", "w1", "w2", "w3"])
    }

    @Test("an update that connects pipelines brings them together, and ends what was under way with them")
    func update() {
        var log = self.log(Self.spec([]))
        log.apply(.migrate("m", self.key("b"), from: 2, to: "w3"))
        let spec = Self.spec([("a", "b"), ("b", "c")])
        log.apply(.updateGroup(.init(group: "g", generation: 4, spec: spec, workers: [])))
        #expect(self.workers(log) == ["w1", "w1", "w1", "w2", "w3"])
        #expect(
            log.state.migration("m")?.phase == .failed("the pipeline was moved to the pipelines it is connected with")
        )
        #expect(log.state.worker("w1")?.assignedCount == 3)
    }

    @Test("all replicas of a connected pipeline belong to the company")
    func replicas() {
        var log = self.log(Self.spec([("d", "a")]))
        #expect(self.workers(log) == ["w1", "w2", "w1", "w1", "w1"])
        log.apply(.reassign(PlacementKey(group: "g", pipeline: "d", replica: 1), from: 7, to: "w2"))
        #expect(self.workers(log) == ["w2", "w2", "w1", "w2", "w2"])
    }
}
