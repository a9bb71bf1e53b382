import RaftCore

/// A cluster in one thread: several members, a network, disks and clients, all driven by one seed.
///
/// The members are the real core. Everything around them is drawn from the seed, so a run that fails can be repeated
/// to the last step. Time is virtual, in microseconds.
public struct World {
    var random: SeededGenerator
    var faults: Faults
    var members: [Member]
    var network: Network
    var agenda = Agenda()
    var oracle = Oracle()
    var clients = Clients()
    var report = Report()
    var now: UInt64 = 1_000
    var trace = Fingerprint()
    /// Told of each step in words, when somebody listens.
    var narrator: ((String) -> Void)?
    var violation: Violation?
    private var effects = Effects()

    struct Member {
        /// Nil while it has no power.
        var core: Consensus?
        var disk = Disk()
        /// Counts power-ups: what was under way for an earlier one is void.
        var boot: UInt64 = 0
        /// The plan number of the timer that counts, and when it fires.
        var timer: (plan: UInt64, time: UInt64) = (0, .max)
        /// Until when it does nothing, though it lives.
        var pausedUntil: UInt64 = 0
    }

    public init(seed: UInt64, narrator: ((String) -> Void)? = nil) {
        var random = SeededGenerator(seed: seed)
        let faults = Faults(&random)
        self.random = random
        self.faults = faults
        self.members = Array(repeating: Member(), count: faults.members)
        self.network = Network(members: faults.members)
        self.narrator = narrator
    }

    /// Runs `steps` steps with faults; then everything heals, and the cluster must serve again.
    public static func run(
        seed: UInt64,
        steps: Int,
        narrator: ((String) -> Void)? = nil
    ) -> (report: Report, violation: Violation?) {
        var world = World(seed: seed, narrator: narrator)
        do throws(Violation) {
            try world.live(steps: steps)
            try world.recover()
        } catch {
            world.violation = error
        }
        world.report.commits = world.oracle.committed.count
        world.report.trace = world.trace.value
        return (world.report, world.violation)
    }

    // MARK: The two phases

    private mutating func live(steps: Int) throws(Violation) {
        for member in self.members.indices { try self.powerUp(member) }
        self.agenda.plan(.client, at: self.now)
        self.agenda.plan(.fault, at: self.now + self.faults.faultInterval)
        while self.report.steps < steps { try self.happen() }
    }

    /// Liveness: with all members up and the network whole, a leader is found, new writes are acknowledged and all
    /// members commit the same, within a bounded time.
    private mutating func recover() throws(Violation) {
        self.network.healAll()
        self.faults.drop = 0
        self.faults.classes = []
        self.faults.ambush = 0
        for member in self.members.indices {
            self.members[member].pausedUntil = 0
            if self.members[member].core == nil { try self.powerUp(member) }
        }
        let start = self.now
        let goal = self.report.acknowledged + 100
        while self.now < start + 60_000_000 {
            try self.happen()
            if self.report.acknowledged >= goal && self.isConverged { return }
            if self.report.acknowledged >= goal { self.clients.isQuiet = true }
        }
        throw Violation(invariant: "liveness", detail: "no service within 60 s of healing")
    }

    private var isConverged: Bool {
        let commits = self.members.map { $0.core?.status.commit }
        return commits.allSatisfy { $0 == commits[0] && $0?.rawValue == UInt64(self.oracle.committed.count) }
    }

    // MARK: Events

    private mutating func happen() throws(Violation) {
        guard let (time, event) = self.agenda.next() else {
            throw Violation(invariant: "liveness", detail: "nothing is left to happen")
        }
        self.now = max(self.now, time)
        switch event {
        case .deliver(let envelope):
            let place = Int(envelope.to.rawValue) - 1
            if self.isPaused(place, else: event) { return }
            guard self.network.connects(envelope.from, envelope.to) else { return }
            try self.step(place, .message(envelope))
        case .timer(let place, let plan):
            guard self.members[place].timer.plan == plan else { return }
            if self.isPaused(place, else: event) { return }
            self.members[place].timer.time = .max
            try self.step(place, .timer)
        case .synced(let place, let boot):
            guard self.members[place].boot == boot else { return }
            try self.finishSync(place)
        case .client:
            try self.clientActs()
        case .fault:
            try self.faultStrikes()
        case .restart(let place):
            if self.members[place].core == nil { try self.powerUp(place) }
        case .heal(let one, let other):
            self.network.heal(one, other)
        }
    }

    /// A stopped process handles what has come meanwhile when it goes on.
    private mutating func isPaused(_ place: Int, else event: Agenda.Event) -> Bool {
        let until = self.members[place].pausedUntil
        guard until > self.now else { return false }
        self.agenda.plan(event, at: until)
        return true
    }

    // MARK: Steps

