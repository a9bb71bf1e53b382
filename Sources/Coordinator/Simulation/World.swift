import ClusterControl
import ClusterState
import RaftCore

/// A whole cluster in one thread: coordinators, workers, brokers and operators, driven by one seed.
///
/// The consensus, the replicated state, the reconciler and the ownership of pipelines are the real ones. Everything around
/// them is drawn from the seed, so that a run that fails can be repeated to the last step. Time is virtual, in
/// microseconds.
public final class World {
    var random: SeededGenerator
    var faults: Faults
    let overrides: Overrides
    let reconciler: Reconciler
    let settings: Settings
    var network: Network
    var agenda = Agenda()
    var coordinators: [CoordinatorMachine] = []
    var workers: [WorkerMachine] = []
    var brokers: [Broker] = []
    var connections: [UInt64: Connection] = [:]
    var subjects: [Subject] = []
    var oracle = Oracle()
    var report = Report()
    var trace = Fingerprint()
    var now: Moment = .seconds(1)
    /// Faults are over.
    var isHealed = false
    private var numbers: UInt64 = 0
    /// Told of each step in words, when somebody listens.
    let narrator: ((String) -> Void)?

    init(seed: UInt64, overrides: Overrides, narrator: ((String) -> Void)?) {
        var random = SeededGenerator(seed: seed)
        let faults = Faults(&random, movesLeased: overrides.mutants.contains(.moveLeased))
        self.random = random
        self.faults = faults
        self.overrides = overrides
        self.narrator = narrator
        self.settings = faults.settings
        self.network = Network(faults)
        self.reconciler = Reconciler(
            settings: Reconciler.Settings(
                heartbeatTimeout: .microseconds(Int64(faults.heartbeatTimeout)),
                retryFirst: .milliseconds(500),
                retryMax: .seconds(15),
                migrationPhaseMax: .seconds(10)
            )
        )
        for place in 0..<faults.coordinators {
            self.coordinators.append(CoordinatorMachine(place: place, clock: self.drawClock()))
        }
        for place in 0..<faults.workers {
            self.workers.append(WorkerMachine(place: place, clock: self.drawClock()))
        }
        self.brokers = Array(repeating: Broker(), count: faults.brokers)
        self.subjects = self.makeSubjects()
    }

    /// Runs `steps` steps with faults; then everything heals, and what should run must run again.
    public static func run(
        seed: UInt64,
        steps: Int,
        overrides: Overrides = Overrides(),
        narrator: ((String) -> Void)? = nil
    ) -> (report: Report, violation: Violation?) {
        let world = World(seed: seed, overrides: overrides, narrator: narrator)
        var violation: Violation?
        do throws(Violation) {
            try world.live(steps: steps)
            try world.recover()
        } catch {
            violation = error
        }
        world.report.time = world.now
        world.report.trace = world.trace.value
        return (world.report, violation)
    }

    private func live(steps: Int) throws(Violation) {
        for place in self.coordinators.indices { try self.startCoordinator(place) }
        for place in self.workers.indices { self.startWorker(place) }
        self.agenda.plan(.operate, at: self.now)
        self.agenda.plan(.fault, at: self.now + self.faults.interval)
        while self.report.steps < steps { try self.happen() }
    }

