/// What happened in a run.
public struct Report: Sendable {
    /// Things that happened one after another: messages, timers, faults.
    public var steps = 0
    /// Microseconds of the world's time.
    public var time: UInt64 = 0
    /// How often what happened.
    public private(set) var counts: [Count: Int] = [:]
    /// The same for equal seeds, on every machine.
    public var trace: UInt64 = 0

    /// What is counted besides faults. A long run that has not met all of them has proved little.
    public enum Count: Hashable, Sendable {
        case fault(FaultKind)
        case event(Happening)

        public var name: String {
            switch self {
            case .fault(let kind): "fault \(kind.rawValue)"
            case .event(let happening): happening.rawValue
            }
        }

        /// Everything that is counted, in the order in which it is shown.
        public static var all: [Count] { FaultKind.allCases.map(fault) + Happening.allCases.map(event) }
    }

    public init() {}

    public subscript(_ count: Count) -> Int { self.counts[count, default: 0] }

    mutating func count(_ happening: Happening) { self.counts[.event(happening), default: 0] += 1 }
    mutating func count(_ fault: FaultKind) { self.counts[.fault(fault), default: 0] += 1 }

    /// Adds another run's counts. Traces are combined so that the order of the runs makes no difference.
    public mutating func add(_ other: Report) {
        self.steps += other.steps
        self.time += other.time
        self.counts.merge(other.counts, uniquingKeysWith: +)
        self.trace ^= other.trace
    }
}

/// What is worth counting.
public enum Happening: String, Hashable, Sendable, CaseIterable {
    case elections
    case entries = "entries committed"
    case passes = "passes of the reconciler"
    case registrations
    case reregistrations = "registrations of a worker that was told it is unknown"
    case lostWorkers = "workers declared unhealthy"
    case losses = "passes that found a worker's process gone"
    case reassignments
    case updates = "groups updated in place"
    case migrationSteps = "steps of migrations"
    case drains = "workers to be drained"
    case deploys = "pipelines started"
    case repeatedDeploys = "deploys of what is held"
    case staleDeploys = "deploys refused for a newer assignment"
    case undeploys = "pipelines stopped by a coordinator"
    case takeovers = "sessions taken over"
    case doubts = "owners in doubt"
    case confirmedDoubts = "doubts that a coordinator ended"
    case probes = "doubts that no coordinator ended"
    case superseded = "owners superseded"
    case publishes = "publishes accepted"
    case latePublishes = "publishes refused for a lost session"
    case leasedPublishes = "publishes under a lease"
    case mutedPublishes = "publishes not made for lack of a lease"
    case acknowledged = "operations acknowledged"
    case repeatedRequests = "operations asked for again"
    case relayedHeartbeats = "heartbeats relayed"
}
