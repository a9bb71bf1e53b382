import RaftCore

/// A broken promise, by name.
public struct Violation: Error, Sendable, CustomStringConvertible {
    /// Its name, the same however it is broken: a run is made smaller as long as it breaks the same.
    public var invariant: String
    /// Who broke it, where and how.
    public var detail: String
    public var description: String { "\(self.invariant): \(self.detail)" }

    /// The invariant that a cluster without faults serves.
    static let liveness = "liveness"
}

/// Knows from outside what Raft promises, and checks each step of each member against it.
///
/// It keeps its own history, apart from the members', so that a member can't lose what the oracle remembers.
struct Oracle: Sendable {
    private struct Known { var term: Term, fingerprint: UInt64, previous: Term }

    /// An entry that is committed, the term whose leader committed it, and the state's digest once it is applied.
    struct Committed: Sendable {
        var entry: LogPosition
        var fingerprint: UInt64
        var committedIn: Term
        var digest: UInt64
    }

    private var leaders: [Term: NodeID] = [:]
    var votes: [Vote: NodeID] = [:]
    /// All entries ever written anywhere, by index: mostly one, and one for each term that wrote there.
    private var entries: [[Known]] = []
    /// From index 1: nothing here ever changes.
    private(set) var committed: [Committed] = []
    /// The state after everything committed.
    private var machine = Registers()
    /// The membership after everything committed, and where each came.
    private(set) var memberships: [(index: LogIndex, membership: Membership)]
    /// The greatest index of which some client knows that it is committed.
    private(set) var acknowledged: LogIndex = .zero
    /// What each snapshot taken so far contains.
    private(set) var states: [Snapshot.ID: Registers] = [:]
    /// Values of commands whose clients were told that they are in no log.
    private(set) var refusedForCertain: Set<UInt64> = []
    let settings: Settings

    init(_ genesis: Membership, _ settings: Settings) {
        self.memberships = [(.zero, genesis)]
        self.settings = settings
    }

    var membership: Membership { self.memberships[self.memberships.count - 1].membership }
    var lastCommitted: LogPosition? { self.committed.last?.entry }

    /// Checks one step. Returns the number of elections won in it.
    mutating func check(
        _ core: Consensus,
        before: Status,
        after: Status,
        _ effects: Effects,
        _ members: [SimulatedMember]
    ) throws(Violation) -> Int {
        if let broken = effects.violation {
            throw Violation(invariant: "core", detail: "member \(after.id): \(broken)")
        }
        guard after.term >= before.term, after.commit >= before.commit else {
            throw Violation(invariant: "monotony", detail: "member \(after.id): term or commit index went back")
        }
        let hasWon = after.role == .leader && (before.role != .leader || before.term != after.term)
        if hasWon { try self.checkNewLeader(core, after) }
        if after.role == .leader { try self.checkLeader(after, before) }
        for write in effects.writes { try self.checkWrite(write, core, after, before) }
        for envelope in effects.messages { try self.checkPromise(envelope, by: after.id.place, members) }
        if let snapshot = effects.install { try self.checkInstall(snapshot, after) }
        if effects.committed != nil {
            let start = max(before.commit, effects.install?.index ?? .zero)
            try self.checkCommit(core, after, with: before.membership, from: start, members)
        }
        if effects.writes.contains(where: \.changesMembership) { try self.checkInForce(core, after) }
        for done in effects.completed { self.acknowledged = max(self.acknowledged, done.position.index) }
        return hasWon ? 1 : 0
    }

    // MARK: Leaders and logs

    /// Election safety, and leader completeness: who leads a term holds everything that earlier terms committed.
    /// (A member that was asleep may learn late that it won an old term; later commits are none of its business.)
    private mutating func checkNewLeader(_ core: Consensus, _ status: Status) throws(Violation) {
        if let other = self.leaders[status.term], other != status.id {
            throw Violation(
                invariant: "election safety",
                detail: "members \(other) and \(status.id) both lead \(status.term)"
            )
        }
        self.leaders[status.term] = status.id
        guard let last = self.committed.last(where: { $0.committedIn < status.term })?.entry else { return }
        // By log matching, a log with the last of these entries has all of them.
        guard last.index <= status.base.index || core.term(at: last.index) == last.term else {
            throw Violation(
                invariant: "leader completeness",
                detail: "member \(status.id) leads \(status.term) without the committed entry \(last)"
            )
        }
    }

    /// Log matching: one position means one entry, and one entry before it. Leader append-only: who leads removes
    /// nothing.
    private mutating func checkWrite(
        _ write: Write,
        _ core: Consensus,
        _ status: Status,
        _ before: Status
    ) throws(Violation) {
        if write.truncateFrom != nil || write.replacesLog, before.role == .leader, before.term == status.term {
            throw Violation(invariant: "leader append-only", detail: "member \(status.id) in \(status.term)")
        }
        for entry in write.entries {
            guard let previous = core.term(at: entry.index.previous) else {
                throw Violation(invariant: "log matching", detail: "a gap before \(entry.position)")
            }
            let known = Known(term: entry.term, fingerprint: entry.fingerprint, previous: previous)
            let place = Int(entry.index.rawValue)
            while self.entries.count <= place { self.entries.append([]) }
            guard let first = self.entries[place].first(where: { $0.term == entry.term }) else {
                self.entries[place].append(known)
                if entry.kind == .membership {
                    try self.checkMembership(entry, before: before.membership)
                    try self.checkTurn(entry, core, status, before)
                }
                continue
            }
            if first.fingerprint != known.fingerprint || first.previous != known.previous {
                throw Violation(
                    invariant: "log matching",
                    detail: "member \(status.id) holds another entry at \(entry.position)"
                )
            }
        }
    }

