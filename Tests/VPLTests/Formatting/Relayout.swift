@testable import VPL

/// Writes a program without declaration loops in another layout, at random.
struct Relayout {
    struct Changes: OptionSet {
        let rawValue: Int

        static let spaces = Changes(rawValue: 1)
        /// Line breaks inside brackets, and operations joined to the line before.
        static let lines = Changes(rawValue: 2)
        static let comments = Changes(rawValue: 4)
        static let blankLines = Changes(rawValue: 8)
        /// Line breaks, with and without comments, where some of them change the meaning.
        static let breaks = Changes(rawValue: 16)
    }

    let source: String
    let changes: Changes

    func text(using random: inout some RandomNumberGenerator) -> String {
        let bytes = Array(self.source.utf8)
        let scan = Lexer.scan(ExpandedSource(bytes: bytes, origins: []))
        var result: [UInt8] = []
        var position = 0
        var brackets: [Symbol] = []
        for (token, extent) in zip(scan.tokens, scan.extents) {
            let gap = bytes[position..<extent.lowerBound]
            let (last, isBracketed) = (
                result.last ?? UInt8(ascii: "\n"), !brackets.isEmpty && !brackets.contains(.leftBrace)
            )
            let isComment = gap.contains(UInt8(ascii: "/")) || gap.contains(UInt8(ascii: "#"))
            if isComment || token.kind == .end || position == 0 {
                result += gap
            } else if gap.contains(UInt8(ascii: "\n")) {
                result += self.lineGap(Array(gap), before: token, isBracketed: isBracketed, using: &random)
            } else {
                let isGlued = gap.isEmpty && (Self.isSign(last) || Self.isSign(bytes[extent.lowerBound]))
                result += self.gap(Array(gap), isGlued: isGlued, isBracketed: isBracketed, using: &random)
            }
            result += bytes[extent]
            position = extent.upperBound
            switch token.kind {
            case .symbol(.leftParenthesis), .symbol(.leftBracket): brackets.append(.leftBracket)
            case .symbol(.leftBrace): brackets.append(.leftBrace)
            case .symbol(.rightParenthesis), .symbol(.rightBracket), .symbol(.rightBrace): _ = brackets.popLast()
            default: break
            }
        }
        result += bytes[position...]
        return String(decoding: result, as: UTF8.self)
    }

    private static func isSign(_ byte: UInt8) -> Bool {
        !byte.isIdentifierPart && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: " ")
    }

    /// A gap on one line.
    private func gap(
        _ gap: [UInt8],
        isGlued: Bool,
        isBracketed: Bool,
        using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        let mayBeSpace = self.changes.contains(.spaces) && (!gap.isEmpty || isGlued)
        let comments = self.changes.contains(.comments)
        let deep = "\n" + String(repeating: " ", count: 40)
        return switch Int.random(in: 0..<12, using: &random) {
        case 0 where mayBeSpace: Array(" \t ".utf8)
        case 1 where mayBeSpace: [UInt8(ascii: " ")]
        case 2 where comments, 3 where comments: Array(" /* \(Int.random(in: 0..<100, using: &random)) */ ".utf8)
        case 4 where comments && isBracketed: Array(" # said\n   ".utf8)
        case 5 where comments && isBracketed: Array("\n // said\n  ".utf8)
        case 6 where self.changes.contains(.lines) && isBracketed: Array("\n  ".utf8)
        case 7 where self.changes.contains(.breaks): Array(deep.utf8)
        case 8 where self.changes.contains(.breaks): Array((" # said" + deep).utf8)
        case 9 where self.changes.contains(.breaks): Array((" /* said\n */" + deep + "/* */ ").utf8)
        default: gap
        }
    }

    /// A gap with a line break, before a statement, an operation, or inside brackets.
    private func lineGap(
        _ gap: [UInt8],
        before token: Token,
        isBracketed: Bool,
        using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        let continues = isBracketed || token.isSymbol(.dot) || token.isSymbol(.arrow)
        return switch Int.random(in: 0..<6, using: &random) {
        case 0 where self.changes.contains(.blankLines): Array("\n \t\n\n".utf8) + gap
        case 1 where self.changes.contains(.comments): Array("\n  # between".utf8) + gap
        case 2 where self.changes.contains(.comments): Array(" // after".utf8) + gap
        case 3 where self.changes.contains(.comments): Array("\n  /* some\nlines */\n".utf8) + gap
        case 4 where self.changes.contains(.lines) && continues: [UInt8(ascii: " ")]
        default: gap
        }
    }
}
