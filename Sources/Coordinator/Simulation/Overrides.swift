/// What a run leaves out, and which rule it breaks.
public struct Overrides: Hashable, Sendable {
    /// Kinds of faults that do not happen. They use up their chance all the same.
    public var without: Set<FaultKind>
    /// Rules that do not hold in this run: the simulation has to notice.
    public var mutants: Set<Mutant>

    public init(without: Set<FaultKind> = [], mutants: Set<Mutant> = []) {
        self.without = without
        self.mutants = mutants
    }
}

/// A rule that is broken on purpose.
public enum Mutant: String, Hashable, Sendable, CaseIterable {
    /// A worker takes any assignment, be it older than the one it holds.
    case deployOlder
    /// An owner publishes without having read the broker's owner record.
    case claimUnread
    /// A client that has lost its session connects again by itself, and goes on.
    case reconnect
    /// A leader blames workers for a silence from before its office.
    case blameEarly
    /// A pipeline that no broker fences publishes without a lease.
    case ignoreLease
    /// Whoever believes to lead confirms heartbeats without asking a quorum.
    case confirmAlone
    /// Any coordinator confirms the heartbeats that it takes, whether the leader has heard them or not.
    case confirmUnheard
    /// A late heartbeat of a worker's former process takes the place of what the present one has said.
    case hearFormer
    /// Operators move what no broker fences, too: its former worker may have begun just before, and have said nothing yet.
    case moveLeased
    /// The requests of operators have no names: each repetition is another request.
    case nameless
}

/// What may go wrong.
public enum FaultKind: String, Hashable, Sendable, CaseIterable {
    /// A coordinator loses power: what it had not synced is gone.
    case crashCoordinator
    /// Whoever leads loses power.
    case crashLeader
    case crashWorker
    /// All of one kind lose power at once.
    case crashAllCoordinators
    case crashAllWorkers
    /// A process is stopped and goes on later, believing that no time has passed until it reads its clock.
    case pauseCoordinator
    case pauseLeader
    case pauseWorker
    /// The coordinators, workers and operators fall into two groups that do not hear each other. Brokers are heard by all.
    case partition
    /// Somebody does not hear, or is not heard by, somebody else.
    case cut
    case cutOneWay
    /// A worker reaches brokers but no coordinator, or coordinators but no broker.
    case cutFromCoordinators
    case cutFromBrokers
    /// A coordinator does not reach the others, but its workers.
    case isolateLeader
    /// The session between a worker and its coordinator breaks off, though both live.
    case breakSession
    /// A broker closes all connections, and is away for a while. It keeps what is retained.
    case restartBroker
    /// The leader loses power within a second after it has decided about a worker or a placement.
    case ambushLeader
    /// A worker ends, is stopped, or loses the coordinators within a second after it has become an owner.
    case ambushOwner
    /// A message is lost, comes twice, or late.
    case drop
    case duplicate
    case late
}
