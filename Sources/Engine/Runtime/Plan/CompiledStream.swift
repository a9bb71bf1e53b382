/// A stream with its names resolved.
struct CompiledStream: Sendable {
    let name: String
    let branches: [Branch]
    /// What joins the events of the branches, and the place of its state; nil for a stream that takes each by itself.
    let join: (CompiledJoin, state: Int)?
    /// The sequence of which the operations see the matches, and the place of its state.
    var sequence: (CompiledSequence, state: Int)?
    /// What is counted over the trends of its sequence, of which the operations see the results, and the place of its state.
    var trends: (CompiledTrends, state: Int)?
    let operations: [CompiledOperation]

    /// From this operation on no aggregate follows.
    let individualPlace: Int

    init(name: String, branches: [Branch], join: (CompiledJoin, state: Int)?, operations: [CompiledOperation]) {
        self.name = name
        self.branches = branches
        self.join = join
        self.operations = operations
        let last = operations.lastIndex { if case .aggregate = $0 { true } else { false } }
        self.individualPlace = last.map { $0 + 1 } ?? 0
    }

    /// A type the stream reads, and under which condition.
    struct Branch: Sendable {
        let type: String
        let condition: NodeID?
    }
}

enum CompiledOperation: Sendable {
    case filter(NodeID)
    case window(state: Int)
    /// `state` is the place of the sums of a stream without a window.
    case aggregate(CompiledAggregate, state: Int?)
    case select([Projection])
    /// `fields` is nil where all fields are emitted unchanged. `isTyped` tells `.emit as`, whose type has readers too.
    case emit(type: String, isTyped: Bool, fields: [Projection]?)
    case process(NodeID, isOutput: Bool)
    case distinct(NodeID?, memory: Int)
    case limit(Int64, counter: Int)
    case deliver(SinkID)
    case print([NodeID])
    case log(CompiledLog)
    case tap([Tap])

    struct Tap: Sendable {
        let name: String
        let counter: Int
    }
}

struct CompiledLog: Sendable {
    let level: NodeID?
    let message: NodeID?
    let data: NodeID?
}
