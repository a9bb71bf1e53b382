import ClusterState
import Testing

@Suite("Rules about groups and placements")
struct GroupRulesTests {
    private let p1 = PlacementKey(group: "g", pipeline: "p1")

    @Test("a deployed group has its placements, each at an epoch of its own")
    func deploy() throws {
        var log = Log.withWorkers(2)
        #expect(log.apply(.deploy("g", on: ["w1", "w2", nil])) == .group("g", created: true))
        let group = try #require(log.state.group("g"))
        #expect(group.generation == 3)
        #expect(group.placements.map(\.worker) == ["w1", "w2", nil])
        #expect(group.placements.map(\.epoch) == [Epoch(1), Epoch(2), .zero])
        #expect(group.placements.allSatisfy { $0.status == .pending })
        #expect(group.status == .deploying)
        #expect(log.state.worker("w1")?.assignedCount == 1)
        #expect(log.state.group(named: "g")?.id == "g")
    }

    @Test("replicas are placements of their own, in order and with their numbers in their names")
    func replicas() throws {
        var log = Log.withWorkers(1)
        let spec = ClusterState.GroupSpec(
            name: "g",
            pipelines: [
                ClusterState.PipelineSpec(name: "a", source: "s", replicas: 2),
                ClusterState.PipelineSpec(name: "b", source: "s", replicas: 0),
            ]
        )
        log.apply(.deployGroup(Command.DeployGroup(group: "g", spec: spec, workers: ["w1", "w1", "w1"])))
        let group = try #require(log.state.group("g"))
        #expect(group.placements.map { group.key(of: $0).name } == ["a#0", "a#1", "b"])
    }

    @Test("the same group again answers with the first; another body under its name or id is refused")
    func deployTwice() {
        var log = Log.withWorkers(2)
        log.apply(.deploy("g", name: "n", on: ["w1"]))
        #expect(log.apply(.deploy("h", name: "n", on: ["w2"])) == .group("g", created: false))
        #expect(log.apply(.deploy("g", name: "n", on: ["w2"])) == .group("g", created: false))
        #expect(log.apply(.deploy("h", name: "n", on: ["w1"], source: "t")) == .refused(.groupExists("g")))
        #expect(log.apply(.deploy("g", name: "m", on: ["w1"])) == .refused(.groupExists("g")))
        #expect(log.state.groupCount == 1)
        #expect(log.state.placement(self.p1)?.worker == "w1")
    }

    @Test("two names that merely look alike are two groups")
    func bytesNotLooks() {
        var log = Log.withWorkers(1)
        #expect(log.apply(.deploy("g", name: "é", on: [])) == .group("g", created: true))
        #expect(log.apply(.deploy("h", name: "e\u{301}", on: [])) == .group("h", created: true))
    }

