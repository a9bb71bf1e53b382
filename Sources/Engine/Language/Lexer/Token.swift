/// The smallest piece of a program. Words are all identifiers: what is a keyword is decided by the parser from its place.
struct Token: Equatable {
    enum Kind: Equatable {
        case identifier(String)
        /// At most 2^63: only a minus sign before it makes that last value legal.
        case integer(UInt64)
        case float(Double)
        case string(StringLiteral)
        case duration(UInt64)
        case timestamp(Int64)
        case symbol(Symbol)
        /// Text that is no token; the sentence says why.
        case invalid(String)
        case end
    }

    let kind: Kind
    /// Where the token stands in the text the user wrote.
    let location: SourceLocation
    /// Its length in scalars.
    let length: Int
    /// Its column after the expansion of declaration loops: the one that counts for indentation.
    let layoutColumn: Int
    let isFirstOnLine: Bool

    func isSymbol(_ symbol: Symbol) -> Bool { self.kind == .symbol(symbol) }

    var word: String? {
        if case .identifier(let word) = self.kind { word } else { nil }
    }

    func isWord(_ word: String) -> Bool { self.word == word }
}

/// Punctuation and operators written with signs.
enum Symbol: String, CaseIterable {
    case leftParenthesis = "("
    case rightParenthesis = ")"
    case leftBracket = "["
    case rightBracket = "]"
    case leftBrace = "{"
    case rightBrace = "}"
    case comma = ","
    case colon = ":"
    case dot = "."
    case questionDot = "?."
    case question = "?"
    case doubleQuestion = "??"
    case assign = "="
    case colonAssign = ":="
    case fatArrow = "=>"
    case arrow = "->"
    case plus = "+"
    case minus = "-"
    case star = "*"
    case doubleStar = "**"
    case slash = "/"
    case percent = "%"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case ampersand = "&"
    case bar = "|"
    case caret = "^"
    case tilde = "~"
    case shiftLeft = "<<"
    case shiftRight = ">>"
    case range = ".."
    case closedRange = "..="

    /// Longest first, so that the first spelling that fits is the right one.
    static let byLength: [(spelling: [UInt8], symbol: Symbol)] = Symbol.allCases
        .map { (Array($0.rawValue.utf8), $0) }
        .sorted { $0.0.count > $1.0.count }
}

/// A string as written: the text after escapes, cut at the `{path}`s that are to be replaced by values.
package struct StringLiteral: Equatable, Sendable {
    package enum Segment: Equatable, Sendable {
        case text(String)
        /// The names of a `{first.second}`; where it does not resolve it stands for its own spelling.
        case path([String])
    }

    /// The text without interpolation, for places where a string is a plain constant.
    package let text: String
    /// Empty when nothing is to be interpolated.
    package let segments: [Segment]

    package var isInterpolated: Bool { !self.segments.isEmpty }
}
