import ClusterControl
import ClusterState
import Testing

/// In which order pipelines start that routes over a broker connect.
@Suite("Pipelines that publish for others")
struct RouteOrderTests {
    private func key(_ pipeline: PipelineName, _ replica: UInt32? = nil) -> PlacementKey {
        PlacementKey(group: "g", pipeline: pipeline, replica: replica)
    }

    /// `a`, `b` (twice) and `c`, all at one worker, with these routes.
    private func cluster(_ routes: [(String, String)], broker: ConnectorName? = "Bus") -> Cluster {
        var cluster = Cluster(workers: 1)
        let bus = ClusterState.Connector(name: "Bus", type: "mqtt", parameters: [])
        cluster.apply(.putConnector(.init(connector: bus, mode: .create)))
        let spec = ClusterState.GroupSpec(
            name: "g",
            pipelines: [
                .init(name: "a", source: "stream A = X"), .init(name: "b", source: "stream B = A", replicas: 2),
                .init(name: "c", source: "stream C = B"),
            ],
            routes: routes.map { .init(from: $0.0, to: $0.1, eventTypes: ["*"]) },
            broker: broker
        )
        let workers: [WorkerID?] = Array(repeating: "w1", count: 4)
        cluster.apply(.deployGroup(Command.DeployGroup(group: "g", spec: spec, workers: workers)))
        return cluster
    }

    private func started(_ plan: Reconciler.Plan) -> [String] {
        plan.actions.compactMap { action in
            if case .startPipeline(let start) = action { start.placement.name } else { nil }
        }
    }

    @Test("wait until those have subscribed")
    func subscribersFirst() {
        var cluster = self.cluster([("a", "b"), ("b", "c")])
        var plan = Plans.plan(cluster.state, at: 1)
        #expect(self.started(plan) == ["c"])
        #expect(plan.progress[self.key("a")]?.reason == "b#0, which its routes lead to, starts first")
        cluster.report(self.key("c"))
        plan = Plans.plan(cluster.state, at: 2, after: plan.backOff)
        #expect(self.started(plan) == ["b#0", "b#1"])
        cluster.report(self.key("b", 0))
        plan = Plans.plan(cluster.state, at: 2, after: plan.backOff)
        #expect(self.started(plan) == [])
        // What failed has its own retries; nobody waits for them.
        cluster.report(self.key("b", 1), .failed("no broker"))
        plan = Plans.plan(cluster.state, at: 2, after: plan.backOff)
        #expect(self.started(plan).contains("a"))
    }

    @Test("do not wait for more than a second try")
    func boundedly() {
        let cluster = self.cluster([("a", "c")])
        var backOff = BackOff()
        var seen: [[String]] = []
        for second in 1...60 where seen.last?.contains("a") != true {
            let plan = Plans.plan(cluster.state, at: second, after: backOff)
            backOff = plan.backOff
            if !self.started(plan).isEmpty { seen.append(self.started(plan).filter { !$0.hasPrefix("b") }) }
        }
        #expect(seen.filter { $0.contains("c") }.count == 2)
        #expect(seen.last?.contains("a") == true)
    }

    @Test("start at once where routes lead back, where no broker carries them, and where they only come from outside")
    func atOnce() {
        let all = ["a", "b#0", "b#1", "c"]
        #expect(self.started(Plans.plan(self.cluster([("a", "b"), ("b", "c"), ("c", "a")]).state, at: 1)) == all)
        #expect(self.started(Plans.plan(self.cluster([("a", "b"), ("b", "c")], broker: nil).state, at: 1)) == all)
        #expect(self.started(Plans.plan(self.cluster([("_external", "b"), ("c", "_external")]).state, at: 1)) == all)
    }
}
