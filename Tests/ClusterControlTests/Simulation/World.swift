import ClusterControl
import ClusterState
import Testing

/// Workers, a log and a leader that reconciles, in one seeded, single-threaded run. Time passes in half seconds.
/// Messages are late, lost and overtake each other; proposals are committed late or die with their leader.
struct World {
    enum Message {
        case register(WorkerID, WorkerIncarnation)
        case heartbeat(WorkerID, WorkerIncarnation, [ReportedPipeline])
        case registerAgain(WorkerID)
        case start(StartPipeline)
        case stop(StopPipeline)
        case started(StartPipeline, id: String)
        case commit(Command)
    }

    /// How rough the world is; without it everything arrives, and at once.
    var isRough = true
    /// Whether workers keep sessions, by whose end the leader learns of a death.
    var hasSessions = true
    private(set) var state = ClusterState()
    private(set) var machines: [Machine]
    private(set) var now: ControlInstant = .at(0)
    private(set) var lastActions: [Action] = []
    private var random: Seeded
    private var index: UInt64 = 0
    private var nextIncarnation: UInt64 = 0
    private var nextGroup = 0
    private var mail: [(at: ControlInstant, message: Message)] = []

    // The leader's soft state: gone with it.
    private var reports: [WorkerID: WorkerReport] = [:]
    private var losses: [WorkerID: SessionLoss] = [:]
    private var leaderSince: ControlInstant = .at(0)
    private var backOff = BackOff()
    private let reconciler = Reconciler()

    init(seed: UInt64, machines: Int) {
        self.random = Seeded(seed)
        self.machines = (1...machines).map { Machine(id: WorkerID("w\($0)")) }
        for index in self.machines.indices { self.boot(index) }
    }

    mutating func step() {
        self.now = self.now.advanced(by: .milliseconds(500))
        if self.isRough { self.misfortune() }
        for index in self.machines.indices { self.speak(index) }
        self.deliver()
        self.reconcile()
    }

    /// All cuts are mended, and nothing goes wrong any more. What is dead stays dead, but for one machine.
    mutating func calmDown() {
        self.isRough = false
        for index in self.machines.indices { self.machines[index].isCutOff = false }
        if !self.machines.contains(where: \.isUp) { self.boot(0) }
    }

    /// A machine's process dies. Its session breaks off, unless it was cut off anyway, and a probe finds nobody.
    mutating func kill(_ index: Int) {
        let machine = self.machines[index]
        if self.hasSessions, machine.isRegistered, !machine.isCutOff, let incarnation = machine.incarnation {
            self.losses[machine.id] = SessionLoss(
                incarnation: incarnation,
                lostAt: self.now,
                probeFailedAt: self.now
            )
        }
        self.machines[index].die()
    }

    // MARK: - Misfortune

    private mutating func misfortune() {
        let victim = Int.random(in: self.machines.indices, using: &self.random)
        switch self.random.next(upperBound: 120 as UInt64) {
        case 0: self.kill(victim)
        case 1: if !self.machines[victim].isUp { self.boot(victim) }
        case 2:
            // So fast that nobody noticed the death.
            self.kill(victim)
            self.boot(victim)
        case 3, 4: self.machines[victim].isCutOff.toggle()
        case 5, 6: self.machines[victim].harm(&self.random)
        case 7: self.changeLeader()
        case 8, 9, 10: self.deploy()
        case 11:
            if self.state.groupCount > 1, let group = self.state.groups.randomElement(using: &self.random) {
                self.send(.commit(.deleteGroup(Command.DeleteGroup(group: group.id))))
            }
        case 12:
            self.send(.commit(.deregister(Command.Deregister(worker: self.machines[victim].id))))
        default: break
        }
    }

    private mutating func boot(_ index: Int) {
        self.nextIncarnation += 1
        self.machines[index].boot(self.nextIncarnation)
        self.machines[index].nextHeartbeat = self.now
    }

    private mutating func changeLeader() {
        self.reports = [:]
        self.losses = [:]
        self.backOff = BackOff()
        self.leaderSince = self.now
        self.mail.removeAll { if case .commit = $0.message { true } else { false } }
    }

    private mutating func deploy() {
        self.nextGroup += 1
        let spec = ClusterState.GroupSpec(
            name: GroupName("g\(self.nextGroup)"),
            pipelines: [
                ClusterState.PipelineSpec(name: "a", source: "s"),
                ClusterState.PipelineSpec(name: "b", source: "s", replicas: self.random.next(upperBound: 4 as UInt32)),
            ]
        )
        var planner = PlacementPlanner(state: self.state)
        guard let plan = planner.plan(spec) else { return }
        let group = GroupID("g\(self.nextGroup)")
        self.send(.commit(.deployGroup(Command.DeployGroup(group: group, spec: spec, workers: plan.workers))))
    }

    // MARK: - Messages

    private mutating func send(_ message: Message) {
        guard self.isRough else { return self.mail.append((self.now, message)) }
        if case .commit = message {} else if self.random.once(in: 10) { return }
        let delay = self.random.once(in: 5) ? self.random.next(upperBound: 20 as UInt64) : 0
        self.mail.append((self.now.advanced(by: .milliseconds(delay * 500)), message))
    }