    @Test("a deploy on a worker that cannot take it changes nothing at all")
    func deployUnavailable() {
        var log = Log.withWorkers(2, pipelinesMax: 1)
        let before = log.state.lastEpoch
        #expect(
            log.apply(.deploy("g", on: ["w1", "w9"])) == .refused(.preconditionFailed(.workerUnavailable("w9")))
        )
        #expect(
            log.apply(.deploy("g", on: ["w1", "w1"])) == .refused(.preconditionFailed(.workerUnavailable("w1")))
        )
        log.apply(.status("w2", .ready, .draining))
        #expect(
            log.apply(.deploy("g", on: ["w1", "w2"])) == .refused(.preconditionFailed(.workerUnavailable("w2")))
        )
        #expect(log.state.lastEpoch == before)
        #expect(log.state.worker("w1")?.assignedCount == 0)
        #expect(log.state.groupCount == 0)
    }

    @Test(
        "a spec that makes no sense is refused",
        arguments: [
            (["", "a"], "every pipeline needs a name"), (["a", "a"], "there are two pipelines named a"),
            (["a#0"], "the name of pipeline a#0 must not contain #"),
        ]
    )
    func invalidNames(names: [String], fault: String) {
        var log = Log.withWorkers(1)
        let spec = ClusterState.GroupSpec(
            name: "g",
            pipelines: names.map { ClusterState.PipelineSpec(name: PipelineName($0), source: "s") }
        )
        let workers: [WorkerID?] = names.map { _ in "w1" }
        #expect(
            log.apply(.deployGroup(Command.DeployGroup(group: "g", spec: spec, workers: workers)))
                == .refused(.invalid(fault))
        )
    }

    @Test("sizes that make no sense are refused")
    func invalidSizes() {
        var log = Log.withWorkers(1)
        func refusal(_ spec: ClusterState.GroupSpec, _ workers: [WorkerID?]) -> Response {
            log.apply(.deployGroup(Command.DeployGroup(group: "g", spec: spec, workers: workers)))
        }
        let one = ClusterState.PipelineSpec(name: "p", source: "s")
        var many = one
        many.replicas = .max
        #expect(
            refusal(ClusterState.GroupSpec(name: "g", pipelines: [many]), [])
                == .refused(.invalid("pipeline p must not have more than 1000 replicas"))
        )
        let crowd = (0..<11).map {
            ClusterState.PipelineSpec(name: PipelineName("p\($0)"), source: "s", replicas: 1000)
        }
        #expect(
            refusal(ClusterState.GroupSpec(name: "g", pipelines: crowd), [])
                == .refused(.invalid("a group must not have more than 10000 pipelines and replicas"))
        )
        #expect(
            refusal(ClusterState.GroupSpec(name: "", pipelines: [one]), ["w1"])
                == .refused(.invalid("the group needs a name"))
        )
        #expect(
            refusal(ClusterState.GroupSpec(name: "g", pipelines: [one]), [])
                == .refused(.invalid("0 workers were named for 1 placements"))
        )
    }

    @Test("names of strategies and labels have bounds")
    func invalidPlacement() {
        var log = Log.withWorkers(1)
        let tooLong = String(repeating: "s", count: 65)
        for (strategy, pipeline, fault) in [
            ("", .init(name: "p", source: "s"), "the name of a placement strategy must have 1 to 64 bytes"),
            (
                nil, .init(name: "p", source: "s", strategy: StrategyName(tooLong)),
                "pipeline p: the name of a placement strategy must have 1 to 64 bytes"
            ),
            (
                nil, .init(name: "p", source: "s", spread: ""),
                "pipeline p: the label to spread over must have 1 to 64 bytes"
            ),
            (
                nil, .init(name: "p", source: "s", labels: ["": ""]),
                "pipeline p: the key of a label must have 1 to 64 bytes"
            ),
        ] as [(StrategyName?, ClusterState.PipelineSpec, String)] {
            let spec = ClusterState.GroupSpec(name: "g", pipelines: [pipeline], strategy: strategy)
            #expect(
                log.apply(.deployGroup(Command.DeployGroup(group: "g", spec: spec, workers: ["w1"])))
                    == .refused(.invalid(fault))
            )
        }
    }

    @Test("a deleted group is gone and its places are free again")
    func delete() {
        var log = Log.withWorkers(1, pipelinesMax: 1)
        log.apply(.deploy("g", on: ["w1"]))
        #expect(log.apply(.delete("g", generation: 1)) == .refused(.preconditionFailed(.generation(2))))
        #expect(log.apply(.delete("g", generation: 2)) == .done)
        #expect(log.apply(.delete("g")) == .refused(.groupNotFound("g")))
        #expect(log.apply(.deploy("h", on: ["w1"])) == .group("h", created: true))
    }

    @Test("a reassignment takes the place of exactly the epoch it saw")
    func reassign() throws {
        var log = Log.withWorkers(2)
        log.apply(.deploy("g", on: ["w1"]))
        log.apply(.report(self.p1, epoch: 1, .running))
        #expect(log.apply(.reassign(self.p1, from: 1, to: "w2")) == .assigned(Epoch(2)))
        #expect(log.apply(.reassign(self.p1, from: 1, to: "w2")) == .refused(.preconditionFailed(.epoch(Epoch(2)))))
        let placement = try #require(log.state.placement(self.p1))
        #expect(placement.worker == "w2" && placement.status == .pending && placement.pipelineID.isEmpty)
        #expect(log.state.worker("w1")?.assignedCount == 0)
        #expect(log.state.worker("w2")?.assignedCount == 1)
    }

    @Test("a reassignment to a worker that cannot take it, or of what does not exist, is refused")
    func reassignRefused() {
        var log = Log.withWorkers(2, pipelinesMax: 1)
        log.apply(.deploy("g", on: ["w1"]))
        log.apply(.deploy("h", on: ["w2"]))
        #expect(
            log.apply(.reassign(self.p1, from: 1, to: "w2"))
                == .refused(.preconditionFailed(.workerUnavailable("w2")))
        )
        let nothing = PlacementKey(group: "g", pipeline: "p1", replica: 0)
        #expect(log.apply(.reassign(nothing, from: 1, to: "w2")) == .refused(.placementNotFound(nothing)))
        let nowhere = PlacementKey(group: "z", pipeline: "p1")
        #expect(log.apply(.reassign(nowhere, from: 1, to: "w2")) == .refused(.groupNotFound("z")))
        #expect(log.apply(.reassign(self.p1, from: 1, to: "w1")) == .assigned(Epoch(3)))
    }

    @Test("only the present assignment may report")
    func report() {
        var log = Log.withWorkers(2)
        log.apply(.deploy("g", on: ["w1"]))
        #expect(log.apply(.report(self.p1, epoch: 1, .running, id: "abc")) == .done)
        #expect(log.state.placement(self.p1)?.pipelineID == "abc")
        log.apply(.reassign(self.p1, from: 1, to: "w2"))
        #expect(log.apply(.report(self.p1, epoch: 1, .running)) == .refused(.preconditionFailed(.epoch(Epoch(2)))))
        log.apply(.deregister("w2"))
        #expect(log.apply(.report(self.p1, epoch: 2, .running)) == .refused(.preconditionFailed(.epoch(Epoch(2)))))
        #expect(log.state.placement(self.p1)?.status == .pending)
    }

    @Test("a group's status sums its placements up")
    func status() {
        var log = Log.withWorkers(1)
        log.apply(.deploy("empty", on: []))
        #expect(log.state.group("empty")?.status == .deploying)
        log.apply(.deploy("g", on: ["w1", "w1"]))
        let p2 = PlacementKey(group: "g", pipeline: "p2")
        let steps: [(PlacementKey, UInt64, ClusterState.Placement.Status, ClusterState.Group.Status)] = [
            (self.p1, 1, .failed("no"), .deploying), (p2, 2, .failed("no"), .failed),
            (p2, 2, .running, .partiallyRunning), (self.p1, 1, .running, .running),
            (p2, 2, .stopped, .partiallyRunning), (self.p1, 1, .stopped, .deploying),
        ]
        for (key, epoch, status, sum) in steps {
            log.apply(.report(key, epoch: epoch, status))
            #expect(log.state.group("g")?.status == sum)
        }
    }

    @Test("a group says what has failed, and whether anything is still under way")
    func failures() throws {
        var log = Log.withWorkers(1)
        log.apply(.deploy("g", on: ["w1", "w1"]))
        let p2 = PlacementKey(group: "g", pipeline: "p2")
        log.apply(.report(p2, epoch: 2, .failed("why")))
        #expect(log.state.group("g")?.isSettled == false)
        log.apply(.report(self.p1, epoch: 1, .running))
        #expect(log.state.group("g")?.isSettled == true)
        let failure = try #require(log.state.group("g")?.failures.first)
        #expect(failure.placement == p2 && failure.worker == "w1" && failure.reason == "why")
        #expect(log.state.group("g")?.failures.count == 1)
    }

    @Test("an entry that was applied already is not applied again")
    func appliedOnce() {
        var log = Log.withWorkers(1)
        let before = log.state.encoded()
        #expect(log.state.apply(.deregister("w1"), index: 1, time: 99) == .refused(.alreadyApplied(1)))
        #expect(log.state.encoded() == before)
        _ = log.state.apply(.deregister("w1"), index: 5, time: 500)
        #expect(log.state.time == 1000)
        #expect(log.state.appliedIndex == 5)
    }

    @Test(
        "a placement's name reads back as its key",
        arguments: [
            ("p", "p", nil), ("p#0", "p", 0), ("p#12", "p", 12), ("p#", "p#", nil), ("p#01", "p#01", nil),
            ("p#-1", "p#-1", nil), ("p#4294967296", "p#4294967296", nil), ("a#b#3", "a#b", 3),
        ] as [(String, String, UInt32?)]
    )
    func names(name: String, pipeline: String, replica: UInt32?) {
        let key = PlacementKey(group: "g", name: name)
        #expect(key == PlacementKey(group: "g", pipeline: PipelineName(pipeline), replica: replica))
        #expect(key.name == name)
    }
}
