import Testing

@testable import RaftCore
@testable import RaftSimulation

/// A member and its reference, driven by hand. A test may doctor what the member seems to have done before the reference
/// is asked what it makes of it.
struct Twins {
    var core: Consensus
    var refinement: Refinement
    var now: UInt64 = 1_000_000
    var effects = Effects()
    private let member: SimulatedMember
    private let settings: Settings
    private var newestWrite = WriteID(0)

    struct Outcome {
        var core: Consensus
        var effects: Effects
        var status: Status
    }

    init(id: UInt32 = 1, members: UInt32 = 3, settings: Settings = Settings()) throws {
        let genesis = Membership(voters: (1...members).map { NodeID($0) })
        self.settings = settings
        self.member = SimulatedMember(
            id: NodeID(id),
            incarnation: Incarnation(UInt64(id)),
            genesis: genesis,
            clock: Clock(rate: 1_000),
            schedule: SnapshotSchedule(settings, last: nil)
        )
        self.refinement = Refinement(settings)
        self.core = Self.core(self.member, HardState(), [], settings, now: self.now)
        try self.refinement.started(self.member, self.core, now: Instant(nanoseconds: self.now))
    }

    private static func core(
        _ member: SimulatedMember,
        _ hardState: HardState,
        _ entries: [Entry],
        _ settings: Settings,
        now: UInt64
    ) -> Consensus {
        let recovered = Recovered(
            hardState: hardState,
            entries: entries,
            membership: member.genesis,
            incarnation: member.incarnation
        )
        return Consensus(
            id: member.id,
            settings: settings,
            recovered: recovered,
            seed: 7,
            now: Instant(nanoseconds: now)
        )
    }

    /// One step, of which `doctor` may change what the reference gets to see.
    mutating func step(_ input: Input, doctor: (inout Outcome) -> Void = { _ in }) throws(Violation) {
        self.effects.removeAll()
        let now = Instant(nanoseconds: self.now)
        self.core.handle(input, now: now, into: &self.effects)
        if let last = self.effects.writes.last { self.newestWrite = last.id }
        var seen = Outcome(core: self.core, effects: self.effects, status: self.core.status)
        doctor(&seen)
        try self.refinement.check(input, now: now, seen.effects, seen.core, seen.status)
    }

    mutating func hear(
        _ message: Message,
        from sender: UInt32,
        doctor: (inout Outcome) -> Void = { _ in }
    ) throws(Violation) {
        try self.step(.message(Envelope(from: NodeID(sender), to: self.member.id, message: message)), doctor: doctor)
    }

    mutating func persist(doctor: (inout Outcome) -> Void = { _ in }) throws(Violation) {
        try self.step(.persisted(Receipt(write: self.newestWrite)), doctor: doctor)
    }

    mutating func timeOut(doctor: (inout Outcome) -> Void = { _ in }) throws(Violation) {
        self.now = max(self.now, self.core.deadline.nanoseconds)
        try self.step(.timer, doctor: doctor)
    }

    /// Starts anew with this on its disk.
    mutating func restart(_ hardState: HardState, _ entries: [Entry] = []) throws(Violation) {
        self.core = Self.core(self.member, hardState, entries, self.settings, now: self.now)
        self.newestWrite = WriteID(0)
        try self.refinement.started(self.member, self.core, now: Instant(nanoseconds: self.now))
    }

    /// Wins an election with member 2's help, and the others hold everything.
    mutating func win() throws(Violation) {
        try self.timeOut()
        try self.hear(.preVoteReply(VoteReply(term: self.core.status.term.next, isGranted: true)), from: 2)
        try self.persist()
        try self.hear(.voteReply(VoteReply(term: self.core.status.term, isGranted: true)), from: 2)
    }

    /// That member holds the whole log, and has answered the latest round.
    mutating func accept(
        from member: UInt32,
        round: UInt64 = 1,
        doctor: (inout Outcome) -> Void = { _ in }
    ) throws(Violation) {
        let outcome = AppendReply.Outcome.accepted(match: self.core.status.last.index)
        let reply = AppendReply(term: self.core.status.term, round: round, outcome: outcome)
        try self.hear(.appendReply(reply), from: member, doctor: doctor)
    }

    mutating func settle() throws(Violation) {
        while self.core.status.commit < self.core.status.last.index {
            try self.persist()
            for other in self.core.status.membership.members where other.id != self.member.id {
                try self.accept(from: other.id.rawValue)
            }
        }
    }

    mutating func propose(_ id: UInt64, doctor: (inout Outcome) -> Void = { _ in }) throws(Violation) {
        let proposal = Proposal(id: ProposalID(id), payload: [UInt8(truncatingIfNeeded: id)])
        try self.step(.proposals([proposal], time: LogTime(milliseconds: 5)), doctor: doctor)
    }

    /// What follower 2's leader, member 1, says.
    mutating func append(
        _ terms: [UInt64] = [],
        term: UInt64 = 1,
        after previous: LogPosition = .zero,
        commit: UInt64 = 0,
        doctor: (inout Outcome) -> Void = { _ in }
    ) throws(Violation) {
        let entries = terms.enumerated().map { offset, term in
            let index = LogIndex(previous.index.rawValue + 1 + UInt64(offset))
            return Entry(
                position: LogPosition(index: index, term: Term(term)),
                time: LogTime(milliseconds: 1),
                kind: .command,
                payload: [1]
            )
        }
        let request = AppendRequest(
            term: Term(term),
            previous: previous,
            entries: entries,
            commit: LogIndex(commit),
            round: 1
        )
        try self.hear(.append(request), from: 1, doctor: doctor)
    }
}

/// The doctored step is found out, and for that rule.
func finds(_ rule: String, _ location: SourceLocation = #_sourceLocation, _ body: () throws -> Void) {
    do {
        try body()
        Issue.record("nothing was found", sourceLocation: location)
    } catch let violation as Violation {
        #expect(violation.invariant == "refinement: \(rule)", "\(violation.detail)", sourceLocation: location)
    } catch {
        Issue.record("\(error)", sourceLocation: location)
    }
}
