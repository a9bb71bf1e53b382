import ClusterState
import Testing

@Suite("Rules about routes")
struct RouteRulesTests {
    typealias Route = ClusterState.Route
    typealias Spec = ClusterState.GroupSpec

    /// Pipelines `a`, `b`, `c`, and `d` with two replicas.
    private func spec(_ routes: [Route], broker: ConnectorName? = nil) -> Spec {
        Spec(
            name: "g",
            pipelines: [
                .init(name: "a", source: "s"), .init(name: "b", source: "s"), .init(name: "c", source: "s"),
                .init(name: "d", source: "s", replicas: 2, partitionKey: "k"),
            ],
            routes: routes,
            broker: broker
        )
    }

    private func route(_ from: String, _ to: String, _ types: [String] = ["*"], topic: String? = nil) -> Route {
        Route(from: from, to: to, eventTypes: types, topic: topic)
    }

    private func deploy(_ spec: Spec, _ workers: WorkerID?...) -> Command {
        .deployGroup(Command.DeployGroup(group: "g", spec: spec, workers: workers))
    }

    // MARK: - Faults

    @Test("routes that lead nowhere, or beyond bounds, are refused")
    func faults() {
        let long = String(repeating: "t", count: 1_025)
        for (route, fault) in [
            (self.route("x", "a"), "a route names pipeline x, which the group does not have"),
            (self.route("a", "x"), "a route names pipeline x, which the group does not have"),
            (self.route("a", "a"), "a route leads from a to itself"),
            (self.route("_external", "_external"), "a route leads from _external to itself"),
            (
                self.route("a", "b", Array(repeating: "T", count: 257)),
                "the route from a to b must not have more than 256 event types"
            ),
            (self.route("a", "b", [""]), "an event type of a route must have 1 to 1024 bytes"),
            (self.route("a", "b", [long]), "an event type of a route must have 1 to 1024 bytes"),
        ] {
            #expect(self.spec([route]).fault == fault)
            var log = Log.withWorkers(1)
            #expect(
                log.apply(self.deploy(self.spec([route]), "w1", "w1", "w1", "w1", "w1")) == .refused(.invalid(fault))
            )
        }
        #expect(self.spec([self.route("_external", "a"), self.route("a", "_external", [])]).fault == nil)
        #expect(
            self.spec(Array(repeating: self.route("a", "b"), count: 1_001)).fault
                == "a group must not have more than 1000 routes"
        )
    }

    @Test(
        "topics have to be such, and not where owners are told",
        arguments: [
            ("", "the topic of a route must have 1 to 1024 bytes"),
            ("a/+", "the topic of a route must not have wildcards nor begin with $: a/+"),
            ("a/#", "the topic of a route must not have wildcards nor begin with $: a/#"),
            ("$SYS/a", "the topic of a route must not have wildcards nor begin with $: $SYS/a"),
            ("varpulis/cluster/owner", "the topic of a route must not lie in varpulis/cluster/owner"),
            ("varpulis/cluster/owner/g/p", "the topic of a route must not lie in varpulis/cluster/owner"),
            ("varpulis/cluster/owners", nil), ("t", nil),
        ] as [(String, String?)]
    )
    func topics(topic: String, fault: String?) {
        #expect(self.spec([self.route("a", "b", topic: topic)]).fault == fault)
    }

    @Test("names that would break a topic are refused where a broker carries the routes")
    func names() {
        var spec = Spec(
            name: "g",
            pipelines: [.init(name: "a/b", source: "s"), .init(name: "c", source: "s")],
            routes: [self.route("a/b", "c")]
        )
        #expect(spec.fault == nil)
        spec.broker = "bus"
        #expect(spec.fault == "the names of a/b and c must not contain / or +, or their route needs a topic")
        spec.routes[0].topic = "t"
        #expect(spec.fault == nil)
        spec.broker = ""
        #expect(spec.fault == "the name of the routes' connector must have 1 to 256 bytes")
    }

    @Test("the id under which owners are told is no group's")
    func reserved() {
        var log = Log()
        #expect(log.apply(.deploy("owner", on: [])) == .refused(.invalid("no group may have the id owner")))
    }

    @Test("a broker that is not there, or is none, carries no routes")
    func brokers() {
        var log = Log.withWorkers(1)
        let spec = self.spec([self.route("a", "b")], broker: "c")
        let deploy = self.deploy(spec, "w1", "w1", "w1", "w1", "w1")
        #expect(log.apply(deploy) == .refused(.connectorNotFound("c")))
        let console = ClusterState.Connector(name: "c", type: "console", parameters: [])
        log.apply(.putConnector(.init(connector: console, mode: .create)))
        #expect(log.apply(deploy) == .refused(.invalid("connector c is not of type mqtt and carries no routes")))
        log.apply(.connector("c", .update))
        #expect(log.apply(deploy) == .group("g", created: true))
    }

    // MARK: - Bindings

    @Test("over a broker each pipeline publishes and subscribes, from outside as well")
    func overBroker() throws {
        let spec = self.spec(
            [self.route("_external", "a", ["In"]), self.route("a", "d", ["A*", "B"]), self.route("d", "_external")],
            broker: "bus"
        )
        let a = spec.bindings(of: .init(pipeline: "a", replica: nil), in: "id")
        #expect(a.usesBroker && a.share == nil)
        #expect(a.outputs.map(\.topic) == ["varpulis/cluster/id/a/d"] && a.outputs.map(\.peer) == ["d"])
        #expect(a.outputs.map(\.eventTypes) == [["A*", "B"]] && a.outputs.map(\.connector) == ["bus"])
        // Over a broker each replica sees to itself.
        #expect(a.outputs[0].peerReplicas == nil)
        #expect(a.inputs.map(\.topic) == ["varpulis/cluster/id/_external/a"] && a.inputs.map(\.peer) == ["_external"])
        let d = spec.bindings(of: .init(pipeline: "d", replica: 1), in: "id")
        #expect(d.inputs.map(\.topic) == ["varpulis/cluster/id/a/d"])
        #expect(d.outputs.map(\.topic) == ["varpulis/cluster/id/d/_external"])
        let share = try #require(d.share)
        #expect(share.index == 1 && share.rule.count == 2 && share.rule.partitionKey == "k")
        #expect(!spec.bindings(of: .init(pipeline: "b", replica: nil), in: "id").usesBroker)
    }

    @Test("without a broker only pipelines are connected, and the sender knows how replicas share")
    func inProcess() {
        let spec = self.spec([
            self.route("_external", "a"), self.route("a", "_external"), self.route("a", "d", ["A"]),
            self.route("a", "b", []),
        ])
        let a = spec.bindings(of: .init(pipeline: "a", replica: nil), in: "id")
        #expect(a.inputs.isEmpty && !a.usesBroker)
        #expect(a.outputs.map(\.peer) == ["d"] && a.outputs.map(\.connector) == [nil])
        #expect(a.outputs[0].peerReplicas?.count == 2 && a.outputs[0].peerReplicas?.partitionKey == "k")
        let d = spec.bindings(of: .init(pipeline: "d", replica: 0), in: "id")
        #expect(d.inputs.map(\.peer) == ["a"] && d.inputs.map(\.eventTypes) == [["A"]])
    }

    @Test("what goes to one topic goes there once")
    func sharedTopics() {
        let routes = [
            self.route("a", "b", ["A", "B"], topic: "t"), self.route("a", "c", ["B", "C"], topic: "t"),
            self.route("a", "b", ["D"]), self.route("c", "b", ["E"], topic: "t"),
        ]
        let spec = self.spec(routes, broker: "bus")
        let a = spec.bindings(of: .init(pipeline: "a", replica: nil), in: "id")
        #expect(a.outputs.map(\.topic) == ["t", "varpulis/cluster/id/a/b"])
        #expect(a.outputs.map(\.eventTypes) == [["A", "B", "C"], ["D"]])
        let b = spec.bindings(of: .init(pipeline: "b", replica: nil), in: "id")
        #expect(b.inputs.map(\.topic) == ["t", "varpulis/cluster/id/a/b"])
        #expect(b.inputs.map(\.eventTypes) == [["A", "B", "E"], ["D"]])
        let c = spec.bindings(of: .init(pipeline: "c", replica: nil), in: "id")
        #expect(c.inputs.map(\.eventTypes) == [["B", "C"]])
        // In process the topic only names the way.
        let alone = self.spec(routes).bindings(of: .init(pipeline: "a", replica: nil), in: "id")
        #expect(alone.outputs.map(\.peer) == ["b", "c", "b"])
    }
}
