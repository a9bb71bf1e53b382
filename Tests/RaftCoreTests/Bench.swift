import RaftCore

/// A member under test, driven by hand: the test plays disk, network and clock.
struct Bench {
    var core: Consensus
    var effects = Effects()
    var now: UInt64 = 0
    private var newestWrite = WriteID(0)

    init(
        id: UInt32 = 1,
        members: UInt32 = 3,
        recovered: HardState = HardState(),
        entries: [Entry] = [],
        settings: Settings = Settings()
    ) {
        let voters = (1...members).map { NodeID($0) }
        self.init(
            id: id,
            Recovered(hardState: recovered, entries: entries, membership: Membership(voters: voters)),
            settings
        )
    }

    init(id: UInt32 = 1, _ recovered: Recovered, _ settings: Settings = Settings()) {
        self.core = Consensus(id: NodeID(id), settings: settings, recovered: recovered, seed: 7, now: .zero)
    }

    mutating func step(_ input: Input) {
        self.effects.removeAll()
        self.core.handle(input, now: Instant(nanoseconds: self.now), into: &self.effects)
        if let last = self.effects.writes.last { self.newestWrite = last.id }
    }

    mutating func hear(_ message: Message, from member: UInt32) {
        self.step(.message(Envelope(from: NodeID(member), to: self.core.status.id, message: message)))
    }

    /// The disk finishes everything it was given.
    mutating func persist() { self.step(.persisted(Receipt(write: self.newestWrite))) }

    mutating func timeOut() {
        self.now = self.core.deadline.nanoseconds
        self.step(.timer)
    }

    /// Wins an election of three members with member 2's help.
    mutating func win() {
        self.timeOut()
        self.hear(.preVoteReply(VoteReply(term: self.core.status.term.next, isGranted: true)), from: 2)
        self.persist()
        self.hear(.voteReply(VoteReply(term: self.core.status.term, isGranted: true)), from: 2)
    }

    /// The follower says that it holds the leader's whole log.
    mutating func accept(from member: UInt32, round: UInt64 = 0) {
        let outcome = AppendReply.Outcome.accepted(match: self.core.status.last.index)
        self.hear(.appendReply(AppendReply(term: self.core.status.term, round: round, outcome: outcome)), from: member)
    }

    /// Everything in the leader's log is committed, and what that brings with it too.
    mutating func commitAll() {
        while self.core.status.commit < self.core.status.last.index {
            self.persist()
            for member in self.core.status.membership.members where member.id != self.core.status.id {
                self.accept(from: member.id.rawValue)
            }
        }
    }

    func voters(_ ids: UInt32...) -> [NodeID] { ids.map { NodeID($0) } }

    var sent: [Message] { self.effects.messages.map(\.message) }
}
