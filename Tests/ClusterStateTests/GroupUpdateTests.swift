import ClusterState
import Testing

@Suite("Rules about updates of groups")
struct GroupUpdateTests {
    typealias Spec = ClusterState.GroupSpec
    typealias Pipeline = ClusterState.PipelineSpec

    /// Group `g` at index 4: `a` on w1 (e1), `b` on w2 (e2), `c` with two replicas on w3 (e3) and w1 (e4). All run.
    private static let before = Spec(
        name: "g",
        pipelines: [
            Pipeline(name: "a", source: "s"), Pipeline(name: "b", source: "s"),
            Pipeline(name: "c", source: "s", replicas: 2),
        ],
        routes: [ClusterState.Route(from: "_external", to: "a", eventTypes: ["A"])]
    )

    private func log() -> Log {
        var log = Log.withWorkers(3)
        log.apply(
            .deployGroup(Command.DeployGroup(group: "g", spec: Self.before, workers: ["w1", "w2", "w3", "w1"]))
        )
        self.run(&log)
        return log
    }

    /// Everything that is placed reports that it runs.
    private func run(_ log: inout Log) {
        for placement in log.state.group("g")?.placements ?? [] where placement.worker != nil {
            log.apply(
                .report(
                    PlacementKey(group: "g", pipeline: placement.pipeline, replica: placement.replica),
                    epoch: placement.epoch.rawValue,
                    .running
                )
            )
        }
    }

    private func update(_ spec: Spec, from generation: UInt64 = 4, _ workers: WorkerID?...) -> Command {
        .updateGroup(Command.UpdateGroup(group: "g", generation: generation, spec: spec, workers: workers))
    }

    private func rollBack(_ generation: UInt64, _ workers: WorkerID?..., reason: String = "why") -> Command {
        .rollBackGroup(
            Command.RollBackGroup(group: "g", generation: generation, reason: reason, workers: workers)
        )
    }

    private func confirm(_ generation: UInt64) -> Command {
        .confirmUpdate(Command.ConfirmUpdate(group: "g", generation: generation))
    }

    @Test(
        "what is unchanged goes on, what is changed starts anew where it is, what is added is placed, the rest is gone"
    )
    func diff() throws {
        var log = self.log()
        var spec = Self.before
        spec.pipelines[0].source = "t"
        spec.pipelines.remove(at: 1)
        spec.pipelines.append(Pipeline(name: "d", source: "s"))
        spec.pipelines[1].workerAffinity = "w2"
        let index = log.index + 1
        #expect(log.state.group("g")?.addedSlots(in: spec).map(\.pipeline) == ["d"])
        #expect(log.apply(self.update(spec, "w2")) == .updated(index))
        let group = try #require(log.state.group("g"))
        #expect(group.generation == index && group.phase == .updating(previous: Self.before))
        #expect(group.placements.map { group.key(of: $0).name } == ["a", "c#0", "c#1", "d"])
        #expect(group.placements.map(\.worker) == ["w1", "w3", "w1", "w2"])
        #expect(group.placements.map(\.epoch) == [Epoch(5), Epoch(3), Epoch(4), Epoch(6)])
        #expect(group.placements.map(\.status) == [.pending, .running, .running, .pending])
        #expect(group.changedPlacements.map(\.pipeline) == ["a", "d"])
        #expect(log.state.worker("w2")?.assignedCount == 1)
        // The same again has been done already, whatever generation was seen.
        #expect(log.apply(self.update(spec, "w2")) == .updated(index))
        #expect(log.state.group("g")?.placements == group.placements)
    }

    @Test(
        "what makes a pipeline another one, and what does not",
        arguments: [
            ("program", ["a"]), ("key", ["b"]), ("replicas", ["c"]), ("route", ["a"]), ("new route", ["a", "b"]),
            ("placement", []),
        ] as [(String, [PipelineName])]
    )
    func changes(what: String, changed: [PipelineName]) throws {
        var log = self.log()
        var spec = Self.before
        switch what {
        case "program": spec.pipelines[0].source += " "
        case "key": spec.pipelines[1].partitionKey = "k"
        case "replicas": spec.pipelines[2].replicas = 3
        case "route": spec.routes[0].eventTypes = ["B"]
        case "new route": spec.routes.append(ClusterState.Route(from: "a", to: "b", eventTypes: ["*"]))
        default:
            spec.strategy = .leastLoaded
            spec.pipelines[0].labels = ["zone": "a"]
            spec.pipelines[1].workerAffinity = "w3"
            spec.pipelines[2].spread = "zone"
        }
        let workers: [WorkerID?] = what == "replicas" ? ["w2"] : []
        let before = try #require(log.state.group("g"))
        log.apply(.updateGroup(Command.UpdateGroup(group: "g", generation: 4, spec: spec, workers: workers)))
        let group = try #require(log.state.group("g"))
        #expect(group.spec == spec)
        let renewed = group.placements.filter { placement in
            before.placement(placement.pipeline, placement.replica)?.epoch != placement.epoch
        }
        #expect(Set(renewed.map(\.pipeline)) == Set(changed))
        #expect(Set(group.changedPlacements.map(\.pipeline)) == Set(changed))
    }

