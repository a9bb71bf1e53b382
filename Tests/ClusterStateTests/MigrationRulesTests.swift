import ClusterState
import Testing

@Suite("Rules about migrations")
struct MigrationRulesTests {
    private let p1 = PlacementKey(group: "g", pipeline: "p1")
    private let p2 = PlacementKey(group: "g", pipeline: "p2")

    /// `p1` runs on w1 (e1), `p2` on w2 (e2); w3 is empty. Migration `m` of `p1` to w3 is begun unless told otherwise.
    private func log(started: Bool = true) -> Log {
        var log = Log.withWorkers(3)
        log.apply(.deploy("g", on: ["w1", "w2"]))
        log.apply(.report(self.p1, epoch: 1, .running))
        if started { log.apply(.migrate("m", self.p1, from: 1, to: "w3")) }
        return log
    }

    /// The same, switched: `p1` is at w3 (e3).
    private func switched() -> Log {
        var log = self.log()
        log.apply(.advance("m", .checkpointing, .deploying))
        return log
    }

    @Test("a migration goes from the source over the switch to its end")
    func wholeWay() throws {
        var log = self.log(started: false)
        #expect(log.apply(.migrate("m", self.p1, from: 1, to: "w3")) == .migration("m", created: true))
        #expect(log.apply(.migrate("m", self.p1, from: 1, to: "w3")) == .migration("m", created: false))
        #expect(log.state.openMigration(of: self.p1)?.phase == .checkpointing)
        #expect(log.state.placement(self.p1)?.worker == "w1")
        #expect(log.apply(.advance("m", .checkpointing, .deploying, checkpoint: "c")) == .done)
        let placement = try #require(log.state.placement(self.p1))
        #expect(placement.worker == "w3" && placement.epoch == Epoch(3) && placement.status == .pending)
        let migration = try #require(log.state.migration("m"))
        #expect(migration.source == "w1" && migration.sourceEpoch == Epoch(1))
        #expect(migration.target == "w3" && migration.targetEpoch == Epoch(3))
        #expect(migration.ranAtSource && migration.checkpoint == "c" && migration.reason == .manual)
        #expect(log.apply(.advance("m", .deploying, .restoring)) == .done)
        #expect(
            log.apply(.advance("m", .restoring, .cleaningUp)) == .refused(.preconditionFailed(.notRunning("g")))
        )
        log.apply(.report(self.p1, epoch: 3, .running))
        #expect(log.apply(.advance("m", .restoring, .switching)) == .done)
        #expect(log.apply(.advance("m", .switching, .cleaningUp)) == .done)
        #expect(log.apply(.advance("m", .cleaningUp, .completed)) == .done)
        #expect(log.apply(.advance("m", .cleaningUp, .completed)) == .done)
        let finished = try #require(log.state.migration("m"))
        #expect(finished.startedMilliseconds == 6_000)
        #expect(finished.finishedMilliseconds == (log.index - 1) * 1_000)
        #expect(log.state.openMigration(of: self.p1) == nil && log.state.migrationCountUnderWay == 0)
    }

    @Test("a migration that can't be is refused")
    func refusedStarts() {
        var log = self.log()
        #expect(log.apply(.migrate("n", self.p1, from: 1, to: "w2")) == .refused(.migrationExists("m")))
        #expect(log.apply(.migrate("m", self.p2, from: 2, to: "w3")) == .refused(.migrationExists("m")))
        #expect(log.apply(.migrate("n", self.p2, from: 1, to: "w3")) == .refused(.preconditionFailed(.epoch(Epoch(2)))))
        #expect(
            log.apply(.migrate("n", self.p2, from: 2, to: "w2"))
                == .refused(.invalid("g/p2 is at worker w2 already"))
        )
        #expect(
            log.apply(.migrate("n", self.p2, from: 2, to: "w9"))
                == .refused(.preconditionFailed(.workerUnavailable("w9")))
        )
        #expect(
            log.apply(.migrate("", self.p2, from: 2, to: "w3"))
                == .refused(.invalid("the id of a migration must have 1 to 128 bytes"))
        )
        let nothing = PlacementKey(group: "g", pipeline: "p9")
        #expect(log.apply(.migrate("n", nothing, from: 2, to: "w3")) == .refused(.placementNotFound(nothing)))
        log.apply(.deregister("w2"))
        #expect(
            log.apply(.migrate("n", self.p2, from: 2, to: "w3"))
                == .refused(.invalid("g/p2 has no worker to leave"))
        )
        #expect(log.state.migrations.map(\.id) == ["m"])
    }

    @Test("nobody sends a pipeline to a worker without the labels it needs")
    func labels() {
        var log = Log.withWorkers(2)
        log.apply(.register("w3", labels: ["zone": "a"]))
        let spec = ClusterState.GroupSpec(name: "g", pipelines: [.init(name: "p1", source: "s", labels: ["zone": "a"])])
        log.apply(.deployGroup(.init(group: "g", spec: spec, workers: ["w1"])))
        #expect(
            log.apply(.migrate("m", self.p1, from: 1, to: "w2"))
                == .refused(.invalid("worker w2 does not have the labels zone=a"))
        )
        #expect(log.apply(.migrate("m", self.p1, from: 1, to: "w3")) == .migration("m", created: true))
    }

    @Test("only the next steps are taken, and only from where the migration is")
    func refusedSteps() {
        var log = self.log()
        #expect(log.apply(.advance("x", .checkpointing, .deploying)) == .refused(.migrationNotFound("x")))
        #expect(
            log.apply(.advance("m", .deploying, .cleaningUp))
                == .refused(.preconditionFailed(.migrationPhase(.checkpointing)))
        )
        for phase in [.restoring, .switching, .cleaningUp, .completed, .cancelled]
            as [ClusterState.Migration.Phase]
        {
            #expect(
                log.apply(.advance("m", .checkpointing, phase))
                    == .refused(.invalid("a migration does not take such a step"))
            )
        }
        let long = String(repeating: "l", count: 4_097)
        #expect(
            log.apply(.advance("m", .checkpointing, .failed(long)))
                == .refused(.invalid("the reason has more than 4096 bytes"))
        )
        #expect(
            log.apply(.advance("m", .checkpointing, .deploying, checkpoint: long))
                == .refused(.invalid("the name of the checkpoint has more than 4096 bytes"))
        )
        log.apply(.status("w3", .ready, .unhealthy))
        #expect(
            log.apply(.advance("m", .checkpointing, .deploying))
                == .refused(.preconditionFailed(.workerUnavailable("w3")))
        )
        #expect(log.state.migration("m")?.phase == .checkpointing)
    }

    @Test("one whose target fails goes back to the source at a new epoch, if the source can take it")
    func failure() throws {
        var log = self.switched()
        #expect(log.apply(.advance("m", .deploying, .failed("no"))) == .done)
        #expect(log.state.placement(self.p1)?.worker == "w1")
        #expect(log.state.placement(self.p1)?.epoch == Epoch(4))
        #expect(log.state.migration("m")?.phase == .failed("no"))
        // Also to a worker that is being drained.
        log = self.switched()
        log.apply(.drain("w1"))
        log.apply(.advance("m", .deploying, .failed("no")))
        #expect(log.state.placement(self.p1)?.worker == "w1")
        // But not to one that is gone, or if it had not run there either.
        log = self.switched()
        log.apply(.status("w1", .ready, .unhealthy))
        log.apply(.advance("m", .deploying, .failed("no")))
        #expect(log.state.placement(self.p1)?.worker == "w3")
        #expect(log.state.placement(self.p1)?.epoch == Epoch(3))
        log = self.log(started: false)
        log.apply(.report(self.p1, epoch: 1, .failed("broken")))
        log.apply(.migrate("m", self.p1, from: 1, to: "w3"))
        log.apply(.advance("m", .checkpointing, .deploying))
        log.apply(.advance("m", .deploying, .failed("no")))
        #expect(log.state.placement(self.p1)?.worker == "w3")
    }

    @Test("a migration is cancelled until routes are switched; after the switch of owners it goes back")
    func cancel() {
        var log = self.log()
        #expect(log.apply(.cancel("m")) == .done)
        #expect(log.apply(.cancel("m")) == .done)
        #expect(log.state.placement(self.p1)?.epoch == Epoch(1))
        #expect(log.state.migration("m")?.phase == .cancelled)
        #expect(log.apply(.cancel("x")) == .refused(.migrationNotFound("x")))
        #expect(
            log.apply(.advance("m", .checkpointing, .deploying))
                == .refused(.preconditionFailed(.migrationPhase(.cancelled)))
        )

        log = self.switched()
        #expect(log.apply(.cancel("m")) == .done)
        #expect(log.state.placement(self.p1)?.worker == "w1")
        #expect(log.state.placement(self.p1)?.epoch == Epoch(4))

        log = self.switched()
        log.apply(.status("w1", .ready, .unhealthy))
        #expect(log.apply(.cancel("m")) == .refused(.preconditionFailed(.workerUnavailable("w1"))))
        #expect(log.state.migration("m")?.phase == .deploying)
        log.apply(.advance("m", .deploying, .switching))
        #expect(log.apply(.cancel("m")) == .refused(.preconditionFailed(.migrationPhase(.switching))))
    }

    @Test("a migration outlives restarts of its workers, and updates")
    func follows() {
        var log = self.log()
        log.apply(.register("w1", incarnation: 2, replacing: 1))
        #expect(log.state.migration("m")?.sourceEpoch == Epoch(3))
        log.apply(.advance("m", .checkpointing, .deploying))
        log.apply(.register("w3", incarnation: 2, replacing: 1))
        #expect(log.state.migration("m")?.targetEpoch == Epoch(5))
        let spec = ClusterState.GroupSpec(
            name: "g",
            pipelines: [.init(name: "p1", source: "changed"), .init(name: "p2", source: "s")]
        )
        log.apply(.updateGroup(.init(group: "g", generation: 4, spec: spec, workers: [])))
        #expect(log.state.migration("m")?.targetEpoch == Epoch(6))
        #expect(log.state.migration("m")?.phase == .deploying)
    }

    @Test("a migration ends when its pipeline goes elsewhere or is gone")
    func ends() {
        var log = self.log()
        log.apply(.reassign(self.p1, from: 1, to: "w2"))
        #expect(log.state.migration("m")?.phase == .failed("the pipeline was assigned to worker w2"))
        log = self.log()
        log.apply(.delete("g"))
        #expect(log.state.migration("m")?.phase == .cancelled)
        log = self.log()
        log.apply(.deregister("w1"))
        #expect(log.state.migration("m")?.phase == .failed("worker w1 was deregistered"))
        log = self.log()
        let spec = ClusterState.GroupSpec(name: "g", pipelines: [.init(name: "p2", source: "s")])
        log.apply(.updateGroup(.init(group: "g", generation: 4, spec: spec, workers: [])))
        #expect(log.state.migration("m")?.phase == .cancelled)
        // It had arrived.
        log = self.switched()
        log.apply(.report(self.p1, epoch: 3, .running))
        log.apply(.advance("m", .deploying, .cleaningUp))
        log.apply(.reassign(self.p1, from: 3, to: "w2"))
        #expect(log.state.migration("m")?.phase == .completed)
    }

    @Test("a reassignment because of a lost worker is seen as a migration that has switched already")
    func failover() throws {
        var log = self.log()
        log.apply(.status("w1", .ready, .unhealthy))
        #expect(log.apply(.reassign(self.p1, from: 1, to: "w2", migration: "m")) == .refused(.migrationExists("m")))
        #expect(log.apply(.reassign(self.p1, from: 1, to: "w2", migration: "f")) == .assigned(Epoch(3)))
        let migration = try #require(log.state.openMigration(of: self.p1))
        #expect(migration.id == "f" && migration.reason == .failover && migration.phase == .deploying)
        #expect(migration.source == "w1" && migration.sourceEpoch == Epoch(1))
        #expect(migration.target == "w2" && migration.targetEpoch == Epoch(3))
        #expect(log.state.migration("m")?.phase == .failed("the pipeline was assigned to worker w2"))
        // From no worker, or to the same one, nothing migrates.
        log = self.log(started: false)
        log.apply(.reassign(self.p1, from: 1, to: "w1", migration: "f"))
        #expect(log.state.migrations.isEmpty)
    }

    @Test("what finished long ago is forgotten, what is under way never")
    func prune() {
        var log = self.log()
        log.apply(.migrate("n", self.p2, from: 2, to: "w3"))
        log.apply(.cancel("m"))
        let finished = log.index * 1_000
        #expect(log.apply(.pruneMigrations(.init(before: finished))) == .done)
        #expect(log.state.migrations.map(\.id) == ["m", "n"])
        #expect(!log.state.hasMigrationsFinished(before: finished))
        #expect(log.state.hasMigrationsFinished(before: finished + 1))
        log.apply(.pruneMigrations(.init(before: .max)))
        #expect(log.state.migrations.map(\.id) == ["n"])
    }

    @Test("there are never more migrations than there may be: the first to finish is forgotten")
    func bound() {
        var state = self.log(started: false).state
        var index = state.appliedIndex
        func apply(_ command: Command) -> Response {
            index += 1
            return state.apply(command, index: index, time: index)
        }
        for number in 0...ClusterState.Migration.countMax {
            _ = apply(.migrate("m\(number)", self.p1, from: 1, to: "w3"))
            _ = apply(.cancel("m\(number)"))
        }
        #expect(state.migrations.count == ClusterState.Migration.countMax)
        #expect(state.migration("m0") == nil && state.migration("m1") != nil)
        #expect(state.violatedInvariant == nil)
    }
}
