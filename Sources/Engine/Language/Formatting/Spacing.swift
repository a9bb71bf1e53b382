/// Whether a space stands between two tokens on a line.
enum Spacing {
    static func isNeeded(between left: Lexeme, and right: Lexeme) -> Bool {
        if left.role == .prefix || right.role == .repetition { return false }
        if left.role == .sliceColon || left.isOpening && !self.isPadded(left) { return false }
        if left.role == .typeBracket, left.symbol == .less { return false }
        if right.role == .typeBracket, !right.isOpening { return left.symbol == .greater && right.symbol == .greater }
        switch left.symbol {
        case .dot, .questionDot, .range, .closedRange: return false
        default: break
        }
        switch right.symbol {
        case .comma, .colon, .question, .rightParenthesis, .rightBracket, .range, .closedRange: return false
        // A map's brace has its space from the group that it closes.
        case .rightBrace: return false
        case .questionDot: return false
        case .dot: return right.role == .innerOperation || left.symbol == .colon
        case .leftParenthesis: return right.role == .apartParenthesis || !self.takesBrackets(left)
        case .leftBracket: return !self.takesBrackets(left)
        default: return true
        }
    }

    /// Whether a bracket after the token is its argument list or its index.
    private static func takesBrackets(_ left: Lexeme) -> Bool {
        if left.isClosing || left.role == .name { return true }
        switch left.kind {
        case .string, .integer, .float, .duration, .timestamp: return true
        case .identifier("true"), .identifier("false"), .identifier("null"): return true
        default: return false
        }
    }

    /// Whether spaces stand inside the bracket: in the braces of maps, lambdas and configurations.
    static func isPadded(_ opening: Lexeme) -> Bool {
        opening.symbol == .leftBrace && opening.role != .typeBracket
    }
}