    /// One input, handled by one member, and everything that follows from it.
    mutating func step(_ place: Int, _ input: Input) throws(Violation) {
        guard var core = self.members[place].core else { return }
        self.members[place].core = nil  // so that it is changed without being copied
        let before = core.status
        self.effects.removeAll()
        core.handle(input, now: Instant(nanoseconds: self.now * 1_000), into: &self.effects)
        let after = core.status
        self.report.steps += 1
        self.note(place, input, after)
        self.members[place].core = core

        var elections = 0
        try self.oracle.check(
            core,
            before: before,
            effects: self.effects,
            disks: self.members.map(\.disk),
            onNewLeader: { elections += 1 }
        )
        self.report.elections += elections
        try self.clients.check(self.effects, core, self.oracle, &self.report)

        self.members[place].disk.enqueue(self.effects.writes)
        self.startSync(place)
        let isAmbushed = after.role == .leader && self.effects.isMomentous && self.chance(self.faults.ambush)
        if isAmbushed && self.chance(500) { return try self.crash(place) }
        for envelope in self.effects.messages { self.transmit(envelope) }
        self.planTimer(place, core)
        if isAmbushed { try self.crash(place) }
    }

    private mutating func note(_ place: Int, _ input: Input, _ status: Status) {
        self.trace.mix(self.now)
        self.trace.mix(UInt64(place))
        self.trace.mix(status.term.rawValue)
        self.trace.mix(status.commit.rawValue)
        self.trace.mix(status.last.index.rawValue)
        guard let narrator = self.narrator else { return }
        narrator(
            "\(self.now) us  member \(status.id) \(status.role) \(status.term) log \(status.last) durable "
                + "\(status.durable) commit \(status.commit) <- \(input.summary)"
        )
    }

    private mutating func planTimer(_ place: Int, _ core: Consensus) {
        let deadline = max(self.now, core.deadline.nanoseconds / 1_000 + 1)
        guard deadline < self.members[place].timer.time else { return }
        self.members[place].timer = (self.members[place].timer.plan + 1, deadline)
        self.agenda.plan(.timer(member: place, plan: self.members[place].timer.plan), at: deadline)
    }

    // MARK: Disk, network, power

    private mutating func startSync(_ place: Int) {
        guard self.members[place].disk.start() else { return }
        let isSpike = self.chance(self.faults.diskSpikes)
        let most = isSpike ? self.faults.diskMax : self.faults.diskUsual
        let time = self.draw(self.faults.diskUsual / 2...most)
        self.agenda.plan(.synced(member: place, boot: self.members[place].boot), at: self.now + time)
    }

    private mutating func finishSync(_ place: Int) throws(Violation) {
        let receipt = try self.changeDisk(place) { $0.finish($1) }
        self.startSync(place)
        if let receipt { try self.step(place, .persisted(receipt)) }
    }

    /// Lets `change` at the disk, with the oracle watching what it gives up.
    mutating func changeDisk<R>(
        _ place: Int,
        _ change: (inout Disk, (ArraySlice<Entry>) -> Void) -> R
    ) throws(Violation) -> R {
        var violation: Violation?
        let oracle = self.oracle
        let result = change(&self.members[place].disk) { entries in
            do throws(Violation) { try oracle.checkTruncation(of: entries, member: place) } catch { violation = error }
        }
        if let violation { throw violation }
        return result
    }

    private mutating func transmit(_ envelope: Envelope) {
        if self.chance(self.faults.drop) {
            self.report.dropped += 1
            return
        }
        let copies = self.chance(self.faults.duplicate) ? 2 : 1
        self.report.duplicated += copies - 1
        for _ in 0..<copies {
            let most = self.chance(self.faults.delaySpikes) ? self.faults.delayMax : self.faults.delayUsual
            let delay = self.draw(self.faults.delayUsual / 2...most)
            self.agenda.plan(.deliver(envelope), at: self.now + delay)
        }
    }

    mutating func powerUp(_ place: Int) throws(Violation) {
        let id = NodeID(UInt32(place + 1))
        let disk = self.members[place].disk
        let voters = (1...self.members.count).map { NodeID(UInt32($0)) }
        let recovered = Recovered(
            hardState: disk.hardState,
            entries: disk.entries,
            membership: Membership(voters: voters)
        )
        let core = Consensus(
            id: id,
            settings: self.faults.settings,
            recovered: recovered,
            seed: self.random.next(),
            now: Instant(nanoseconds: self.now * 1_000)
        )
        self.members[place].boot += 1
        self.members[place].core = core
        self.members[place].timer.time = .max
        self.planTimer(place, core)
        self.narrator?("\(self.now) us  member \(id) has power: \(disk.hardState.term), log \(disk.last)")
    }

    // MARK: Chance

    mutating func draw(_ range: ClosedRange<UInt64>) -> UInt64 { UInt64.random(in: range, using: &self.random) }

    /// True in `parts` of 1,000 cases.
    mutating func chance(_ parts: UInt64) -> Bool { parts > 0 && self.draw(0...999) < parts }
}
