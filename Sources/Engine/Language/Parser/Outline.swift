/// What the parser knows about a program's tokens and the tree does not keep: which of them begin lines of their own in
/// a well laid out program, and what signs are for that have several uses. Tokens are named by their places.
struct Outline {
    enum Role: Equatable {
        /// A word that names something; a bracket that follows belongs to it.
        case name
        /// A sign before its operand.
        case prefix
        /// An operator between operands; the smaller the rank, the weaker it binds.
        case binary(rank: Int)
        /// `+`, `*` after an event type of a pattern.
        case repetition
        /// The brackets and braces of a type, and the signs around `Stream<T>`'s argument.
        case typeBracket
        case sliceColon
        /// The dot of an operation that stands inside a stream's source.
        case innerOperation
        /// A parenthesis that does not touch the word before it: `mqtt (`.
        case apartParenthesis
        /// The first word of an entry in braces that needs no comma before it.
        case entry
        case lambdaBlock
    }

    struct Line: Equatable {
        enum Kind {
            case statement
            /// A later part of a statement: `else`, or a field of an event.
            case part
            /// An operation or a step of a stream.
            case stage
        }

        let kind: Kind
        /// How many blocks are open around it, not counting the braces of lambdas.
        let depth: Int
    }

    fileprivate(set) var roles: [SourceLocation: Role] = [:]
    fileprivate(set) var lines: [SourceLocation: Line] = [:]
    var depth = 0
}

extension Parser {
    /// Notes what a token is for, the current one if no other is given.
    mutating func note(_ role: Outline.Role, at token: Token? = nil) {
        guard self.outline != nil else { return }
        let location = (token ?? self.current).location
        self.outline?.roles[location] = role
    }

    /// Notes that a line of the layout begins with the current token.
    mutating func begin(_ kind: Outline.Line.Kind, deeper: Int = 0) {
        guard let depth = self.outline?.depth else { return }
        let location = self.current.location
        self.outline?.lines[location] = Outline.Line(kind: kind, depth: depth + deeper)
    }
}