    @Test("an update that runs whole is confirmed, and no sooner")
    func confirmed() {
        var log = self.log()
        var spec = Self.before
        spec.pipelines[0].source = "t"
        log.apply(self.update(spec))
        let generation = log.index
        #expect(log.apply(self.confirm(generation)) == .refused(.preconditionFailed(.notRunning("g"))))
        self.run(&log)
        #expect(log.apply(self.confirm(4)) == .refused(.preconditionFailed(.generation(generation))))
        #expect(log.apply(self.confirm(generation)) == .done)
        #expect(log.state.group("g")?.phase == .settled)
        #expect(log.apply(self.confirm(generation)) == .done)
        #expect(log.apply(self.rollBack(generation)) == .refused(.notUpdating("g")))
    }

    @Test("a rollback is a generation of its own with the former spec")
    func rolledBack() throws {
        var log = self.log()
        var spec = Self.before
        spec.pipelines[0].source = "t"
        spec.pipelines.remove(at: 1)
        log.apply(self.update(spec))
        let generation = log.index
        #expect(log.apply(self.rollBack(4, "w2")) == .refused(.preconditionFailed(.generation(generation))))
        #expect(
            log.apply(self.rollBack(generation))
                == .refused(.invalid("0 workers were named for 1 new placements"))
        )
        #expect(log.apply(self.rollBack(generation, "w3")) == .updated(log.index))
        let group = try #require(log.state.group("g"))
        #expect(group.spec == Self.before && group.generation == log.index)
        #expect(group.phase == .rolledBack(reason: "why"))
        #expect(group.placements.map(\.worker) == ["w1", "w3", "w3", "w1"])
        #expect(group.placements.map(\.epoch) == [Epoch(6), Epoch(7), Epoch(3), Epoch(4)])
        #expect(log.apply(self.rollBack(log.index, "w3")) == .refused(.notUpdating("g")))
        #expect(log.apply(self.confirm(group.generation)) == .refused(.notUpdating("g")))
    }

    @Test("an update of an update goes back to what ran last")
    func chained() {
        var log = self.log()
        var spec = Self.before
        spec.pipelines[0].source = "t"
        log.apply(self.update(spec))
        let first = log.index
        spec.pipelines[0].source = "u"
        log.apply(self.update(spec, from: first))
        #expect(log.state.group("g")?.phase == .updating(previous: Self.before))
        log.apply(self.rollBack(log.index))
        #expect(log.state.group("g")?.spec == Self.before)
    }

    @Test("an update that can't be is refused and changes nothing")
    func refused() {
        var log = self.log()
        let before = log.state.groups
        var spec = Self.before
        spec.pipelines.append(Pipeline(name: "d", source: "s"))
        #expect(log.apply(self.update(spec, from: 3, "w1")) == .refused(.preconditionFailed(.generation(4))))
        #expect(
            log.apply(self.update(spec)) == .refused(.invalid("0 workers were named for 1 new placements"))
        )
        #expect(
            log.apply(self.update(spec, "w9")) == .refused(.preconditionFailed(.workerUnavailable("w9")))
        )
        var renamed = spec
        renamed.name = "h"
        #expect(log.apply(self.update(renamed, "w1")) == .refused(.invalid("the name of a group can't be changed")))
        renamed.name = ""
        #expect(log.apply(self.update(renamed, "w1")) == .refused(.invalid("the group needs a name")))
        #expect(
            log.apply(.updateGroup(Command.UpdateGroup(group: "x", generation: 4, spec: spec, workers: [])))
                == .refused(.groupNotFound("x"))
        )
        log.apply(self.update(spec, nil))
        #expect(log.state.group("g")?.placements.last?.worker == nil)
        let reason = String(repeating: "r", count: 4_097)
        #expect(
            log.apply(self.rollBack(log.index, reason: reason))
                == .refused(.invalid("the reason has more than 4096 bytes"))
        )
        #expect(log.state.groups.first?.placements.prefix(4) == before.first?.placements.prefix(4))
    }

    @Test("the place of what an update removes is free for what it adds")
    func freedPlace() {
        var log = Log.withWorkers(1, pipelinesMax: 1)
        log.apply(.deploy("g", on: ["w1"]))
        let spec = Spec(name: "g", pipelines: [Pipeline(name: "other", source: "s")])
        #expect(log.apply(self.update(spec, from: 2, "w1")) == .updated(3))
        #expect(log.state.worker("w1")?.assignedCount == 1)
    }

    @Test("what has no worker when it is changed still has none")
    func unplaced() {
        var log = Log.withWorkers(1)
        log.apply(.deploy("g", on: [nil]))
        let spec = Spec(name: "g", pipelines: [Pipeline(name: "p1", source: "other")])
        log.apply(self.update(spec, from: 2))
        #expect(log.state.group("g")?.placements.first?.epoch == .zero)
        #expect(log.state.group("g")?.placements.first?.worker == nil)
    }
}
