import ClusterControl
import ClusterState
import Testing

/// Each rule of the reconciler on its own. The leader came to office at second 0; a worker may be silent for 15 s.
@Suite("Reconciler")
struct ReconcilerTests {
    private let p1 = PlacementKey(group: "g", pipeline: "p1")
    private let p2 = PlacementKey(group: "g", pipeline: "p2")

    // MARK: - Workers

    @Test("a worker is given its full timeout after a new leader has come, and after each word")
    func silence() {
        let state = Cluster(workers: 1).state
        #expect(Plans.plan(state, at: 15).actions.isEmpty)
        #expect(Plans.plan(state, at: 16).actions == [Plans.judged("w1", .ready, .unhealthy)])
        #expect(Plans.plan(state, ["w1": Plans.heard(10)], at: 25).actions.isEmpty)
        #expect(Plans.plan(state, ["w1": Plans.heard(10)], at: 26).actions == [Plans.judged("w1", .ready, .unhealthy)])
    }

    @Test("a draining worker that falls silent is unhealthy too")
    func silentWhileDraining() {
        var cluster = Cluster(workers: 1)
        cluster.setStatus("w1", .draining)
        #expect(Plans.plan(cluster.state, at: 16).actions == [Plans.judged("w1", .draining, .unhealthy)])
    }

    @Test("the word of an older process does not count for the registered one")
    func foreignIncarnation() {
        let state = Cluster(workers: 1).state
        let reports =
            ["w1": Plans.heard(16, [Plans.holds(self.p1, epoch: 1)], incarnation: 9)] as [WorkerID: WorkerReport]
        #expect(Plans.plan(state, reports, at: 16).actions == [Plans.judged("w1", .ready, .unhealthy)])
        #expect(Plans.plan(state, ["w1": Plans.heard(16, incarnation: nil)], at: 16).actions.isEmpty)
    }

    @Test("an unhealthy worker that is heard again is ready again and keeps what nobody else has got")
    func heardAgain() {
        var cluster = Cluster(workers: 2)
        cluster.deploy("g", on: ["w1"])
        cluster.setStatus("w1", .unhealthy)
        let reports =
            ["w1": Plans.heard(20, [Plans.holds(self.p1, epoch: 1)]), "w2": Plans.heard(20)] as [WorkerID: WorkerReport]
        #expect(Plans.plan(cluster.state, reports, at: 21).actions == [Plans.judged("w1", .unhealthy, .ready)])
    }

    @Test("an unhealthy worker's old word does not make it ready")
    func oldWord() {
        var cluster = Cluster(workers: 1)
        cluster.setStatus("w1", .unhealthy)
        #expect(Plans.plan(cluster.state, ["w1": Plans.heard(3)], at: 19).actions.isEmpty)
        #expect(Plans.plan(cluster.state, at: 1).actions.isEmpty)
    }

    // MARK: - Assignments

    @Test("what was placed at an unhealthy worker goes to a ready one")
    func reassignFromUnhealthy() {
        var cluster = Cluster(workers: 3)
        cluster.deploy("g", on: ["w1", "w2"])
        cluster.report(self.p2)
        cluster.setStatus("w1", .unhealthy)
        // Two assignments so far: of the two ready workers it is the first one's turn.
        let reports = ["w2": Plans.heard(18), "w3": Plans.heard(18)] as [WorkerID: WorkerReport]
        let actions = Plans.plan(cluster.state, reports, at: 20).actions
        #expect(actions.first == Plans.reassigned(self.p1, from: 1, to: "w2"))
    }

    @Test("what has no worker waits until one has room")
    func waitForRoom() {
        var cluster = Cluster(workers: 1, pipelinesMax: 1)
        cluster.deploy("g", on: ["w1", nil])
        cluster.report(self.p1)
        #expect(Plans.plan(cluster.state, at: 1).actions.isEmpty)
        cluster.register("w2", pipelinesMax: 1)
        #expect(Plans.plan(cluster.state, at: 1).actions == [Plans.reassigned(self.p2, from: 0, to: "w2")])
    }

    @Test("nothing is given to a worker that is silent, though the state still calls it ready")
    func notToSilent() {
        var cluster = Cluster(workers: 2)
        cluster.deploy("g", on: [nil])
        let actions = Plans.plan(cluster.state, ["w2": Plans.heard(14)], at: 20).actions
        #expect(actions == [Plans.judged("w1", .ready, .unhealthy), Plans.reassigned(self.p1, from: 0, to: "w2")])
    }

