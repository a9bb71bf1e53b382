import RaftCore

/// One member with everything around it: its core while it has power, its disk, its state, its clock.
struct SimulatedMember {
    let id: NodeID
    /// Nil while it has no power.
    var process: Process?
    var disk = Disk()
    /// What the disk was formatted with.
    let incarnation: Incarnation
    /// What it believes to belong to before it has received anything.
    let genesis: Membership
    var machine = Registers()
    var schedule: SnapshotSchedule
    /// Reads that wait until the state has got that far.
    var grants: [(read: ReadID, index: LogIndex)] = []
    /// Whom it pulls its snapshot from.
    var source: NodeID?
    /// The number of the latest request for a chunk: an earlier one is not repeated.
    var pullPlan: UInt64 = 0
    /// The members it has spoken to since it was started, by place.
    private var met: [Bool] = []
    /// Since when its disk owes it a receipt.
    var pendingSince: UInt64?
    /// Counts power-ups: what was under way for an earlier one is void.
    var boot: UInt64 = 0
    /// The plan number of the timer that counts, and when it fires.
    var timer: (plan: UInt64, time: UInt64) = (0, .max)
    /// Until when it does nothing, though it lives.
    var pausedUntil: UInt64 = 0
    let clock: Clock
    /// Its disk was wiped: it has come back under an id whose promises it does not know. The others must not listen.
    var isGhost = false
    /// It stays off for good.
    var isRetired = false

    init(
        id: NodeID,
        incarnation: Incarnation,
        genesis: Membership,
        clock: Clock,
        schedule: SnapshotSchedule
    ) {
        self.id = id
        self.incarnation = incarnation
        self.genesis = genesis
        self.clock = clock
        self.schedule = schedule
    }

    /// It is spoken to by the member at that place. True if that is the first time since it was started.
    mutating func meets(_ place: Int) -> Bool {
        while self.met.count <= place { self.met.append(false) }
        if self.met[place] { return false }
        self.met[place] = true
        return true
    }

    func hasMet(_ place: Int) -> Bool { place < self.met.count && self.met[place] }

    mutating func forgetAcquaintances() { self.met = [] }

    /// Whether its log says which disk that member lives on.
    func knows(_ other: NodeID) -> Bool {
        guard let status = self.process?.status, self.disk.last.index >= status.commit else { return false }
        let isDurable = status.durable == status.last.index
        return isDurable && status.membership.member(other)?.incarnation != nil
    }

    /// The same machine with an empty disk, which whoever set it up took for a new member of the first hour.
    func wiped(incarnation: Incarnation) -> SimulatedMember {
        var member = SimulatedMember(
            id: self.id,
            incarnation: incarnation,
            genesis: self.genesis,
            clock: self.clock,
            schedule: self.schedule
        )
        member.boot = self.boot
        member.timer = (self.timer.plan, .max)
        member.isGhost = true
        return member
    }
}

/// A member's core, for as long as the member has power.
///
/// It is shared and not a value: a core is large, and changed and looked at in place in every step. Who copies a world
/// must copy the processes in it.
final class Process {
    var running: Running

    init(_ core: Consensus) { self.running = Running(core: core, status: core.status, before: core.status) }

    private init(_ running: Running) { self.running = running }

    var status: Status { self.running.status }

    func copy() -> Process { Process(self.running) }

    /// The snapshot being pulled.
    var fetching: Snapshot? { self.ask { $0.fetching } }

    /// Asks the core something, where it lies: a property's value would be copied first.
    func ask<Answer>(_ question: (inout Consensus) -> Answer) -> Answer { question(&self.running.core) }
}

/// A core, and what it was after its latest step and before that.
struct Running {
    var core: Consensus
    var status: Status
    var before: Status
}

/// A member's clock: it shows the world's time, a little faster or slower.
struct Clock: Sendable {
    /// In thousandths.
    let rate: UInt64

    /// The world's microseconds on this clock.
    func instant(_ now: UInt64) -> Instant { Instant(nanoseconds: now * self.rate) }

    /// When, in the world's microseconds, this clock will have passed `instant`.
    func time(of instant: Instant) -> UInt64 {
        instant == .never ? .max : instant.nanoseconds / self.rate + 1
    }
}
