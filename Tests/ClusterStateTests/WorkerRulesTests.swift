import ClusterState
import Testing

@Suite("Rules about workers")
struct WorkerRulesTests {
    private let p1 = PlacementKey(group: "g", pipeline: "p1")
    private let p2 = PlacementKey(group: "g", pipeline: "p2")

    @Test("a worker is ready as soon as it is registered")
    func register() throws {
        var log = Log()
        #expect(log.apply(.register("w1", incarnation: 7, address: "http://a:1", pipelinesMax: 3)) == .done)
        let worker = try #require(log.state.worker("w1"))
        #expect(worker.status == .ready)
        #expect(worker.incarnation == WorkerIncarnation(7))
        #expect(worker.address == "http://a:1")
        #expect(worker.capacity.pipelinesMax == 3)
        #expect(worker.registrationIndex == 1)
    }

    @Test("the same incarnation again keeps what runs and refreshes the rest")
    func registerAgain() throws {
        var log = Log.withWorkers(1)
        log.apply(.deploy("g", on: ["w1"]))
        log.apply(.report(self.p1, epoch: 1, .running))
        log.apply(.status("w1", .ready, .unhealthy))
        let before = try #require(log.state.placement(self.p1))
        #expect(log.apply(.register("w1", address: "http://b:2")) == .done)
        #expect(log.state.placement(self.p1) == before)
        #expect(log.state.worker("w1")?.address == "http://b:2")
        #expect(log.state.worker("w1")?.status == .ready)
        #expect(log.state.worker("w1")?.registrationIndex == 1)
    }

    @Test("a restarted worker keeps its placements, at new epochs and to be started again")
    func registerRestarted() throws {
        var log = Log.withWorkers(2)
        log.apply(.deploy("g", on: ["w1", "w2"]))
        log.apply(.report(self.p1, epoch: 1, .running))
        log.apply(.report(self.p2, epoch: 2, .running))
        #expect(log.apply(.register("w1", incarnation: 2, replacing: 1)) == .done)
        let first = try #require(log.state.placement(self.p1))
        #expect(first.worker == "w1" && first.epoch == Epoch(3) && first.status == .pending)
        #expect(first.pipelineID.isEmpty)
        #expect(log.state.placement(self.p2)?.epoch == Epoch(2))
        #expect(log.state.placement(self.p2)?.status == .running)
        #expect(log.state.worker("w1")?.registrationIndex == 6)
    }

