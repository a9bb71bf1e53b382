import ClusterState

/// A worker's machine: what outlives its process.
struct WorkerMachine {
    let id: WorkerID
    let clock: Clock
    /// Nil while it is down.
    var process: Worker?
    /// Counts processes.
    var boot: UInt64 = 0
    /// Until when it does nothing, though it lives.
    var pausedUntil: Moment = 0
    /// It stays down for good.
    var isRetired = false

    init(place: Int, clock: Clock) {
        self.id = WorkerID("w\(place)")
        self.clock = clock
    }
}

/// A worker's process: how it keeps itself known, and what it runs.
final class Worker {
    let incarnation: WorkerIncarnation
    /// In the order in which they were deployed.
    var pipelines: [Pipeline] = []

    /// The coordinator that answered last.
    var coordinator = 0
    /// What it has asked the coordinators, one after another.
    var open: OpenRequest?
    /// Zero while it is not registered; another number for each registration.
    var registration: UInt64 = 0
    var registrations: UInt64 = 0
    /// How long to wait after the next registration that fails.
    var pause: Moment = .seconds(1)
    /// A heartbeat is due, or something has changed since the last one.
    var isWanted = false
    /// A heartbeat was answered a moment ago.
    var isResting = false
    /// When, by its own clock in nanoseconds, the latest heartbeats were sent, by the numbers of their requests.
    var sent: [(number: UInt64, time: UInt64)] = []
    /// When the newest heartbeat was sent that a coordinator has confirmed; a process that was never confirmed has no lease.
    var confirmed: UInt64?
    /// Questions about an assignment, by the numbers of their requests.
    var questions: [UInt64: OpenQuestion] = [:]

    init(incarnation: WorkerIncarnation) { self.incarnation = incarnation }

    struct OpenRequest {
        enum Purpose { case register, heartbeat }
        var number: UInt64
        var purpose: Purpose
        /// How many coordinators are still to be tried.
        var triesLeft: Int
    }

    struct OpenQuestion {
        var serial: UInt64
        var attempt: UInt64
        var triesLeft: Int
    }

    func place(serial: UInt64) -> Int? { self.pipelines.firstIndex { $0.serial == serial } }
}