    /// Lets the next thing happen, and checks what must always hold: whatever may make an owner is followed by a look at
    /// all of them.
    func happen() throws(Violation) {
        guard let (time, event) = self.agenda.next() else {
            throw Violation(.liveness, "nothing is left to happen")
        }
        self.now = max(self.now, time)
        if let resumption = self.resumption(of: event) {
            self.agenda.plan(event, at: resumption)
            return
        }
        self.report.steps += 1
        self.trace.mix(self.now)
        switch event {
        case .deliver(let from, let to, let message): try self.deliver(message, from: from, to: to)
        case .up(let connection, let packet):
            try self.arrive(packet, over: connection)
            try self.checkOwners()
        case .down(let connection, let packet):
            self.arrive(packet, over: connection)
            try self.checkOwners()
        case .droppedAtBroker(let connection): self.drop(connection)
        case .coordinator(let place, let boot, let task):
            guard self.coordinators[place].boot == boot, let process = self.coordinators[place].process else { return }
            try self.carryOut(task, place, process)
        case .worker(let place, let boot, let task):
            guard self.workers[place].boot == boot, let process = self.workers[place].process else { return }
            try self.carryOut(task, place, process)
            try self.checkOwners()
        case .operate: self.operate()
        case .retry(let subject, let number): self.retry(subject, number)
        case .fault: self.strike()
        case .ambush(let kind, let worker): self.strike(kind, coordinator: 0, worker: worker)
        case .restart(.coordinator(let place)):
            if self.coordinators[place].process == nil { try self.startCoordinator(place) }
        case .restart(.worker(let place)):
            if self.workers[place].process == nil, !self.workers[place].isRetired { self.startWorker(place) }
        case .restart: break
        }
    }

    /// When a stopped process goes on. It then handles what has come meanwhile.
    private func resumption(of event: Event) -> Moment? {
        let until: Moment =
            switch event {
            case .deliver(_, .coordinator(let place), _), .coordinator(let place, _, _):
                self.coordinators[place].pausedUntil
            case .deliver(_, .worker(let place), _), .worker(let place, _, _): self.workers[place].pausedUntil
            case .down(let connection, _): self.connections[connection].map { self.workers[$0.worker].pausedUntil } ?? 0
            default: 0
            }
        return until > self.now ? until : nil
    }

    private func deliver(_ message: Message, from: Party, to: Party) throws(Violation) {
        guard self.network.isOpen(from, to, at: self.now) else { return }
        switch to {
        case .coordinator(let place):
            guard let process = self.coordinators[place].process else { return }
            try self.receive(message, from: from, place, process)
        case .worker(let place):
            guard let process = self.workers[place].process else { return self.refuse(message, place) }
            try self.receive(message, from: from, place, process)
            try self.checkOwners()
        case .operators:
            if case .reply(let reply) = message { try self.receive(reply) }
        case .broker: break
        }
    }

    /// Puts a message on its way. It may be lost, come twice, or late.
    func send(_ message: Message, from: Party, to: Party) {
        if self.suffers(.drop, self.faults.drop) { return }
        let copies = self.suffers(.duplicate, self.faults.duplicate) ? 2 : 1
        for _ in 0..<copies {
            self.agenda.plan(.deliver(from: from, to: to, message), at: self.now + self.drawDelay())
        }
    }

    func drawDelay() -> Moment {
        let delay = self.draw(self.faults.delay)
        return self.suffers(.late, self.faults.late) ? delay + self.draw(0...self.faults.lateMax) : delay
    }

    /// What wall clocks show.
    var wallMilliseconds: UInt64 { 1_700_000_000_000 + self.now / 1_000 }

    // MARK: Chance

    func draw(_ range: ClosedRange<UInt64>) -> UInt64 { UInt64.random(in: range, using: &self.random) }

    /// True in `parts` of 1,000 cases.
    func chance(_ parts: UInt64) -> Bool { parts > 0 && self.draw(0...999) < parts }

    /// A place below `count`, which is above zero.
    func drawPlace(below count: Int) -> Int { Int(self.draw(0...UInt64(count - 1))) }

    private func drawClock() -> Clock { Clock(rate: self.draw(self.faults.clockRates)) }

    /// A number that nothing else in the world has.
    func nextNumber() -> UInt64 {
        self.numbers += 1
        return self.numbers
    }

    /// Whether something goes wrong that comes too often to be told of.
    private func suffers(_ kind: FaultKind, _ parts: UInt64) -> Bool {
        guard self.chance(parts), !self.overrides.without.contains(kind) else { return false }
        self.report.count(kind)
        return true
    }

    func narrate(_ line: @autoclosure () -> String) {
        guard let narrator = self.narrator else { return }
        narrator("\(self.now) us  \(line())")
    }
}
