/// An expression of the language, as the generator makes it and the oracle evaluates it.
public indirect enum OracleExpression: Sendable {
    case literal(OracleValue)
    /// A string literal, in which `{path}` is interpolated.
    case text(String)
    case name(String)
    /// `base.field`, or `base?.field`.
    case member(OracleExpression, String, isOptional: Bool)
    case negate(OracleExpression)
    case complement(OracleExpression)
    case not(OracleExpression)
    case binary(OracleOperator, OracleExpression, OracleExpression)
    /// `value is typeName`
    case isType(OracleExpression, String)
    case conditional(OracleExpression, then: OracleExpression, else: OracleExpression)
    case array([OracleExpression])
    case map([(key: String, value: OracleExpression)])
    case index(OracleExpression, OracleExpression)
    case slice(OracleExpression, OracleExpression?, OracleExpression?)
    case range(OracleExpression, OracleExpression, isClosed: Bool)
    case call(String, [OracleExpression])
}

/// The operators between two expressions, by the way they are written.
public enum OracleOperator: String, CaseIterable, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
    case power = "**"
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case atMost = "<="
    case greater = ">"
    case atLeast = ">="
    case and
    case or
    case contained = "in"
    case notContained = "not in"
    case same = "is"
    case bitAnd = "&"
    case bitOr = "|"
    case bitXor = "^"
    case shiftLeft = "<<"
    case shiftRight = ">>"
    case coalesce = "??"
}
