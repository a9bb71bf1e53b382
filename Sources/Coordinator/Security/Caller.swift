import ClusterState

/// Who asks, as far as their key tells.
struct Caller: Hashable, Sendable {
    var role: Role
    /// The key, if the replicated state has it; those of the command line and of files have no id.
    var key: KeyID?
}