    // MARK: Commitment

    /// State-machine safety: all commit the same entries. And what is committed is on a quorum's disks.
    private mutating func checkCommit(
        _ core: Consensus,
        _ status: Status,
        with membership: Membership,
        from: LogIndex,
        _ members: [SimulatedMember]
    ) throws(Violation) {
        let count = self.committed.count
        guard let entries = core.entries(from: from.next, through: status.commit) else {
            throw Violation(invariant: "commit within the log", detail: "member \(status.id) from \(from.next)")
        }
        for entry in entries {
            let place = Int(entry.index.rawValue) - 1
            if place >= count {
                try self.commit(entry, in: status.term)
            } else if self.committed[place].entry != entry.position
                || self.committed[place].fingerprint != entry.fingerprint
            {
                throw Violation(
                    invariant: "state-machine safety",
                    detail: "member \(status.id) commits another entry at \(entry.index): \(entry.position)"
                )
            }
        }
        let isNew = self.committed.count > count
        guard isNew, let last = self.lastCommitted else { return }
        // Whoever commits first leads, and counts by the membership that was in force when the step began.
        guard membership.hasQuorum(where: { members[$0.place].disk.holds(last) }) else {
            throw Violation(
                invariant: "committed means durable on a quorum",
                detail: "\(last), committed by member \(status.id) with \(membership.voters)"
            )
        }
    }

    /// The command of this value is in no log and will be in none, a client was told.
    mutating func noteRefusal(of value: UInt64) { self.refusedForCertain.insert(value) }

    private mutating func commit(_ entry: Entry, in term: Term) throws(Violation) {
        if let write = RegisterWrite(payload: entry.payload), entry.kind == .command,
            self.refusedForCertain.contains(write.value)
        {
            throw Violation(invariant: "definite means never", detail: "\(entry.position) was refused for certain")
        }
        self.machine.apply(entry)
        self.committed.append(
            Committed(
                entry: entry.position,
                fingerprint: entry.fingerprint,
                committedIn: term,
                digest: self.machine.digest
            )
        )
        if entry.kind == .membership, let membership = Membership(decoding: entry.payload) {
            self.memberships.append((entry.index, membership))
        }
    }

    /// Members that have applied as much are in the same state.
    func checkState(_ machine: Registers, member: Int) throws(Violation) {
        let place = Int(machine.applied.index.rawValue) - 1
        guard place >= 0 else { return }
        guard place < self.committed.count, self.committed[place].digest == machine.digest else {
            throw Violation(invariant: "equal states", detail: "member \(member + 1) at \(machine.applied)")
        }
    }

    /// An acknowledged write is never lost: no disk that holds a committed entry gives it up, unless for a snapshot
    /// that contains it.
    static func checkLoss(
        of entries: ArraySlice<Entry>,
        coveredThrough: LogIndex,
        member: Int,
        _ committed: [Committed]
    ) throws(Violation) {
        for entry in entries where entry.index > coveredThrough {
            let place = Int(entry.index.rawValue) - 1
            if place < committed.count && committed[place].entry == entry.position {
                throw Violation(
                    invariant: "acknowledged is never lost",
                    detail: "member \(member + 1) drops \(entry.position)"
                )
            }
        }
    }

    // MARK: Snapshots

    /// A snapshot contains what is committed up to its position: the state, and the membership.
    mutating func checkCapture(_ snapshot: Snapshot, _ state: Registers, member: Int) throws(Violation) {
        let membership = (self.memberships.last { $0.index <= snapshot.index })?.membership
        let place = Int(snapshot.index.rawValue) - 1
        guard place < self.committed.count, self.committed[place].entry == snapshot.position,
            self.committed[place].digest == state.digest, snapshot.membership == membership
        else {
            throw Violation(invariant: "snapshot of the truth", detail: "member \(member + 1) at \(snapshot.position)")
        }
        self.states[snapshot.id] = state
    }

    private func checkInstall(_ snapshot: Snapshot, _ status: Status) throws(Violation) {
        guard self.states[snapshot.id] != nil, status.last == snapshot.position, status.base == snapshot.position else {
            throw Violation(
                invariant: "log goes on from the snapshot",
                detail: "member \(status.id): \(snapshot.position), log \(status.base) to \(status.last)"
            )
        }
    }
}

extension Entry {
    /// Everything in the entry, in 64 bits (FNV-1a).
    var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.mix(self.time.milliseconds)
        hash.mix(UInt64(self.kind.rawValue))
        hash.mix(UInt64(self.payload.count))
        self.payload.withUnsafeBytes { bytes in
            var place = 0
            while place + 8 <= bytes.count {
                hash.mix(bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                place += 8
            }
            // The rest as the last eight bytes, some of which are in the word before; or each by itself where there are fewer.
            if place < bytes.count && bytes.count >= 8 {
                hash.mix(bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self))
            } else {
                for byte in bytes[place...] { hash.mix(UInt64(byte)) }
            }
        }
        return hash.value
    }
}

/// FNV-1a over 64-bit words: the same in every process, unlike `Hasher`.
struct Fingerprint: Sendable {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325
    mutating func mix(_ word: UInt64) {
        self.value = (self.value ^ word) &* 0x0000_0100_0000_01b3
    }
}
