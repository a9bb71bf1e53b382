import RaftCore

/// A member as the Raft paper and Ongaro's dissertation describe one, written for being obviously right: plain arrays,
/// everything counted anew, nothing of the core's logic. It is fed the same inputs as the core, does what the rules say,
/// and what it then is and has said must be what the core is and has said.
///
/// Where the rules leave a choice (how much to send to whom, when to change the membership, which of two equals takes
/// over) the reference reads the core's choice off what it did, and asks only whether the rules allow it.
struct ReferenceMember: Sendable {
    let id: NodeID
    let incarnation: Incarnation
    /// What it believes to belong to before it has received anything.
    let genesis: Membership
    let pace: ReferencePace

    // What survives a crash.
    var disk = ReferenceDisk()
    /// The ids of all questions it ever asked: none may come twice.
    var questionsAsked: Set<UInt64> = []

    // What does not.
    var term = Term.zero
    var vote: NodeID?
    var role = Status.RoleName.follower
    var leader: NodeID?
    var log = ReferenceLog(base: .zero)
    var commit = LogIndex.zero
    /// The memberships that the log contains, oldest first; before them what came with a snapshot, or the genesis.
    var memberships: [(index: LogIndex, membership: Membership)] = []
    /// Its own snapshots that the log still goes on from, oldest first.
    var snapshots: [Snapshot] = []
    /// The snapshot it is pulling, and an offer it has declined for that.
    var pull: Snapshot?
    var declined: (offer: Snapshot.ID, term: Term)?
    /// The members it was connected to since it started, and their disks.
    var met: [NodeID: Incarnation] = [:]
    /// Started with a log, and without a leader or a timeout since.
    var isBack = false
    /// Writes without a receipt, and when each was issued.
    var pending: [Pending] = []
    var writes: UInt64 = 0
    /// Messages that wait until everything up to that write has its receipt.
    var promises: [Promise] = []
    var leaderHeard: Instant?
    /// When it may stand: within these bounds, as far as one can tell from outside.
    var timeout: (earliest: Instant, latest: Instant) = (.zero, .zero)
    /// The span of the latest timeout, and how many in a row were equal to it.
    var span: (nanoseconds: UInt64, repeats: Int) = (0, 0)
    /// Who has granted a vote, or the promise of one; and the write with its own vote.
    var votes: [NodeID] = []
    var ownVote: UInt64 = 0
    /// Reads that have no answer yet, in the order in which they came.
    var asks: [Ask] = []
    /// The question to the leader that is open, and when it is asked anew.
    var question: (id: UInt64, deadline: Instant)?
    /// What belongs to a leader; still there in the step that ends it.
    var office: ReferenceOffice?

    /// The step under way, and what must come of it.
    var step = ReferenceStep()

    struct Pending: Sendable { var write: Write, at: Instant }
    struct Promise: Sendable { var after: UInt64, envelope: Envelope }

    /// A read, and what must become of it.
    struct Ask: Sendable {
        enum Reader: Equatable, Sendable { case local(ReadID), remote(NodeID, id: UInt64) }
        enum Due: Sendable { case later, grant(LogIndex), refusal(leader: NodeID?) }
        var reader: Reader
        var mode: ReadMode
        /// The latest round that had begun when it came, and how far was committed.
        var round: UInt64
        var commit: LogIndex
        /// It is part of the open question.
        var isAsked = false
        var due = Due.later
    }

    init(id: NodeID, incarnation: Incarnation, genesis: Membership, pace: ReferencePace) {
        self.id = id
        self.incarnation = incarnation
        self.genesis = genesis
        self.pace = pace
    }

    // MARK: Looking

    /// The latest membership in the log is the one in force.
    var membership: Membership { self.memberships[self.memberships.count - 1].membership }
    var membershipIndex: LogIndex { self.memberships[self.memberships.count - 1].index }

    /// Where among the memberships the newest that is known to be committed stands.
    var committedPlace: Int {
        var place = self.memberships.count - 1
        while place > 0, self.memberships[place].index > self.commit { place -= 1 }
        return place
    }

    /// The time of the log's last entry.
    var time: LogTime { self.log.slots.last?.entry.time ?? self.snapshots.last?.time ?? .zero }

    var others: [NodeID] { self.membership.members.map(\.id).filter { $0 != self.id } }
    var otherVoters: [NodeID] { self.others.filter { self.membership.counts($0) } }

    /// The next write's number, or the last one's if the step changes nothing that is to be durable.
    var newestWrite: UInt64 { self.step.write.isEmpty ? self.writes : self.writes + 1 }
    var receipted: UInt64 { self.pending.isEmpty ? self.writes : self.pending[0].write.id.rawValue - 1 }

    var isDiskStalled: Bool {
        !self.pending.isEmpty && self.step.now.after(self.pending[0].at) > self.pace.diskPatience
    }

