/// What a stream reads and does, for people to see.
public struct StreamOutline: Sendable {
    public let name: String
    /// The types and streams that it reads.
    public let sources: [String]
    /// The names of its operations, in order.
    public let operations: [String]
}

extension Plan {
    public var outlines: [StreamOutline] {
        self.streams.map { stream in
            StreamOutline(
                name: stream.name,
                sources: stream.branches.map(\.type),
                operations: (stream.sequence == nil ? [] : ["sequence"])
                    + (stream.trends == nil ? [] : ["trend_aggregate"]) + stream.operations.map(\.name)
            )
        }
    }
}

extension CompiledOperation {
    fileprivate var name: String {
        switch self {
        case .filter: "filter"
        case .select: "select"
        case .emit: "emit"
        case .limit: "limit"
        case .tap: "tap"
        case .window: "window"
        case .aggregate: "aggregate"
        case .distinct: "distinct"
        case .deliver: "deliver"
        case .print: "print"
        case .log: "log"
        case .process: "process"
        }
    }
}
