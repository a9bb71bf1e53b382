import Engine

/// What a pipeline answers when it is asked what it holds of a key.
enum TraceAnswer: Sendable {
    case trace(KeyTrace)
    /// The program runs over batches of columns, which tell nothing of single runs.
    case inColumns
}
