import ClusterControl
import ClusterState
import RaftCore

/// A coordinator's machine: what outlives its process.
struct CoordinatorMachine {
    let id: NodeID
    let clock: Clock
    var disk = Disk()
    /// Nil while it has no power.
    var process: Coordinator?
    /// Counts processes.
    var boot: UInt64 = 0
    /// Until when it does nothing, though it lives.
    var pausedUntil: Moment = 0

    init(place: Int, clock: Clock) {
        self.id = NodeID(UInt32(place + 1))
        self.clock = clock
    }
}

/// A coordinator's process: the real core, the real state and the real reconciler, and what the driver around them
/// keeps in memory.
final class Coordinator {
    /// What a read was begun for.
    enum Reading {
        case pass
        case request(Request)
        /// Heartbeats wait to be confirmed: each with what it said.
        case confirmation([(Request, Heartbeat)])
    }

    /// What a proposal was made for.
    enum Writing {
        case pass
        case request(Request)
        case nobody
    }

    var core: Consensus
    var status: Status
    /// The plan number of the timer that counts, and when it fires.
    var timer: (plan: UInt64, time: Moment) = (0, .max)

    var state = ClusterState()
    var applied = LogIndex.zero
    var readings: [ReadID: Reading] = [:]
    var grants: [(read: ReadID, index: LogIndex)] = []
    /// Whether granted reads are being answered at this moment.
    var isAnswering = false
    var writings: [ProposalID: Writing] = [:]

    /// The last word of each worker.
    var reports: [WorkerID: (incarnation: WorkerIncarnation, received: Moment, inventory: [ReportedPipeline]?)] = [:]
    /// The workers whose sessions have broken off.
    var losses: [WorkerID: Loss] = [:]
    /// Probes under way, by number.
    var probes: [UInt64: WorkerID] = [:]
    var office: Office?
    var pass: Pass = .idle
    /// Somebody called for attention during a pass.
    var isWanted = false
    var lanes: [WorkerID: Lane] = [:]
    /// Calls under way.
    var calls: [UInt64: OpenCall] = [:]
    /// Heartbeats that wait to be relayed, by worker; and those that were, until the leader has taken them.
    var waiting: [WorkerID: (request: Request, heartbeat: Heartbeat, received: Moment)] = [:]
    var relayed: [UInt64: [WorkerID: (request: Request, heartbeat: Heartbeat, received: Moment)]] = [:]

    init(_ core: Consensus) {
        self.core = core
        self.status = core.status
    }

    var isLeader: Bool { self.status.role == .leader }

    /// Where the only pass under way is: a pass waits for its read, and then for all its proposals.
    enum Pass {
        case idle
        case reading
        case proposing(Proposing)
    }

    struct Proposing {
        /// Proposals that are not over.
        var open: Int
        /// Whether one of them may not have come into the log.
        var hasFailed = false
        var plan: Reconciler.Plan
    }

    /// From winning an election to losing it.
    struct Office {
        var term: Term
        var lastPass: Moment
        /// Nobody is blamed for silence before this.
        var since: Moment
        var backOff = BackOff()
    }

    struct Loss {
        var incarnation: WorkerIncarnation
        /// Of the leader who was told.
        var term: Term
        var lostAt: Moment
        var probeFailedAt: Moment?
        /// How many probes are still to find nobody.
        var probesLeft = 2
    }

    /// Calls to one worker: a few at a time, and none twice.
    struct Lane {
        enum Target: Hashable {
            case start(PlacementKey, Epoch)
            case stop(id: String, Epoch)
        }

        static let concurrency = 4
        var waiting: [(target: Target, action: Action)] = []
        var open: Set<Target> = []
        var underWay = 0
    }

    struct OpenCall {
        var worker: WorkerID
        var target: Lane.Target
        var action: Action
    }
}