    var hearsLeader: Bool {
        if self.role == .leader { return true }
        guard let heard = self.leaderHeard else { return false }
        return self.step.now.after(heard) < self.pace.timeoutMin
    }

    // MARK: Changing

    mutating func adopt(_ term: Term, vote: NodeID?) {
        self.term = term
        self.vote = vote
        self.step.write.hardState = HardState(term: term, vote: vote)
    }

    mutating func append(_ entry: Entry) {
        self.step.write.entries.append(entry)
        self.log.append(entry, write: self.writes + 1)
        self.note(entry)
    }

    mutating func note(_ entry: Entry) {
        guard entry.kind == .membership, entry.position.index > self.membershipIndex,
            let membership = Membership(decoding: entry.payload)
        else { return }
        self.memberships.append((entry.position.index, membership))
    }

    mutating func drawTimeout() {
        let now = self.step.now
        self.timeout = (now.adding(self.pace.timeoutMin), now.adding(self.pace.timeoutMax))
        self.step.drawsTimeout = true
    }

    mutating func say(_ message: Message, to member: NodeID) {
        self.step.said.append(Envelope(from: self.id, to: member, message: message))
    }

    /// Says it once everything decided so far is durable.
    mutating func promise(_ message: Message, to member: NodeID) {
        let write = self.newestWrite
        if self.promises.isEmpty && write <= self.receipted { return self.say(message, to: member) }
        self.promises.append(Promise(after: write, envelope: Envelope(from: self.id, to: member, message: message)))
    }

    /// A candidacy nobody has heard of names a log that is about to go: nobody is to hear of it.
    mutating func dropCandidacies() {
        self.promises.removeAll { if case .voteRequest = $0.envelope.message { true } else { false } }
    }

    /// What the memberships are after a start or an installation.
    mutating func readMemberships(from snapshot: Snapshot?) {
        self.memberships = [(snapshot?.index ?? .zero, snapshot?.membership ?? self.genesis)]
        for place in self.log.slots.indices where self.log.slots[place].entry.kind == .membership {
            self.note(self.log.slots[place].entry)
        }
    }
}

/// The settings that matter to the rules, in the clock's own unit.
struct ReferencePace: Sendable {
    let timeoutMin: UInt64
    let timeoutMax: UInt64
    let heartbeat: UInt64
    let diskPatience: UInt64
    let settings: Settings

    init(_ settings: Settings) {
        self.timeoutMin = settings.electionTimeoutMin.inNanoseconds
        self.timeoutMax = settings.electionTimeoutMax.inNanoseconds
        self.heartbeat = settings.heartbeatInterval.inNanoseconds
        self.diskPatience = settings.diskPatience.inNanoseconds
        self.settings = settings
    }
}

/// What must come of the step under way.
struct ReferenceStep: Sendable {
    var now = Instant.zero
    /// What goes to disk.
    var write = Write(id: WriteID(0))
    /// Messages in this order, apart from what a leader sends to its followers, and answers to reads.
    var said: [Envelope] = []
    var completed: [(proposal: ProposalID, position: LogPosition)] = []
    var refused: [(proposal: ProposalID, error: ProposalError)] = []
    var fetch: (snapshot: Snapshot, from: NodeID)?
    var install: Snapshot?
    var drawsTimeout = false
    /// A new round must begin, and go to every follower.
    var beginsRound = false
    /// The leader has led its own removal to the end, and goes when everything else is done.
    var leaves = false
    /// A question must be asked.
    var asksLeader = false
    /// The commit index that the step began with.
    var commitBefore = LogIndex.zero

    mutating func begin(_ write: UInt64, commit: LogIndex, now: Instant) {
        self.now = now
        if self.write.isEmpty { self.write.id = WriteID(write) } else { self.write = Write(id: WriteID(write)) }
        self.said.removeAll(keepingCapacity: true)
        if !self.completed.isEmpty { self.completed.removeAll(keepingCapacity: true) }
        if !self.refused.isEmpty { self.refused.removeAll(keepingCapacity: true) }
        if self.fetch != nil { self.fetch = nil }
        if self.install != nil { self.install = nil }
        self.drawsTimeout = false
        self.beginsRound = false
        self.leaves = false
        self.asksLeader = false
        self.commitBefore = commit
    }
}

extension Instant {
    /// How long after `earlier` this is; zero if it is not.
    func after(_ earlier: Instant) -> UInt64 {
        self.nanoseconds > earlier.nanoseconds ? self.nanoseconds - earlier.nanoseconds : 0
    }
    func adding(_ nanoseconds: UInt64) -> Instant { Instant(nanoseconds: self.nanoseconds + nanoseconds) }
}

extension Duration {
    fileprivate var inNanoseconds: UInt64 {
        UInt64(self.components.seconds) * 1_000_000_000 + UInt64(self.components.attoseconds / 1_000_000_000)
    }
}
