import RaftCore

// What a driver does around the core: one input, handled by one member, and everything that follows from it.

extension World {
    mutating func step(_ place: Int, _ input: Input) throws(Violation) {
        guard let process = self.members[place].process else { return }
        let isMomentous = try self.handle(input, place, &process.running)
        let isAmbushed = isMomentous && self.isAmbush(place, process.status.role)
        if isAmbushed && self.chance(500) { return try self.crash(place) }
        for envelope in self.effects.messages { self.transmit(envelope) }
        try self.follow(place, &process.running, input)
        if isAmbushed { try self.crash(place) }
    }

    /// The core's part, all checks of what it has done, and the disk's. True if the log has changed, or what is committed.
    private mutating func handle(_ input: Input, _ place: Int, _ member: inout Running) throws(Violation) -> Bool {
        let now = self.members[place].clock.instant(self.now)
        self.effects.removeAll()
        member.core.handle(input, now: now, into: &self.effects)
        swap(&member.before, &member.status)
        member.status = member.core.status
        self.report.steps += 1
        self.note(place, input, member.status)
        let isMomentous = self.effects.isMomentous
        let isNewOffice = member.status.role != member.before.role || member.status.term != member.before.term
        if isMomentous || isNewOffice || self.effects.sends {
            self.report.elections += try self.oracle.check(
                member.core,
                before: member.before,
                after: member.status,
                self.effects,
                self.members
            )
            try self.furnish()
        }
        try self.refinement.check(input, now: now, self.effects, member.core, member.status)
        try self.checkSilence(place, member.status, input)
        if !self.effects.writes.isEmpty {
            self.members[place].disk.enqueue(self.effects.writes)
            if self.members[place].pendingSince == nil { self.members[place].pendingSince = self.now }
        }
        self.startSync(place)
        return isMomentous
    }

    /// The state, the clients, the snapshots and the timer follow the core, which is `inout` so that nobody copies it.
    private mutating func follow(_ place: Int, _ member: inout Running, _ input: Input) throws(Violation) {
        try self.apply(place, member.core)
        try self.answerClients(place, member.core, member.status)
        self.moveSnapshots(place, member.core, input)
        self.planTimer(place, member.core.deadline)
    }

    /// A leader that has waited too long for its own disk does not go on speaking as one.
    private func checkSilence(_ place: Int, _ status: Status, _ input: Input) throws(Violation) {
        guard case .timer = input, status.role == .leader, let since = self.members[place].pendingSince else { return }
        let patience = self.faults.settings.diskPatience + self.faults.settings.heartbeatInterval * 2
        let clock = self.members[place].clock
        let waited = clock.instant(self.now).nanoseconds - clock.instant(since).nanoseconds
        if Duration.nanoseconds(Int64(waited)) > patience {
            throw Violation(invariant: "no leader without a disk", detail: "member \(status.id), \(waited) ns")
        }
    }

    private mutating func isAmbush(_ place: Int, _ role: Status.RoleName) -> Bool {
        let isExposed = role == .leader || self.effects.install != nil
        guard isExposed && self.chance(self.faults.ambush) else { return false }
        if self.strikes(Nuisance.ambush.rawValue) { return true }
        self.forgo { (world: inout World) throws(Violation) in
            _ = world.chance(500)
            try world.crash(place)
        }
        return false
    }

    private mutating func note(_ place: Int, _ input: Input, _ status: Status) {
        self.trace.mix(self.now)
        self.trace.mix(UInt64(place))
        self.trace.mix(status.term.rawValue)
        self.trace.mix(status.commit.rawValue)
        self.trace.mix(status.last.index.rawValue)
        guard let narrator = self.narrator else { return }
        narrator(
            "\(self.now) us  member \(status.id) \(status.role) \(status.term) log \(status.base)...\(status.last) durable "
                + "\(status.durable) commit \(status.commit) <- \(input.summary)"
        )
    }

    private mutating func planTimer(_ place: Int, _ deadline: Instant) {
        let deadline = max(self.now, self.members[place].clock.time(of: deadline))
        guard deadline < self.members[place].timer.time else { return }
        self.members[place].timer = (self.members[place].timer.plan + 1, deadline)
        self.agenda.plan(.timer(member: place, plan: self.members[place].timer.plan), at: deadline)
    }

    // MARK: State

    /// Restores what is to be installed and applies what is committed.
    private mutating func apply(_ place: Int, _ core: Consensus) throws(Violation) {
        if let snapshot = self.effects.install {
            guard let state = self.members[place].disk.content(snapshot.id) else {
                throw Violation(
                    invariant: "snapshot at hand",
                    detail: "member \(place + 1) installs \(snapshot.position)"
                )
            }
            guard state.applied.index > self.members[place].machine.applied.index else {
                throw Violation(invariant: "state goes forward", detail: "member \(place + 1): \(snapshot.position)")
            }
            self.members[place].machine = state
            self.members[place].schedule = SnapshotSchedule(self.faults.settings, last: snapshot)
            self.report.installs += 1
            self.narrator?("\(self.now) us  member \(place + 1) installs \(snapshot.position)")
        }
        guard let committed = self.effects.committed else { return }
        var machine = self.members[place].machine
        var schedule = self.members[place].schedule
        let first = machine.applied.index.next
        guard let entries = core.entries(from: first, through: committed) else {
            throw Violation(invariant: "commit within the log", detail: "member \(place + 1) from \(first)")
        }
        for entry in entries {
            machine.apply(entry)
            if schedule.applied(entry) { self.capture(place, core, machine) }
        }
        self.members[place].machine = machine
        self.members[place].schedule = schedule
        try self.oracle.checkState(machine, member: place)
    }

