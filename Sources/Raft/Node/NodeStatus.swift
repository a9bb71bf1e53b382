public import RaftCore
public import RaftStorage
public import RaftTransport

/// What a node knows of itself, readable at any time without waiting for it.
public struct NodeStatus: Sendable {
    /// The core after its last turn.
    public var consensus: Status
    /// The last entry that is in the state.
    public var applied: LogPosition
    /// Whether this member had never stored an entry when it started.
    public var hasBegunEmpty = false
    /// Times this node became leader since it started.
    public var electionsWon: UInt64 = 0
    /// Proposals waiting for their commit.
    public var openProposals = 0
    /// Reads waiting for the leader's word, or for what they want to see to be applied.
    public var openReads = 0
    /// Messages of other members that found the inbox full.
    public var messagesDropped = 0
    /// What became of snapshots, own ones and others'.
    public var snapshots = Snapshots()
    /// What the disk has done and has to do.
    public var disk = StorageMetrics()
    /// Connections, and whom they are refused to.
    public var transport = TransportStatus()

    /// Counts begin anew with each start of the process.
    public struct Snapshots: Hashable, Sendable {
        /// Since the start.
        public var taken = 0
        public var failed = 0
        public var installed = 0
        /// The size of the newest one; zero without one.
        public var bytes: UInt64 = 0
        /// When the last one was taken, if one was since the start.
        public var lastTaken: ContinuousClock.Instant?
        /// Chunks that were received from other members.
        public var chunksReceived = 0
        /// Chunks that were sent to other members.
        public var chunksSent = 0
        /// The snapshot being pulled: how many of its chunks are here, and how many there are.
        public var pulled: Pulled?

        /// A transfer that is under way.
        public struct Pulled: Hashable, Sendable {
            public var position: LogPosition
            public var chunksHere: UInt32
            public var chunks: UInt32
        }
    }

    /// Why this member can't stay: most of the other voters it knows say that it does not belong to them. Nil as long
    /// as they don't. It can't come back under its id: the process should say so and end.
    ///
    /// One that began with an empty log believes the first of them. It has nothing that could prove that one wrong, and
    /// two emptied disks of three would be a majority that begins the cluster anew, beside the disk that still has it.
    /// Where a cluster really begins nobody is turned away, since no disk is known yet.
    public var expulsion: Admission? {
        if self.hasBegunEmpty, let first = self.transport.refusedBy.min(by: { $0.key < $1.key }) { return first.value }
        let membership = self.consensus.membership
        let others = membership.members.map(\.id).filter { $0 != self.consensus.id && membership.isVoter($0) }
        let verdicts = others.compactMap { self.transport.refusedBy[$0] }
        guard verdicts.count > others.count / 2 else { return nil }
        return verdicts.contains(.otherDisk) ? .otherDisk : verdicts.first
    }
}

/// Why a linearizable read was not served here.
public enum ReadError: Error, Hashable, Sendable {
    /// This member knows no leader that confirms how far it must have applied; perhaps that one does.
    case notServed(leader: NodeID?)
    /// Too many are waiting already.
    case overloaded
    /// No majority answered in time, or this member has not applied what was asked for by then.
    case timedOut
}
