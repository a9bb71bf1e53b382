import ClusterState

/// Who asks, as far as their key tells.
struct Caller: Hashable, Sendable {
    var role: Role
    /// The key, if the replicated state has it; those of the command line and of files have no id.
    var key: KeyID?

    /// Whether the caller may report as that worker: with the key it registered with, or as an admin. The cluster's key and
    /// those of files have no id; a worker that came with one of them belongs to none of the replicated keys.
    func maySpeak(for worker: ClusterState.Worker) -> Bool {
        self.role == .admin || worker.key == self.key
    }
}