    private mutating func capture(_ place: Int, _ core: Consensus, _ state: Registers) {
        guard let (position, time, membership) = core.description(at: state.applied.index) else { return }
        let snapshot = Snapshot(
            position: position,
            time: time,
            membership: membership,
            size: UInt64(state.chunkCount) * self.faults.chunkBytes,
            chunkCount: state.chunkCount,
            digest: state.digestBytes
        )
        let boot = self.members[place].boot
        let delay = self.draw(self.faults.diskUsual...self.faults.diskMax)
        self.report.captures += 1
        self.agenda.plan(.captured(member: place, boot: boot, snapshot, state), at: self.now + delay)
    }

    // MARK: Disk, network, power

    mutating func startSync(_ place: Int) {
        guard self.members[place].disk.start() else { return }
        let isSpike = self.suffers(.slowDisk, self.faults.diskSpikes)
        let most = isSpike ? self.faults.diskMax : self.faults.diskUsual
        let time = self.draw(self.faults.diskUsual / 2...most)
        self.agenda.plan(.synced(member: place, boot: self.members[place].boot), at: self.now + time)
    }

    mutating func finishSync(_ place: Int) throws(Violation) {
        let receipt = try self.changeDisk(place) { $0.finish($1) }
        self.members[place].pendingSince = self.members[place].disk.isBusy ? self.now : nil
        self.startSync(place)
        if let receipt { try self.step(place, .persisted(receipt)) }
    }

    /// Lets `change` at the disk, with the oracle watching what it gives up.
    mutating func changeDisk<R>(
        _ place: Int,
        _ change: (inout Disk, (ArraySlice<Entry>, LogIndex) -> Void) -> R
    ) throws(Violation) -> R {
        var violation: Violation?
        let committed = self.oracle.committed
        let result = change(&self.members[place].disk) { entries, covered in
            do throws(Violation) {
                try Oracle.checkLoss(of: entries, coveredThrough: covered, member: place, committed)
            } catch {
                violation = error
            }
        }
        if let violation { throw violation }
        return result
    }

    private mutating func transmit(_ envelope: Envelope) {
        guard envelope.to.place < self.members.count else { return }
        if self.suffers(.drop, self.faults.drop) {
            self.report.dropped += 1
            return
        }
        let copies = self.suffers(.duplicate, self.faults.duplicate) ? 2 : 1
        self.report.duplicated += copies - 1
        for _ in 0..<copies { self.agenda.plan(.deliver(envelope), at: self.now + self.drawDelay()) }
    }

    mutating func drawDelay() -> UInt64 {
        let most = self.suffers(.slowNetwork, self.faults.delaySpikes) ? self.faults.delayMax : self.faults.delayUsual
        return self.draw(self.faults.delayUsual / 2...most)
    }

    /// A member joins the world, off.
    mutating func addMember(_ genesis: Membership) {
        let id = NodeID(UInt32(self.members.count + 1))
        self.network.addMember()
        self.members.append(
            SimulatedMember(
                id: id,
                incarnation: Incarnation(self.random.next()),
                genesis: genesis,
                clock: Clock(rate: self.draw(self.faults.clockRates)),
                schedule: SnapshotSchedule(self.faults.settings, last: nil)
            )
        )
    }

    mutating func powerUp(_ place: Int) throws(Violation) {
        var member = self.members[place]
        let recovered = member.disk.recovered(member.genesis, member.incarnation)
        let core = Consensus(
            id: member.id,
            settings: self.faults.settings,
            recovered: recovered,
            seed: self.random.next(),
            now: member.clock.instant(self.now)
        )
        member.boot += 1
        member.process = Process(core)
        member.timer.time = .max
        member.forgetAcquaintances()
        member.pendingSince = nil
        member.grants = []
        member.source = nil
        member.pullPlan += 1
        member.machine = Registers()
        if let snapshot = member.disk.pointers.last {
            guard let state = member.disk.content(snapshot.id) else {
                throw Violation(
                    invariant: "snapshot at hand",
                    detail: "member \(member.id) starts from \(snapshot.position)"
                )
            }
            member.machine = state
        }
        member.schedule = SnapshotSchedule(self.faults.settings, last: member.disk.pointers.last)
        self.narrator?(
            "\(self.now) us  member \(member.id) has power: \(member.disk.hardState.term), log \(member.disk.last)"
        )
        self.members[place] = member
        try self.refinement.started(member, core, now: member.clock.instant(self.now))
        self.planTimer(place, core.deadline)
    }
}

extension Effects {
    /// Whether the step changed the log or what is committed of it.
    var isMomentous: Bool {
        !self.writes.isEmpty || self.committed != nil || self.install != nil || self.violation != nil
    }
    var sends: Bool { !self.messages.isEmpty || !self.completed.isEmpty }
}