    @Test("a registration that saw an older incarnation does not replace a newer one")
    func registerLate() {
        var log = Log.withWorkers(1)
        log.apply(.register("w1", incarnation: 2, replacing: 1))
        #expect(
            log.apply(.register("w1", incarnation: 3, replacing: 1))
                == .refused(.preconditionFailed(.incarnation(WorkerIncarnation(2))))
        )
        #expect(
            log.apply(.register("w1", incarnation: 1))
                == .refused(.preconditionFailed(.incarnation(WorkerIncarnation(2))))
        )
        #expect(log.state.worker("w1")?.incarnation == WorkerIncarnation(2))
    }

    @Test("draining outlives a repeated registration, and a restart ends it")
    func draining() {
        var log = Log.withWorkers(1)
        log.apply(.status("w1", .ready, .draining))
        log.apply(.register("w1"))
        #expect(log.state.worker("w1")?.status == .draining)
        log.apply(.register("w1", incarnation: 2, replacing: 1))
        #expect(log.state.worker("w1")?.status == .ready)
    }

    @Test("a worker's labels are those of its newest registration")
    func labels() {
        var log = Log()
        log.apply(.register("w1", labels: ["zone": "a", "rack": "1"]))
        #expect(log.state.worker("w1")?.labels.items.map(\.key) == ["rack", "zone"])
        #expect(log.state.worker("w1")?.labels["zone"] == "a")
        #expect(log.state.worker("w1")?.labels.include(["zone": "a"]) == true)
        #expect(log.state.worker("w1")?.labels.include(["zone": "b"]) == false)
        log.apply(.register("w1"))
        #expect(log.state.worker("w1")?.labels == [:])
    }

    @Test(
        "labels beyond their bounds are refused",
        arguments: [
            (["": "a"], "the key of a label must have 1 to 64 bytes"),
            ([String(repeating: "k", count: 65): "a"], "the key of a label must have 1 to 64 bytes"),
            (["k": String(repeating: "v", count: 257)], "the value of label k must not have more than 256 bytes"),
            (
                Dictionary(uniqueKeysWithValues: (0..<33).map { ("k\($0)", "") }),
                "there must not be more than 32 labels"
            ),
        ] as [([String: String], String)]
    )
    func faultyLabels(items: [String: String], fault: String) {
        var log = Log()
        #expect(log.apply(.register("w1", labels: Labels(items))) == .refused(.invalid(fault)))
        #expect(log.state.workers.isEmpty)
    }

    @Test("a worker's id belongs to the key it came with, until that is worth nothing")
    func keyOwnsID() {
        var log = Log()
        log.apply(.key("k", .operator))
        log.apply(.key("l", .operator, expires: 100_000))
        log.apply(.register("w1", key: "k"))
        #expect(log.state.worker("w1")?.key == "k")
        #expect(log.apply(.register("w1", address: "http://x", key: "l")) == .refused(.workerIDTaken("w1")))
        #expect(log.apply(.register("w1", incarnation: 2, replacing: 1)) == .refused(.workerIDTaken("w1")))
        #expect(log.state.worker("w1")?.address == "http://w:9000")
        #expect(log.apply(.register("w1", incarnation: 2, replacing: 1, key: "k")) == .done)
        #expect(log.apply(.register("w1", incarnation: 2, key: "l", takesOver: true)) == .done)
        #expect(log.state.worker("w1")?.key == "l")
        #expect(log.apply(.register("w1", incarnation: 2, key: "k")) == .refused(.workerIDTaken("w1")))
        // Expired.
        log.index = 200
        #expect(log.apply(.register("w1", incarnation: 2, key: "k")) == .done)
        log.apply(.revokeKey("k"))
        #expect(log.apply(.register("w1", incarnation: 2, key: "m")) == .done)
        // Nobody's.
        log.apply(.register("w2"))
        #expect(log.apply(.register("w2", key: "l")) == .done)
        #expect(log.state.worker("w2")?.key == "l")
    }

    @Test("a deregistered worker leaves its placements without a worker, never dangling")
    func deregister() throws {
        var log = Log.withWorkers(2)
        log.apply(.deploy("g", on: ["w1", "w2"]))
        log.apply(.report(self.p1, epoch: 1, .running))
        #expect(log.apply(.deregister("w1")) == .done)
        let placement = try #require(log.state.placement(self.p1))
        #expect(placement.worker == nil && placement.status == .pending && placement.epoch == Epoch(1))
        #expect(log.state.worker("w1") == nil)
        #expect(log.state.placement(self.p2)?.worker == "w2")
        #expect(log.apply(.deregister("w1")) == .refused(.workerNotFound("w1")))
    }

    @Test("deregistering may insist on an incarnation")
    func deregisterConditionally() {
        var log = Log.withWorkers(1)
        #expect(
            log.apply(.deregister("w1", incarnation: 9))
                == .refused(.preconditionFailed(.incarnation(WorkerIncarnation(1))))
        )
        #expect(log.apply(.deregister("w1", incarnation: 1)) == .done)
    }

    @Test("a status changes only from what the proposer saw, and repeating the change is harmless")
    func setStatus() {
        var log = Log.withWorkers(1)
        #expect(
            log.apply(.status("w1", .unhealthy, .draining)) == .refused(.preconditionFailed(.workerStatus(.ready)))
        )
        #expect(log.apply(.status("w1", .ready, .unhealthy)) == .done)
        #expect(log.apply(.status("w1", .ready, .unhealthy)) == .done)
        #expect(log.state.worker("w1")?.status == .unhealthy)
        #expect(
            log.apply(.status("w1", .unhealthy, .ready, incarnation: 2))
                == .refused(.preconditionFailed(.incarnation(WorkerIncarnation(1))))
        )
        #expect(log.apply(.status("w9", .ready, .unhealthy)) == .refused(.workerNotFound("w9")))
    }

    @Test("workers are listed by the bytes of their ids")
    func order() {
        var log = Log()
        for id in ["b", "a", "é", "B", "aa", "e\u{301}"] { log.apply(.register(id)) }
        #expect(log.state.workers.map(\.id.rawValue) == ["B", "a", "aa", "b", "e\u{301}", "é"])
        #expect(log.state.workers.count == 6)
    }
}
