import RaftCore

/// A cluster in one thread: several members, a network, disks, clients and an operator, all driven by one seed.
///
/// The members are the real core. Everything around them is drawn from the seed, so a run that fails can be repeated
/// to the last step. Time is virtual, in microseconds.
public struct World {
    var random: SeededGenerator
    /// For misfortune of later days, so that a seed's first draws stay what they were.
    var spare: SeededGenerator
    var faults: Faults
    var overrides: Overrides
    var members: [SimulatedMember] = []
    var network = Network()
    var agenda = Agenda()
    var oracle: Oracle
    var refinement: Refinement
    var clients = Clients()
    var operation = Operator()
    var report = Report()
    var now: UInt64 = 1_000
    var trace = Fingerprint()
    /// Told of each step in words, when somebody listens.
    var narrator: ((String) -> Void)?
    var effects = Effects()

    /// A world in which nothing has happened yet.
    public init(seed: UInt64, overrides: Overrides = Overrides(), narrator: ((String) -> Void)? = nil) {
        var random = SeededGenerator(seed: seed)
        var spare = SeededGenerator(seed: ~seed)
        var faults = Faults(&random)
        faults.drawLater(&spare)
        self.random = random
        self.spare = spare
        self.faults = faults
        self.overrides = overrides
        self.narrator = narrator
        let genesis = Membership(voters: (1...faults.members).map { NodeID(UInt32($0)) })
        self.oracle = Oracle(genesis, faults.settings)
        self.refinement = Refinement(faults.settings)
        for _ in 0..<faults.members { self.addMember(genesis) }
    }

    /// Runs `steps` steps with faults; then everything heals, and the cluster must serve again.
    public static func run(
        seed: UInt64,
        steps: Int,
        overrides: Overrides = Overrides(),
        narrator: ((String) -> Void)? = nil
    ) -> (report: Report, violation: Violation?) {
        var world = World(seed: seed, overrides: overrides, narrator: narrator)
        var violation: Violation?
        do throws(Violation) {
            try world.live(steps: steps)
            try world.recover()
            try world.checkSteadfastness()
            try world.clients.judge(&world.report)
        } catch {
            violation = error
        }
        world.report.commits = world.oracle.committed.count
        world.report.trace = world.trace.value
        return (world.report, violation)
    }

    // MARK: The two phases

    private mutating func live(steps: Int) throws(Violation) {
        for place in self.members.indices { try self.powerUp(place) }
        self.agenda.plan(.client, at: self.now)
        self.agenda.plan(.fault, at: self.now + self.faults.faultInterval)
        self.agenda.plan(.operate, at: self.now + self.faults.operateInterval)
        while self.report.steps < steps { try self.happen() }
    }

    /// Liveness: with a quorum of the members up and the network whole, a leader is found, new writes are acknowledged
    /// and all members that are up commit the same, within a bounded time.
    private mutating func recover() throws(Violation) {
        self.network.healAll()
        self.faults.heal()
        self.overrides.requestsMax = .max
        for place in self.members.indices {
            self.members[place].pausedUntil = 0
            self.members[place].disk.isStalled = false
            if !self.members[place].disk.syncing.isEmpty { try self.finishSync(place) }
            self.startSync(place)
        }
        try self.chooseSurvivors()
        let start = self.now
        let goal = self.report.acknowledged + 100
        // Members that talk without end and get nowhere do not serve either.
        let stepsMax = self.report.steps + 1_000_000
        while self.now < start + 60_000_000, self.report.steps < stepsMax {
            try self.happen()
            guard self.report.acknowledged >= goal else { continue }
            if self.isConverged { return }
            self.clients.isQuiet = true
        }
        for member in self.members {
            let status = member.process?.status
            self.narrator?(
                "member \(member.id)\(member.isGhost ? ", wiped" : "")\(member.isRetired ? ", retired" : ""): "
                    + (status.map { "\($0.role) \($0.term) log \($0.last) \($0.membership.voters)" } ?? "off")
            )
        }
        throw Violation(invariant: Violation.liveness, detail: "no service within 60 s of healing")
    }

    /// Who has part in the cluster, and is up.
    private var survivors: [SimulatedMember] {
        self.members.filter { member in
            member.process != nil && !member.isGhost && self.oracle.membership.member(member.id) != nil
        }
    }

    private var isConverged: Bool {
        let count = UInt64(self.oracle.committed.count)
        return !self.oracle.membership.isJoint && self.survivors.allSatisfy(self.isBound)
            && self.survivors.allSatisfy { $0.machine.applied.index.rawValue == count }
    }

    /// Whether the cluster has written down which disk the member lives on, so that no other is taken for it.
    private func isBound(_ member: SimulatedMember) -> Bool {
        self.oracle.membership.member(member.id)?.incarnation == member.incarnation
    }

