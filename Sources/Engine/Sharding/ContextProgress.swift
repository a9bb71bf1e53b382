import Engine
import Threads

/// What the threads of contexts tell the one that feeds them.
struct ContextProgress {
    /// By context: what came of the rounds that it has taken, and nobody has looked at yet.
    var results: [[ContextOutputs]]
    /// By context: on which cores its thread may run; nil before it has begun.
    var cores: [[Int]?]
    /// The contexts whose core is not there.
    var unpinned: Set<Int> = []
    var failure: ContextFailure?

    init(contextCount: Int) {
        self.results = Array(repeating: [], count: contextCount)
        self.cores = Array(repeating: nil, count: contextCount)
    }
}

/// Why the contexts of a program stopped.
public struct ContextFailure: Error, CustomStringConvertible {
    /// The context in which it happened.
    public let context: String
    public let message: String

    public var description: String { "context \(self.context): \(self.message)" }
}