    private mutating func speak(_ index: Int) {
        let machine = self.machines[index]
        guard let incarnation = machine.incarnation, machine.nextHeartbeat <= self.now else { return }
        self.machines[index].nextHeartbeat = self.now.advanced(by: .seconds(machine.isRegistered ? 5 : 1))
        guard !machine.isCutOff else { return }
        if machine.isRegistered {
            self.send(.heartbeat(machine.id, incarnation, machine.inventory))
        } else {
            self.send(.register(machine.id, incarnation))
        }
    }

    private mutating func deliver() {
        // What is sent meanwhile may be due at once; it is delivered in the next round of the loop.
        while let next = self.mail.firstIndex(where: { $0.at <= self.now }) {
            self.receive(self.mail.remove(at: next).message)
        }
    }

    private mutating func receive(_ message: Message) {
        switch message {
        case .commit(let command):
            self.index += 1
            _ = self.state.apply(command, index: self.index, time: self.index)
        case .register(let worker, let incarnation):
            self.received(register: worker, incarnation)
        case .heartbeat(let worker, let incarnation, let inventory):
            guard self.state.worker(worker) != nil else { return self.send(.registerAgain(worker)) }
            // An overtaken heartbeat is older news, but the leader cannot tell.
            self.reports[worker] = WorkerReport(
                incarnation: incarnation,
                receivedAt: self.now,
                pipelinesRunning: UInt32(inventory.count),
                inventory: inventory
            )
        case .registerAgain(let worker):
            self.withMachine(worker) { machine in machine.isRegistered = false }
        case .start(let start):
            let succeeds = !self.isRough || !self.random.once(in: 6)
            var id: String?
            self.withMachine(start.worker) { machine in id = machine.start(start, succeeds: succeeds) }
            if let id { self.send(.started(start, id: id)) }
        case .stop(let stop):
            self.withMachine(stop.worker) { machine in machine.stop(stop) }
        case .started(let start, let id):
            self.send(
                .commit(
                    .reportPlacement(
                        Command.ReportPlacement(
                            placement: start.placement,
                            epoch: start.epoch,
                            status: .running,
                            pipelineID: id
                        )
                    )
                )
            )
        }
    }

    private mutating func received(register worker: WorkerID, _ incarnation: WorkerIncarnation) {
        let present = self.state.worker(worker)?.incarnation
        // A registration that was overtaken by its process's successor.
        if let present, present.rawValue > incarnation.rawValue { return }
        self.reports[worker] = WorkerReport(incarnation: incarnation, receivedAt: self.now, inventory: nil)
        self.losses[worker] = nil
        self.send(
            .commit(
                .register(
                    Command.Register(
                        worker: worker,
                        incarnation: incarnation,
                        address: "http://\(worker):9000",
                        capacity: ClusterState.Worker.Capacity(cpuCores: 1, pipelinesMax: 1000),
                        replacing: present
                    )
                )
            )
        )
        self.withMachine(worker) { machine in
            if machine.incarnation == incarnation { machine.isRegistered = true }
        }
    }

    /// Reaches a machine, if anything can.
    private mutating func withMachine(_ id: WorkerID, _ body: (inout Machine) -> Void) {
        guard let index = self.machines.firstIndex(where: { $0.id == id }) else { return }
        guard self.machines[index].isUp, !self.machines[index].isCutOff else { return }
        body(&self.machines[index])
    }

    private mutating func reconcile() {
        let plan = self.reconciler.plan(
            Situation(
                state: self.state,
                reports: self.reports,
                losses: self.losses,
                leaderSince: self.leaderSince,
                now: self.now
            ),
            backOff: self.backOff
        )
        self.backOff = plan.backOff
        self.lastActions = plan.actions
        for action in plan.actions {
            switch action {
            case .startPipeline(let start): self.send(.start(start))
            case .stopPipeline(let stop): self.send(.stop(stop))
            case .propose(let command): self.send(.commit(command))
            }
        }
    }
}

// MARK: - Judging

extension World {
    /// What must never be: two processes that hold the same pipeline at the same epoch, or a state that breaks its own
    /// rules.
    var violation: String? {
        if let violation = self.state.violatedInvariant { return violation }
        var owners: [String: WorkerID] = [:]
        for machine in self.machines {
            for pipeline in machine.inventory {
                let assignment = "\(pipeline.placement) at \(pipeline.epoch)"
                if let other = owners.updateValue(machine.id, forKey: assignment) {
                    return "\(assignment) is held by \(other) and \(machine.id)"
                }
            }
        }
        return nil
    }

    /// What is not yet as it should be: each placement runs once, at its newest epoch, where the state says, and
    /// nothing else runs anywhere.
    var shortcoming: String? {
        var wanted = 0
        for group in self.state.groups {
            for placement in group.placements {
                wanted += 1
                let key = group.key(of: placement)
                guard let machine = self.machines.first(where: { $0.id == placement.worker }), machine.isUp else {
                    return "\(key) has no living worker"
                }
                guard let held = machine.pipelines[key], held.epoch == placement.epoch, held.status == .running else {
                    return "\(key) does not run at \(placement.epoch) on \(machine.id)"
                }
                guard placement.status == .running, placement.pipelineID == held.id else {
                    return "\(key) runs, but the state says \(placement.status)"
                }
            }
        }
        let held = self.machines.reduce(0) { $0 + $1.pipelines.count }
        return held == wanted ? nil : "\(held) pipelines run where \(wanted) should"
    }
}
