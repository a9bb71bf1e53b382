/// A program as written: its statements in order.
package struct Program: Sendable {
    package var statements: [Statement]
}

package struct Statement: Sendable {
    package indirect enum Kind: Sendable {
        case context(ContextDeclaration)
        case connector(ConnectorSyntax)
        case stream(StreamDeclaration)
        case pattern(PatternDeclaration)
        case event(EventDeclaration)
        case typeAlias(Name, TypeReference)
        case variable(VariableDeclaration)
        case function(FunctionDeclaration)
        case config(name: Name?)
        case importFile(path: String, alias: Name?)
        case ifElse([ConditionalBlock], otherwise: [Statement])
        case forEach(Name, in: Expression, [Statement])
        case whileTrue(Expression, [Statement])
        case returnValue(Expression?)
        case breakLoop
        case continueLoop
        case emit(type: Name, [NamedExpression])
        case assign(Name, Expression)
        case expression(Expression)
    }

    package let kind: Kind
    package let location: SourceLocation
    /// The length of the first word.
    package let length: Int
}

extension [Statement] {
    /// How high the tallest expression among them is, with the blocks around it.
    var height: Int {
        self.reduce(0) { height, statement in
            let own: Int =
                switch statement.kind {
                case .variable(let variable): variable.value.height
                case .assign(_, let value), .expression(let value), .returnValue(.some(let value)): value.height
                case .ifElse(let branches, let otherwise):
                    branches.reduce(otherwise.height) { Swift.max($0, $1.condition.height, $1.body.height) } + 1
                case .forEach(_, let value, let body), .whileTrue(let value, let body):
                    Swift.max(value.height, body.height) + 1
                case .emit(_, let fields): fields.reduce(0) { Swift.max($0, $1.value.height) }
                case .returnValue(.none), .breakLoop, .continueLoop: 0
                case .context, .connector, .stream, .pattern, .event, .typeAlias, .function, .config, .importFile: 0
                }
            return Swift.max(height, own)
        }
    }
}

package struct ConditionalBlock: Sendable {
    package let condition: Expression
    package let body: [Statement]
}

package struct ContextDeclaration: Sendable {
    package let name: Name
    package let cores: [Int64]
}

/// `connector name = type (parameters)`.
package struct ConnectorSyntax: Sendable {
    package let name: Name
    package let type: Name
    package let parameters: [ParameterSyntax]
}

package struct ParameterSyntax: Sendable {
    package let name: Name
    package let value: ConnectorParameter.Value
    package let valueLocation: SourceLocation
}

package struct EventDeclaration: Sendable {
    package struct Field: Sendable {
        package let name: Name
        package let type: TypeReference
    }

    package let name: Name
    package let base: Name?
    package let fields: [Field]
}

package struct VariableDeclaration: Sendable {
    package enum Keyword: String, Sendable {
        case constant = "const"
        case immutable = "let"
        case mutable = "var"
    }

    package let keyword: Keyword
    package let name: Name
    package let type: TypeReference?
    package let value: Expression

    package var isMutable: Bool { self.keyword == .mutable }
}

package struct FunctionDeclaration: Sendable {
    package struct Parameter: Sendable {
        package let name: Name
        package let type: TypeReference
    }

    package let name: Name
    package let parameters: [Parameter]
    package let result: TypeReference?
    package let body: [Statement]
}

/// A type annotation. It has no effect at run time.
package indirect enum TypeReference: Sendable {
    case named(Name)
    case array(TypeReference)
    case map(TypeReference, TypeReference)
    case tuple([TypeReference])
    case stream(TypeReference)
    case optional(TypeReference)
}
