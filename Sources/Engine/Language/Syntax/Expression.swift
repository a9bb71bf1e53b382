/// An expression as written, names unresolved.
package struct Expression: Sendable {
    package indirect enum Kind: Sendable {
        case null
        case bool(Bool)
        case int(Int64)
        case float(Double)
        case duration(UInt64)
        case timestamp(Int64)
        case string(StringLiteral)
        case name(String)
        case array([Expression])
        case map([MapEntry])
        case member(Expression, Name, isOptional: Bool)
        case index(Expression, Expression)
        case slice(Expression, from: Expression?, to: Expression?)
        case call(Expression, [CallArgument])
        case unary(UnaryOperator, Expression)
        case binary(BinaryOperator, Expression, Expression)
        case range(Expression, Expression, isClosed: Bool)
        case conditional(Expression, then: Expression, else: Expression)
        case lambda([Name], LambdaBody)
    }

    package let kind: Kind
    /// The first character of the expression.
    package let location: SourceLocation
    /// The length of its first token.
    package let length: Int
    /// The height of the tree, leaves having 1. The parser bounds it, so that walking an expression never exhausts the stack.
    package let height: Int
}

/// A word of the program that names something.
package struct Name: Sendable {
    package let text: String
    package let location: SourceLocation

    package var length: Int { self.text.utf8.count }
}

package struct MapEntry: Sendable {
    package let key: String
    package let value: Expression
}

/// A positional argument, or a named one, which counts in the order written.
package struct CallArgument: Sendable {
    package let name: Name?
    package let value: Expression
}

/// `name: expression`, where both are required.
package struct NamedExpression: Sendable {
    package let name: Name
    package let value: Expression
}

package enum LambdaBody: Sendable {
    case expression(Expression)
    case block([Statement])
}

package enum UnaryOperator: Sendable {
    case negate
    case complement
    case not
}

package enum BinaryOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
    case power = "**"
    case bitAnd = "&"
    case bitOr = "|"
    case bitXor = "^"
    case shiftLeft = "<<"
    case shiftRight = ">>"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case contained = "in"
    case notContained = "not in"
    case identical = "is"
    case and
    case or
    /// Only inside `.pattern`.
    case xor
    case coalesce = "??"
    /// Only inside `.pattern`.
    case followedBy = "->"

    package var isArithmetic: Bool {
        switch self {
        case .add, .subtract, .multiply, .divide, .remainder, .power: true
        case .bitAnd, .bitOr, .bitXor, .shiftLeft, .shiftRight: true
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: false
        case .contained, .notContained, .identical, .and, .or, .xor, .coalesce, .followedBy: false
        }
    }
}
