public import RaftSessions

/// What became of a command.
public enum Response: Hashable, Sendable {
    /// It is done, or was so already.
    case done
    /// The group exists: this command created it, or an identical one before it.
    case group(GroupID, created: Bool)
    /// The group is as the command wants it, in this generation.
    case updated(UInt64)
    /// The connector exists: this command created it, or an identical one before it.
    case connector(ConnectorName, created: Bool)
    /// The key exists: this command put it there, or an identical one before it.
    case key(KeyID, created: Bool)
    /// The placement has a worker, at this new epoch.
    case assigned(Epoch)
    /// Nothing was changed.
    case refused(Refusal)
    /// A session was opened.
    case session(SessionID)
}

/// Why a command changed nothing.
public enum Refusal: Hashable, Sendable {
    case workerNotFound(WorkerID)
    case groupNotFound(GroupID)
    case placementNotFound(PlacementKey)
    case connectorNotFound(ConnectorName)
    /// Another group has the name, or the id: this one.
    case groupExists(GroupID)
    case connectorExists(ConnectorName)
    case keyNotFound(KeyID)
    case keyExists(KeyID)
    /// The worker's id belongs to whoever holds another key.
    case workerIDTaken(WorkerID)
    /// The group has no update under way.
    case notUpdating(GroupID)
    /// The state is no longer what the proposer saw. It may look again and decide again.
    case preconditionFailed(Precondition)
    /// The command makes no sense in any state.
    case invalid(String)
    /// The entry's index is not beyond the last one applied. A driver that applies in order never sees it.
    case alreadyApplied(UInt64)
}

/// What a proposer took for granted wrongly; each case carries what is true instead.
public enum Precondition: Hashable, Sendable {
    case incarnation(WorkerIncarnation)
    case workerStatus(ClusterState.Worker.Status)
    /// Not registered, not ready, or full.
    case workerUnavailable(WorkerID)
    case epoch(Epoch)
    case generation(UInt64)
    /// Not all of the group runs.
    case notRunning(GroupID)
}
