/// A broken promise, by name.
public struct Violation: Error, Sendable, CustomStringConvertible {
    /// Its name, the same however it is broken.
    public var invariant: Invariant
    /// Who broke it, and how.
    public var detail: String
    public var description: String { "\(self.invariant.rawValue): \(self.detail)" }

    init(_ invariant: Invariant, _ detail: String) {
        self.invariant = invariant
        self.detail = detail
    }
}

/// What must hold at any time, and at last.
public enum Invariant: String, Hashable, Sendable, CaseIterable {
    /// Of one pipeline, never two processes may publish at the same moment.
    case oneOwner = "one owner"
    /// What of one pipeline arrives comes from ever newer assignments.
    case epochsRise = "epochs rise"
    /// A worker never gives up an assignment for an older one.
    case newerStays = "newer stays"
    /// Members that have applied the same have the same state.
    case equalStates = "equal states"
    /// What `ClusterState` says of itself.
    case soundState = "sound state"
    /// What an operator was told is done stays done, and happens once.
    case acknowledgedStays = "acknowledged stays"
    /// What Raft says of itself.
    case consensus
    /// Once everything has healed, what should run does, at one worker each, and nothing else.
    case liveness
}
