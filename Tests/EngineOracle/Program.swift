/// A program: what is declared, in the order in which it is written.
public struct OracleProgram: Sendable {
    public var globals: [(name: String, value: OracleValue, isMutable: Bool)] = []
    public var functions: [OracleFunction] = []
    public var streams: [OracleStream] = []

    public init() {}
}

public struct OracleFunction: Sendable {
    public var name: String
    public var parameters: [String]
    public var body: [OracleStatement]
}

/// A statement of a function.
public indirect enum OracleStatement: Sendable {
    case declare(String, OracleExpression)
    case assign(String, OracleExpression)
    case branch(OracleExpression, then: [OracleStatement], else: [OracleStatement])
    case loop(String, OracleExpression, [OracleStatement])
    case whileTrue(OracleExpression, [OracleStatement])
    case leave
    case advance
    case emit(String, [OracleItem])
    case expression(OracleExpression)
    case giveBack(OracleExpression)
}

public struct OracleStream: Sendable {
    public var name: String
    public var source: OracleSource
    public var operations: [OracleOperation]
}

public enum OracleSource: Sendable {
    /// An event type or a stream.
    case plain(String)
    /// `Type as alias` without a sequence after it.
    case alias(String, String)
    case merge([(type: String, condition: OracleExpression?)])
    case join([OracleJoinSource], on: [OracleExpression], horizon: UInt64?)

    /// The names whose events arrive here.
    public var types: [String] {
        switch self {
        case .plain(let type), .alias(let type, _): [type]
        case .merge(let branches): branches.map(\.type)
        case .join(let sources, _, _): sources.map(\.type)
        }
    }
}

public struct OracleJoinSource: Sendable {
    public var type: String
    public var alias: String?

    /// What it is called in conditions.
    var name: String { self.alias ?? self.type }
}

/// `name: expression`
public struct OracleItem: Sendable {
    public var name: String
    public var expression: OracleExpression
}

public enum OracleOperation: Sendable {
    case keep(OracleExpression)
    case select([OracleItem])
    /// No items: all fields unchanged.
    case emit(type: String?, [OracleItem])
    case partition(String)
    case window(OracleWindow)
    case aggregate([(name: String, value: OracleAggregate)])
    case having(OracleExpression)
    case distinct(OracleExpression?)
    case limit(Int)
    case first
    case tap
    case process(OracleExpression)
}

/// Sizes in nanoseconds, counts in events.
public indirect enum OracleWindow: Sendable {
    case tumbling(UInt64)
    case sliding(UInt64, UInt64)
    case count(Int)
    case slidingCount(Int, Int)
    case session(UInt64)
    /// Another window, whose arguments are written in the given way.
    case written(String, OracleWindow)
}

public indirect enum OracleAggregate: Sendable {
    case literal(OracleValue)
    case count(OracleExpression?)
    case countDistinct(OracleExpression, isNested: Bool)
    /// `sum`, `avg`, `min`, `max`, `stddev`, `first` or `last`.
    case function(String, OracleExpression)
    case ema(OracleExpression, Int)
    case binary(OracleOperator, OracleAggregate, OracleAggregate)
}