    // MARK: Events

    private mutating func happen() throws(Violation) {
        if self.agenda.isEmpty {
            throw Violation(invariant: Violation.liveness, detail: "nothing is left to happen")
        }
        let (time, event) = self.agenda.removeNext()
        self.now = max(self.now, time)
        switch event {
        case .deliver(let envelope): try self.deliver(envelope, event)
        case .timer(let place, let plan):
            guard self.members[place].timer.plan == plan else { return }
            if self.isPaused(place, else: event) { return }
            self.members[place].timer.time = .max
            try self.step(place, .timer)
        case .synced(let place, let boot):
            guard self.members[place].boot == boot, !self.members[place].disk.isStalled else { return }
            try self.finishSync(place)
        case .captured(let place, let boot, let snapshot, let state):
            guard self.members[place].boot == boot else { return }
            if self.isPaused(place, else: event) { return }
            try self.oracle.checkCapture(snapshot, state, member: place)
            self.members[place].disk.store(snapshot, state)
            self.members[place].schedule.captured(snapshot)
            try self.step(place, .captured(snapshot))
        case .pull(let place, let plan):
            if self.members[place].pullPlan == plan { self.pull(place, self.members[place].process?.fetching) }
        case .chunkRequest(let from, let place, let id, let number):
            self.serveChunk(place, to: from, id, number)
        case .chunk(let place, let from, let id, let number): self.receiveChunk(place, from: from, id, number)
        case .fetched(let place, let boot, let snapshot):
            guard self.members[place].boot == boot else { return }
            if self.isPaused(place, else: event) { return }
            try self.step(place, .fetched(snapshot))
        case .lost(let place, let other, let boot):
            guard self.members[place].boot == boot, self.members[place].process != nil else { return }
            if self.isPaused(place, else: event) { return }
            try self.step(place, .lost(other))
        case .client: try self.clientActs()
        case .fault: try self.faultStrikes()
        case .operate: try self.operatorActs()
        case .restart(let place):
            if self.members[place].process == nil && !self.members[place].isRetired { try self.powerUp(place) }
        case .unstall(let place):
            self.members[place].disk.isStalled = false
            self.startSync(place)
            if !self.members[place].disk.syncing.isEmpty { try self.finishSync(place) }
        case .heal(let one, let other): self.network.heal(one, other)
        }
    }

    /// What the transport does: members tell each other which disks they live on, and refuse to listen to strangers.
    private mutating func deliver(_ envelope: Envelope, _ event: Agenda.Event) throws(Violation) {
        let place = envelope.to.place
        let sender = envelope.from
        if self.isPaused(place, else: event) { return }
        let incarnation = self.members[sender.place].incarnation
        guard self.network.connects(sender, envelope.to),
            let admission = self.members[place].process?.ask({ $0.admission(of: sender, incarnation) })
        else { return }
        try self.refinement.check(admission, of: sender, on: incarnation, at: place)
        guard admission == .welcome || self.isHeardStill(sender, at: place, admission) else {
            try self.refuse(sender)
            return
        }
        // A newcomer knows nobody, and nobody counts its vote; the same goes for who has lost its own disk.
        let isGhost = self.members[place].isGhost
        if self.members[sender.place].isGhost && !isGhost && self.oracle.membership.isVoter(envelope.to) {
            throw Violation(invariant: "dead incarnation", detail: "member \(envelope.to) listens to a wiped \(sender)")
        }
        if self.members[place].meets(sender.place) { try self.step(place, .met(sender, incarnation)) }
        try self.step(place, .message(envelope))
    }

    /// Whoever is refused is told, and gives up sooner or later: its operator has to bring it back as somebody new.
    private mutating func refuse(_ sender: NodeID) throws(Violation) {
        self.report.refused += 1
        guard self.chance(20), self.members[sender.place].process != nil else { return }
        self.members[sender.place].isRetired = true
        try self.crash(sender.place)
    }

    /// A stopped process handles what has come meanwhile when it goes on.
    private mutating func isPaused(_ place: Int, else event: Agenda.Event) -> Bool {
        let until = self.members[place].pausedUntil
        guard until > self.now else { return false }
        self.agenda.plan(event, at: until)
        return true
    }

    // MARK: Chance

    mutating func draw(_ range: ClosedRange<UInt64>) -> UInt64 { UInt64.random(in: range, using: &self.random) }

    /// True in `parts` of 1,000 cases.
    mutating func chance(_ parts: UInt64) -> Bool { parts > 0 && self.draw(0...999) < parts }
}

extension NodeID {
    /// Where the world keeps the member.
    var place: Int { Int(self.rawValue) - 1 }
}
