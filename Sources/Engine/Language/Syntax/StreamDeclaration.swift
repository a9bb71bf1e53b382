/// `stream name = source` and what follows it.
package struct StreamDeclaration: Sendable {
    package let name: Name
    package let type: TypeReference?
    package let source: StreamSource
    package let stages: [StreamStage]
}

package enum StreamSource: Sendable {
    case type(Name, alias: Name?, isKleene: Bool)
    case connector(type: Name, connector: Name, parameters: [ParameterSyntax])
    case merge(Name, [MergeBranch])
    case join(Name, [JoinSource])
    case sequence(Name, [SequenceStep])
    case timer(Name, interval: Expression, arguments: [NamedExpression])
}

/// A branch of a merge: a type or stream, and the condition under which its events pass.
package struct MergeBranch: Sendable {
    package let label: Name?
    package let type: Name
    package let condition: Expression?
}

package struct JoinSource: Sendable {
    package let label: Name?
    package let type: Name
    package let condition: Expression?
}

/// A step of a sequence: `-> all Type where condition as alias`.
package struct SequenceStep: Sendable {
    package let type: Name
    package let alias: Name?
    package let isKleene: Bool
    package let condition: Expression?
    package let within: Expression?
    /// The arrow, or the alias in `sequence(alias: Type)`.
    package let location: SourceLocation
}

/// What a source's events pass through, in the order written.
package enum StreamStage: Sendable {
    case follow(SequenceStep)
    case operation(StreamOperation)
}

/// `.name(arguments)`.
package struct StreamOperation: Sendable {
    package enum Kind: Sendable {
        case filter(Expression)
        case having(Expression)
        case select([NamedExpression])
        case emit(type: Name?, [NamedExpression], context: Name?)
        case window([CallArgument])
        case aggregate([NamedExpression])
        case partition(Expression)
        case within(Expression)
        case not(type: Name, condition: Expression?)
        case on(Expression)
        case process(Expression)
        case distinct(Expression?)
        case limit(Expression)
        case first
        case to(connector: Name, [ParameterSyntax])
        case print([Expression])
        case log([NamedExpression])
        case tap([NamedExpression])
        case context(Name)
        case watermark([NamedExpression])
        case allowedLateness(Expression)
        case trendAggregate([NamedExpression])
        case forecast([NamedExpression])
        case enrich(connector: Name, [NamedExpression])
        case pattern([NamedExpression])
        case score([NamedExpression])
        /// Part of the language's grammar that no engine carries out.
        case unsupported
    }

    /// The word after the dot.
    package let name: Name
    package let kind: Kind
}

/// `pattern name = expression within duration partition by field`.
package struct PatternDeclaration: Sendable {
    package let name: Name
    package let expression: PatternExpression
    package let within: UInt64?
    package let partition: Name?
}

package indirect enum PatternExpression: Sendable {
    case sequence([PatternItem])
    case event(PatternItem)
    case and([PatternExpression])
    case or([PatternExpression])
    case not(PatternExpression)
}

package struct PatternItem: Sendable {
    package enum Repetition: Sendable {
        case once
        case oneOrMore
        case zeroOrMore
        case zeroOrOne
    }

    package let type: Name
    package let isNegated: Bool
    package let repetition: Repetition
    package let condition: Expression?
    package let alias: Name?
}
