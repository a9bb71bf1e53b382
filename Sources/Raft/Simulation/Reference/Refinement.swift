import RaftCore

/// Holds every step of every member against a naive reference of Raft: each must be an action that the rules allow there,
/// or change nothing (`ReferenceMember` is the reference).
///
/// What it compares in each step costs the same however long the log is; whole logs are compared now and then.
struct Refinement: Sendable {
    private(set) var members: [ReferenceMember?] = []
    private var steps = 0
    private let pace: ReferencePace

    private static let stepsBetweenSweeps = 1_000

    init(_ settings: Settings) { self.pace = ReferencePace(settings) }

    /// A member was started, perhaps anew, perhaps with another disk.
    mutating func started(_ member: SimulatedMember, _ core: Consensus, now: Instant) throws(Violation) {
        let place = member.id.place
        while self.members.count <= place { self.members.append(nil) }
        if self.members[place]?.incarnation != member.incarnation {
            self.members[place] = ReferenceMember(
                id: member.id,
                incarnation: member.incarnation,
                genesis: member.genesis,
                pace: self.pace
            )
        }
        try self.members[place]?.start(core, now: now)
    }

    mutating func check(
        _ input: Input,
        now: Instant,
        _ effects: Effects,
        _ core: Consensus,
        _ after: Status
    ) throws(Violation) {
        let place = after.id.place
        do throws(Violation) {
            guard place < self.members.count, self.members[place] != nil else {
                throw Violation(invariant: "refinement: start", detail: "member \(after.id) was never started")
            }
            try self.members[place]?.take(input, now: now, effects, core, after)
        } catch {
            throw Violation(invariant: error.invariant, detail: "\(error.detail) <- \(input.summary)")
        }
        self.steps += 1
        if self.steps % Self.stepsBetweenSweeps == 0 { try self.members[place]?.checkLog(core) }
    }
}

extension ReferenceMember {
    /// What was durable is back, and perhaps some of the writes that had no receipt; everything else is forgotten.
    fileprivate mutating func start(_ core: Consensus, now: Instant) throws(Violation) {
        let status = core.status
        var disk = self.disk
        self.disk = ReferenceDisk()  // so that it is changed without being copied
        var isFound = disk.isFound(by: core, status)
        for pending in self.pending where !isFound {
            disk.carryOut(pending.write)
            isFound = disk.isFound(by: core, status)
        }
        guard isFound else {
            throw self.differs("restart", "\(status.term) \(status.last)", "\(disk.hardState) \(disk.entries.count)")
        }
        let questions = self.questionsAsked
        self = ReferenceMember(id: self.id, incarnation: self.incarnation, genesis: self.genesis, pace: self.pace)
        self.questionsAsked = questions
        self.disk = disk
        self.term = disk.hardState.term
        self.vote = disk.hardState.vote
        self.log = ReferenceLog(base: disk.base, entries: disk.entries)
        self.snapshots = disk.snapshots
        self.commit = disk.snapshots.last?.index ?? .zero
        self.readMemberships(from: disk.snapshots.first)
        self.pull = core.fetching
        self.step.begin(1, commit: self.commit, now: now)
        // It may have backed a lease before.
        if self.pace.settings.allowsLeases { self.leaderHeard = now }
        self.isBack = status.last != .zero && !self.pace.settings.allowsLeases
        if self.membership.voters == .stable([self.id]) { self.timeout = (now, now) } else { self.drawTimeout() }
        try self.compare(status)
        try self.checkTimers(core)
        guard status.membership == self.membership else { throw self.differs("membership in force", "", "") }
    }

    /// The whole log, entry by entry.
    fileprivate func checkLog(_ core: Consensus) throws(Violation) {
        guard let entries = core.entries(from: self.log.base.index.next, through: self.log.last.index) else {
            throw self.differs("log", "a gap", "\(self.log.last)")
        }
        for (own, entry) in zip(self.log.slots, entries) where own.entry != entry {
            throw self.differs("log", "another entry", "\(own.entry.position)")
        }
    }
}
