import Engine

/// What a pipeline answers when it is asked what it holds of a key.
enum TraceAnswer: Sendable {
    case trace(KeyTrace)
    /// The program runs over batches of columns, which tell nothing of single runs. What they remember does, once it is
    /// restored; that takes as long as there is much, so whoever asked does it, and the engine's thread goes on.
    case snapshot(EngineSnapshot, Plan)

    func trace(of key: String) throws(CheckpointError) -> KeyTrace {
        switch self {
        case .trace(let trace): trace
        case .snapshot(let snapshot, let plan): try snapshot.trace(key: key, of: plan)
        }
    }
}
