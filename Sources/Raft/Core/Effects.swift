/// What a step asks of the driver. The driver keeps one and reuses it; within a list the order matters.
///
/// The driver carries out `violation` first, then `writes`, the installation, the committed range, the answers.
/// `messages` may go at any time after the first of these, `fetch` may be begun at any time.
public struct Effects: Sendable {
    /// To be made durable, in order. The leader's messages need not wait for them: what must wait is held in the core.
    public var writes: [Write] = []
    /// To be sent in order. Losing one does no harm; what promises something is not here before it is durable.
    public var messages: [Envelope] = []
    /// Entries up to this index are committed and are to be applied in order, before the answers below are given.
    public var committed: LogIndex?
    /// Proposals that were committed, in log order.
    public var completed: [Completion] = []
    /// Proposals and changes of the membership that are over: their errors say whether for certain.
    public var refused: [Refusal] = []
    /// Reads that may be answered from the state once everything up to their index is applied.
    public var grantedReads: [ReadGrant] = []
    /// Reads this member can't serve; perhaps that one can.
    public var refusedReads: [ReadRefusal] = []
    /// To be pulled from that member. Asked for again with each offer; a transfer that is under way just goes on.
    public var fetch: (snapshot: Snapshot, from: NodeID)?
    /// The state is to be replaced by this snapshot, which was `fetched`, before anything further is applied.
    public var install: Snapshot?
    /// An invariant of Raft does not hold: the process must stop, at once and loudly.
    public var violation: String?

    /// A proposal is committed, and stands at this position on every member.
    public struct Completion: Hashable, Sendable {
        public var proposal: ProposalID
        public var position: LogPosition
    }
    /// A proposal is over without being completed. It is not spoken of again.
    public struct Refusal: Hashable, Sendable {
        public var proposal: ProposalID
        public var error: ProposalError
    }
    /// The read may be answered once everything up to this index is applied, at once if it is.
    public struct ReadGrant: Hashable, Sendable {
        public var read: ReadID
        public var index: LogIndex
    }
    /// The read is over without an answer. Another member may be asked: the leader, if one is known.
    public struct ReadRefusal: Hashable, Sendable {
        public var read: ReadID
        public var leader: NodeID?
    }

    public init() {}

    /// Makes room for the next step. The lists keep their memory.
    public mutating func removeAll() {
        // Most steps leave most of them empty, and to look costs less than to empty.
        if !self.writes.isEmpty { self.writes.removeAll(keepingCapacity: true) }
        if !self.messages.isEmpty { self.messages.removeAll(keepingCapacity: true) }
        self.committed = nil
        if !self.completed.isEmpty { self.completed.removeAll(keepingCapacity: true) }
        if !self.refused.isEmpty { self.refused.removeAll(keepingCapacity: true) }
        if !self.grantedReads.isEmpty { self.grantedReads.removeAll(keepingCapacity: true) }
        if !self.refusedReads.isEmpty { self.refusedReads.removeAll(keepingCapacity: true) }
        if self.fetch != nil { self.fetch = nil }
        if self.install != nil { self.install = nil }
        self.violation = nil
    }
}
