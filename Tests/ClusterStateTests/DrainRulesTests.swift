import ClusterState
import Testing

@Suite("Rules about drains")
struct DrainRulesTests {
    private let p1 = PlacementKey(group: "g", pipeline: "p1")

    /// `p1` on w1; w2 is empty. The drain of w1 began at index 4.
    private func log() -> Log {
        var log = Log.withWorkers(2)
        log.apply(.deploy("g", on: ["w1"]))
        log.apply(.drain("w1", deadline: 60_000))
        return log
    }

    private func finish(_ worker: WorkerID, _ drain: UInt64, _ end: Command.FinishDrain.End) -> Command {
        .finishDrain(Command.FinishDrain(worker: worker, drain: drain, end: end))
    }

    @Test("a worker that is drained gets nothing more, and keeps what it has until that is moved")
    func start() throws {
        var log = self.log()
        let worker = try #require(log.state.worker("w1"))
        #expect(worker.status == .draining && worker.assignedCount == 1)
        let drain = try #require(worker.drain)
        #expect(drain.startIndex == 4 && drain.startedMilliseconds == 4_000)
        #expect(drain.deadlineMilliseconds == 60_000 && drain.phase == .moving)
        #expect(log.apply(.deploy("h", on: ["w1"])) == .refused(.preconditionFailed(.workerUnavailable("w1"))))
        #expect(log.apply(self.finish("w1", 4, .drained)) == .refused(.preconditionFailed(.assigned(1))))
        // A wish that is there already only gets another deadline.
        log.apply(.drain("w1"))
        #expect(log.state.worker("w1")?.drain?.startIndex == 4)
        #expect(log.state.worker("w1")?.drain?.deadlineMilliseconds == nil)
        #expect(log.apply(.drain("w9")) == .refused(.workerNotFound("w9")))
        #expect(
            log.apply(.drain("w1", incarnation: 9))
                == .refused(.preconditionFailed(.incarnation(WorkerIncarnation(1))))
        )
    }

    @Test("it is drained when it has nothing any more")
    func drained() {
        var log = self.log()
        log.apply(.reassign(self.p1, from: 1, to: "w2"))
        #expect(log.apply(self.finish("w1", 3, .drained)) == .refused(.preconditionFailed(.workerStatus(.draining))))
        #expect(log.apply(self.finish("w1", 4, .drained)) == .done)
        #expect(log.apply(self.finish("w1", 4, .drained)) == .done)
        #expect(log.state.worker("w1")?.status == .drained)
        log.apply(.register("w1"))
        #expect(log.state.worker("w1")?.status == .drained)
        #expect(
            log.apply(.reassign(self.p1, from: 2, to: "w1")) == .refused(.preconditionFailed(.workerUnavailable("w1")))
        )
        log.apply(.cancelDrain(.init(worker: "w1")))
        #expect(log.state.worker("w1")?.status == .ready)
    }

    @Test("past its deadline a drain leaves the rest where it is, and can be taken up again")
    func overdue() {
        var log = self.log()
        #expect(log.apply(self.finish("w1", 4, .overdue)) == .done)
        #expect(log.state.worker("w1")?.status == .draining)
        #expect(log.state.worker("w1")?.drain?.phase == .overdue)
        #expect(log.state.placement(self.p1)?.worker == "w1")
        log.apply(.drain("w1"))
        #expect(log.state.worker("w1")?.drain?.phase == .moving)
        #expect(log.state.worker("w1")?.drain?.startIndex == log.index)
    }

    @Test("a drain outlives a silence, but not the process")
    func silence() {
        var log = self.log()
        log.apply(.status("w1", .draining, .unhealthy))
        #expect(log.apply(self.finish("w1", 4, .overdue)) == .refused(.preconditionFailed(.workerStatus(.unhealthy))))
        log.apply(.status("w1", .unhealthy, .draining))
        #expect(log.state.worker("w1")?.drain?.startIndex == 4)
        log.apply(.status("w1", .draining, .unhealthy))
        log.apply(.register("w1"))
        #expect(log.state.worker("w1")?.status == .draining)
        log.apply(.register("w1", incarnation: 2, replacing: 1))
        #expect(log.state.worker("w1")?.status == .ready)
        #expect(log.state.worker("w1")?.drain == nil)
    }

    @Test("a cancelled drain calls off the migrations that have not left yet")
    func cancel() {
        var log = self.log()
        log.apply(.migrate("m", self.p1, from: 1, to: "w2", .drain, drain: 4))
        #expect(log.apply(.cancelDrain(.init(worker: "w1"))) == .done)
        #expect(log.state.worker("w1")?.status == .ready)
        #expect(log.state.migration("m")?.phase == .cancelled)
        #expect(log.apply(.cancelDrain(.init(worker: "w1"))) == .done)
        #expect(log.apply(.cancelDrain(.init(worker: "w9"))) == .refused(.workerNotFound("w9")))
        log = self.log()
        log.apply(.migrate("m", self.p1, from: 1, to: "w2", .drain, drain: 4))
        log.apply(.advance("m", .checkpointing, .deploying))
        log.apply(.migrate("n", PlacementKey(group: "g", pipeline: "p9"), from: 1, to: "w2"))
        log.apply(.cancelDrain(.init(worker: "w1")))
        #expect(log.state.migration("m")?.phase == .deploying)
    }

    @Test("an unhealthy worker may be drained: it is as soon as it is back")
    func unhealthy() {
        var log = Log.withWorkers(1)
        log.apply(.status("w1", .ready, .unhealthy))
        log.apply(.drain("w1"))
        #expect(log.state.worker("w1")?.status == .unhealthy)
        log.apply(.status("w1", .unhealthy, .draining))
        #expect(log.state.worker("w1")?.drain?.startIndex == 3)
    }

    @Test("nobody is called drained but by the end of a drain; to be ready ends it")
    func statuses() {
        var log = Log.withWorkers(1)
        #expect(
            log.apply(.status("w1", .ready, .drained))
                == .refused(.invalid("a worker is drained when its drain has finished"))
        )
        log.apply(.status("w1", .ready, .draining))
        #expect(log.state.worker("w1")?.drain?.phase == .moving)
        log.apply(.status("w1", .draining, .ready))
        #expect(log.state.worker("w1")?.drain == nil)
    }
}
