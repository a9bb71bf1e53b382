/// A stream with its names resolved.
struct CompiledStream: Sendable {
    let name: String
    let branches: [Branch]
    let operations: [CompiledOperation]

    /// A type the stream reads, and under which condition.
    struct Branch: Sendable {
        let type: String
        let condition: NodeID?
    }
}

enum CompiledOperation: Sendable {
    case filter(NodeID)
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