    @Test("replicas stay apart, and a preference holds, when they are reassigned")
    func reassignSpread() {
        var cluster = Cluster(workers: 3)
        let spec = ClusterState.GroupSpec(
            name: "g",
            pipelines: [
                ClusterState.PipelineSpec(name: "a", source: "s", replicas: 2),
                ClusterState.PipelineSpec(name: "b", source: "s", workerAffinity: "w1"),
            ]
        )
        cluster.apply(.deployGroup(Command.DeployGroup(group: "g", spec: spec, workers: ["w1", nil, nil])))
        let a0 = PlacementKey(group: "g", pipeline: "a", replica: 0)
        cluster.report(a0)
        let actions = Plans.plan(cluster.state, at: 1).actions
        let a1 = PlacementKey(group: "g", pipeline: "a", replica: 1)
        #expect(
            actions == [
                Plans.reassigned(a1, from: 0, to: "w3"),
                Plans.reassigned(PlacementKey(group: "g", pipeline: "b"), from: 0, to: "w1"),
            ]
        )
    }

    // MARK: - Starting

    @Test("what is pending is started at once, also by a leader that has heard nothing yet")
    func startPending() {
        var cluster = Cluster(workers: 1)
        cluster.deploy("g", on: ["w1"])
        #expect(Plans.plan(cluster.state, at: 0).actions == [Plans.start("w1", self.p1, epoch: 1)])
    }

    @Test("a start brings the connectors that the program mentions, and no others")
    func startWithConnectors() throws {
        var cluster = Cluster(workers: 1)
        for name in ["Bus", "Other", "Sink", "Us"] as [ConnectorName] {
            let connector = ClusterState.Connector(name: name, type: "console", parameters: [])
            cluster.apply(.putConnector(Command.PutConnector(connector: connector, mode: .create)))
        }
        cluster.deploy("g", on: ["w1"], source: #"stream A = T.from(Bus, topic: "t").to( Sink )"#)
        guard case .startPipeline(let start) = try #require(Plans.plan(cluster.state, at: 0).actions.first) else {
            Issue.record("nothing was started")
            return
        }
        #expect(start.connectors.map(\.name) == ["Bus", "Sink"])
    }

    @Test("a start that brings nothing is repeated ever more rarely")
    func startBackOff() {
        var cluster = Cluster(workers: 1)
        cluster.deploy("g", on: ["w1"])
        var backOff = BackOff()
        var attempts: [Int] = []
        for second in 0..<120 {
            let plan = Plans.plan(cluster.state, ["w1": Plans.heard(second)], at: second, after: backOff)
            if !plan.actions.isEmpty { attempts.append(second) }
            backOff = plan.backOff
        }
        #expect(attempts == [0, 1, 3, 7, 15, 31, 61, 91])
    }

    @Test("a new assignment does not inherit the old one's back-off")
    func freshEpoch() {
        var cluster = Cluster(workers: 2)
        cluster.deploy("g", on: ["w1"])
        let backOff = Plans.plan(cluster.state, at: 0).backOff
        #expect(Plans.plan(cluster.state, at: 0, after: backOff).actions.isEmpty)
        cluster.apply(.reassign(Command.Reassign(placement: self.p1, from: Epoch(1), to: "w2")))
        #expect(Plans.plan(cluster.state, at: 0, after: backOff).actions == [Plans.start("w2", self.p1, epoch: 2)])
    }

    @Test("what was tried long ago is forgotten")
    func forgetting() {
        var cluster = Cluster(workers: 1)
        cluster.deploy("g", on: ["w1"])
        let backOff = Plans.plan(cluster.state, at: 0).backOff
        #expect(backOff.count == 1)
        cluster.report(self.p1)
        let reports = { (second: Int) in
            ["w1": Plans.heard(second, [Plans.holds(self.p1, epoch: 1)])] as [WorkerID: WorkerReport]
        }
        #expect(Plans.plan(cluster.state, reports(60), at: 60, after: backOff).backOff.count == 1)
        #expect(Plans.plan(cluster.state, reports(61), at: 61, after: backOff).backOff.count == 0)
    }

    // MARK: - Reports

    @Test("what a worker reports at the right epoch is recorded once")
    func reportRunning() {
        var cluster = Cluster(workers: 1)
        cluster.deploy("g", on: ["w1"])
        let reports = ["w1": Plans.heard(1, [Plans.holds(self.p1, epoch: 1)])] as [WorkerID: WorkerReport]
        #expect(Plans.plan(cluster.state, reports, at: 1).actions == [Plans.reported(self.p1, epoch: 1, .running)])
        cluster.report(self.p1)
        #expect(Plans.plan(cluster.state, reports, at: 1).actions.isEmpty)
        let renamed = ["w1": Plans.heard(1, [Plans.holds(self.p1, epoch: 1, id: "y")])] as [WorkerID: WorkerReport]
        #expect(
            Plans.plan(cluster.state, renamed, at: 1).actions == [Plans.reported(self.p1, epoch: 1, .running, id: "y")]
        )
    }

    @Test("what a worker reports as on its way is left alone")
    func starting() {
        var cluster = Cluster(workers: 1)
        cluster.deploy("g", on: ["w1"])
        let reports =
            ["w1": Plans.heard(2, [Plans.holds(self.p1, epoch: 1, .starting)])] as [WorkerID: WorkerReport]
        #expect(Plans.plan(cluster.state, reports, at: 2).actions.isEmpty)
    }

    @Test("what a worker reports as failed or stopped is recorded and started again")
    func reportFailed() {
        var cluster = Cluster(workers: 1)
        cluster.deploy("g", on: ["w1"])
        let failing =
            ["w1": Plans.heard(1, [Plans.holds(self.p1, epoch: 1, .failed("why"))])] as [WorkerID: WorkerReport]
        #expect(
            Plans.plan(cluster.state, failing, at: 1).actions
                == [Plans.reported(self.p1, epoch: 1, .failed("why")), Plans.start("w1", self.p1, epoch: 1)]
        )
        cluster.report(self.p1, .failed("why"))
        #expect(Plans.plan(cluster.state, failing, at: 1).actions == [Plans.start("w1", self.p1, epoch: 1)])
        let stopped = ["w1": Plans.heard(1, [Plans.holds(self.p1, epoch: 1, .stopped)])] as [WorkerID: WorkerReport]
        #expect(
            Plans.plan(cluster.state, stopped, at: 1).actions
                == [Plans.reported(self.p1, epoch: 1, .stopped), Plans.start("w1", self.p1, epoch: 1)]
        )
    }

    @Test("what should run and is missing from an inventory is started again, but not on the word of an older one")
    func missing() {
        var cluster = Cluster(workers: 1)
        cluster.deploy("g", on: ["w1"])
        let started = Plans.plan(cluster.state, at: 10).backOff
        cluster.report(self.p1)
        let restart = [Plans.start("w1", self.p1, epoch: 1)]
        #expect(Plans.plan(cluster.state, at: 13, after: started).actions.isEmpty)
        #expect(Plans.plan(cluster.state, ["w1": Plans.heard(9)], at: 13, after: started).actions.isEmpty)
        #expect(Plans.plan(cluster.state, ["w1": Plans.heard(12)], at: 13, after: started).actions == restart)
        #expect(Plans.plan(cluster.state, ["w1": Plans.heard(9)], at: 13).actions == restart)
        #expect(Plans.plan(cluster.state, ["w1": Plans.heard(12, nil)], at: 13, after: started).actions.isEmpty)
    }

    // MARK: - Orphans

    @Test("what nobody wants is stopped: no such group, another worker's, an older epoch")
    func orphans() {
        var cluster = Cluster(workers: 2)
        cluster.deploy("g", on: ["w1", "w2"])
        cluster.apply(.reassign(Command.Reassign(placement: self.p1, from: Epoch(1), to: "w1")))
        cluster.report(self.p1, id: "new")
        cluster.report(self.p2)
        let gone = PlacementKey(group: "gone", pipeline: "p1")
        let inventory = [
            Plans.holds(self.p1, epoch: 1, id: "old"), Plans.holds(self.p1, epoch: 3, id: "new"),
            Plans.holds(gone, epoch: 1, id: "gone"), Plans.holds(self.p2, epoch: 2, id: "theirs"),
            Plans.holds(gone, epoch: 4, id: "from the future"),
        ]
        let stopped =
            [("old", self.p1, 1), ("gone", gone, 1), ("theirs", self.p2, 2)] as [(String, PlacementKey, UInt64)]
        let reports = ["w1": Plans.heard(1, inventory)] as [WorkerID: WorkerReport]
        let plan = Plans.plan(cluster.state, reports, at: 1)
        #expect(
            plan.actions
                == stopped.map {
                    .stopPipeline(StopPipeline(worker: "w1", pipelineID: $0.0, placement: $0.1, epoch: Epoch($0.2)))
                }
        )
        // Not again before the worker has spoken again, however long that takes.
        #expect(Plans.plan(cluster.state, reports, at: 9, after: plan.backOff).actions.isEmpty)
        #expect(
            Plans.plan(cluster.state, ["w1": Plans.heard(6, inventory)], at: 9, after: plan.backOff).actions
                == plan.actions
        )
    }

    @Test("orphans at unhealthy and draining workers are stopped as well, as long as they can be heard")
    func orphansEverywhere() {
        var cluster = Cluster(workers: 2)
        cluster.setStatus("w1", .unhealthy)
        cluster.setStatus("w2", .draining)
        cluster.deploy("g", on: [nil])
        cluster.register("w3")
        cluster.apply(.reassign(Command.Reassign(placement: self.p1, from: .zero, to: "w3")))
        cluster.report(self.p1)
        let report = Plans.heard(20, [Plans.holds(self.p1, epoch: 1)])
        let reports = ["w1": report, "w2": report, "w3": report] as [WorkerID: WorkerReport]
        let stop = { (worker: WorkerID) in
            Action.stopPipeline(
                StopPipeline(worker: worker, pipelineID: "x", placement: self.p1, epoch: Epoch(1))
            )
        }
        #expect(
            Plans.plan(cluster.state, reports, at: 21).actions
                == [Plans.judged("w1", .unhealthy, .ready), stop("w1"), stop("w2")]
        )
        let old = ["w2": Plans.heard(4, [Plans.holds(self.p1, epoch: 1)]), "w3": report] as [WorkerID: WorkerReport]
        #expect(Plans.plan(cluster.state, old, at: 20).actions == [Plans.judged("w2", .draining, .unhealthy)])
    }
}
