public import ClusterState

/// How far the reconciler has come with a placement that does not run. Soft: a new leader begins to count anew.
public struct PlacementProgress: Hashable, Sendable {
    public var epoch: Epoch
    /// How often it was started at this epoch and at this pace.
    public var attempts: Int
    public var lastAttempt: ControlInstant?
    /// When it is tried again at the earliest; absent while it waits for something else than its turn.
    public var nextAttempt: ControlInstant?
    /// What went wrong last, or what it waits for, as a sentence.
    public var reason: String?

    public init(
        epoch: Epoch,
        attempts: Int = 0,
        lastAttempt: ControlInstant? = nil,
        nextAttempt: ControlInstant? = nil,
        reason: String? = nil
    ) {
        self.epoch = epoch
        self.attempts = attempts
        self.lastAttempt = lastAttempt
        self.nextAttempt = nextAttempt
        self.reason = reason
    }
}

/// A worker was called about a placement and did not say how the placement is doing.
public struct CallFailure: Hashable, Sendable {
    public var epoch: Epoch
    public var reason: String

    public init(epoch: Epoch, reason: String) {
        self.epoch = epoch
        self.reason = reason
    }
}
