internal import ClusterState

/// When which action was last tried, so that what fails is tried again, but ever more rarely. A value: it goes into a
/// plan and comes out of it. A new leader begins with an empty one.
public struct BackOff: Hashable, Sendable {
    /// What an action is about. Another epoch or another incarnation is another target, and starts afresh.
    enum Target: Hashable {
        case status(WorkerID, WorkerIncarnation)
        case assignment(PlacementKey, Epoch)
        case report(PlacementKey, Epoch)
        case update(GroupID, UInt64)
        case migration(MigrationID, ClusterState.Migration.Phase)
        case drain(WorkerID, UInt64, Command.FinishDrain.End)
        case pruning
        case start(PlacementKey, Epoch)
        case stop(WorkerID, pipelineID: String, Epoch)

        /// Proposals don't fail by being repeated, they wait for a quorum; so they keep their pace.
        var slowsDown: Bool {
            switch self {
            case .start, .stop: true
            case .status, .assignment, .report, .update, .migration, .drain, .pruning: false
            }
        }
    }

    struct Attempts: Hashable {
        var count: Int
        var last: ControlInstant
    }

    private var attempts: [Target: Attempts] = [:]
    /// When it was last looked through for what can be forgotten.
    private var swept: ControlInstant?

    public init() {}

    /// How many targets are remembered.
    public var count: Int { self.attempts.count }

    func lastAttempt(at target: Target) -> ControlInstant? { self.attempts[target]?.last }

    /// How often the target was tried.
    func count(of target: Target) -> Int { self.attempts[target]?.count ?? 0 }

    func isDue(_ target: Target, now: ControlInstant, _ settings: Reconciler.Settings) -> Bool {
        self.nextAttempt(at: target, settings).map { $0 <= now } ?? true
    }

    /// When the target may be tried again; absent if it never was.
    func nextAttempt(at target: Target, _ settings: Reconciler.Settings) -> ControlInstant? {
        guard let attempts = self.attempts[target] else { return nil }
        var delay = settings.retryFirst
        if target.slowsDown {
            var doublings = attempts.count - 1
            while doublings > 0, delay < settings.retryMax {
                delay *= 2
                doublings -= 1
            }
        }
        return attempts.last.advanced(by: min(delay, settings.retryMax))
    }

    mutating func attempted(_ target: Target, now: ControlInstant) {
        self.attempts[target] = Attempts(count: (self.attempts[target]?.count ?? 0) + 1, last: now)
    }

    /// Forgets what has not been tried for a good while: it has worked, or does not matter any more. Until then a
    /// pipeline that starts and dies over and over stays slowed down.
    mutating func forget(now: ControlInstant, _ settings: Reconciler.Settings) {
        if let swept, swept.duration(to: now) < settings.retryMax / 8 { return }
        self.swept = now
        self.attempts = self.attempts.filter { $0.value.last.duration(to: now) <= settings.retryMax * 2 }
    }
}
