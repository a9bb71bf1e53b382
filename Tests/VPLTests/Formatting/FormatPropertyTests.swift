import Foundation
import Testing

@testable import VPL

@Suite("Laying many programs out")
struct FormatPropertyTests {
    /// `SEED=n swift test --filter FormatPropertyTests` repeats one run.
    private static let seeds = [ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? 1]

    private func tokens(_ source: String) -> [Token.Kind] { Lexer.tokens(of: ExpandedSource(source)).map(\.kind) }

    private func comments(_ source: String) -> [String] {
        let bytes = Array(source.utf8)
        return Lexer.scan(ExpandedSource(bytes: bytes, origins: [])).comments.map {
            String(decoding: bytes[$0], as: UTF8.self).trimmingCharacters(in: .whitespaces)
        }
    }

    @Test("the programs are there")
    func corpus() { #expect(ProgramCorpus.programs.count > 100) }

    @Test("keeps tokens, comments and the tree, and is done after one time", arguments: ProgramCorpus.programs)
    func keeps(program: ProgramCorpus.Program) throws {
        let result = try format(program.source)
        #expect(try format(result) == result)
        #expect(self.tokens(result) == self.tokens(program.source))
        #expect(self.comments(result) == self.comments(program.source))
        #expect(SyntaxNode.tree(of: result).tree?.lines == SyntaxNode.tree(of: program.source).tree?.lines)
        #expect(result.split(separator: "\n").allSatisfy { $0.last != " " && !$0.contains("\t") })
        #expect(!result.contains("\n\n\n") && !result.contains("\r") && result.hasSuffix("\n"))
    }

    @Test("does not care how spaces and lines were before", arguments: ProgramCorpus.plainPrograms)
    func whiteSpace(program: ProgramCorpus.Program) throws {
        let expected = try format(program.source)
        for seed in Self.seeds {
            var random = SeededGenerator(seed: seed)
            let changed = Relayout(source: program.source, changes: [.spaces, .lines]).text(using: &random)
            #expect(try format(changed) == expected, "SEED=\(seed)\n\(changed)")
            let other = changed.replacing("\n", with: "\r\n")
            #expect(try format("\u{FEFF}" + other) == expected, "SEED=\(seed)")
        }
    }

    @Test("keeps comments wherever they stand", arguments: ProgramCorpus.plainPrograms)
    func comments(program: ProgramCorpus.Program) throws {
        for seed in Self.seeds {
            var random = SeededGenerator(seed: seed)
            let changed = Relayout(source: program.source, changes: [.spaces, .lines, .comments, .blankLines])
                .text(using: &random)
            let result = try #require(try? format(changed), "SEED=\(seed)\n\(changed)")
            #expect(try format(result) == result, "SEED=\(seed)\n\(changed)")
            #expect(self.tokens(result) == self.tokens(program.source), "SEED=\(seed)\n\(changed)")
            #expect(self.comments(result) == self.comments(changed), "SEED=\(seed)\n\(changed)")
        }
    }

    @Test("has no fault with line breaks anywhere", arguments: ProgramCorpus.plainPrograms)
    func breaks(program: ProgramCorpus.Program) throws {
        let tree = SyntaxNode.tree(of: program.source).tree?.lines
        for seed in Self.seeds {
            var random = SeededGenerator(seed: seed)
            let changed = Relayout(source: program.source, changes: [.spaces, .breaks]).text(using: &random)
            guard SyntaxNode.tree(of: changed).tree?.lines == tree else { continue }
            let result = try #require(try? format(changed), "SEED=\(seed)\n\(changed)")
            #expect(try format(result) == result, "SEED=\(seed)\n\(changed)")
            #expect(self.comments(result) == self.comments(changed), "SEED=\(seed)\n\(changed)")
        }
    }

    @Test("has no fault with damaged programs that are still right")
    func damage() throws {
        for program in ProgramCorpus.programs.prefix(2) {
            let original = Array(program.source.unicodeScalars)
            for seed in Self.seeds {
                var random = SeededGenerator(seed: seed)
                for _ in 0..<40 {
                    var scalars = original
                    for _ in 0..<Int.random(in: 1...2, using: &random) {
                        let position = Int.random(in: 0..<scalars.count, using: &random)
                        let copied = Int.random(in: 0..<original.count, using: &random)
                        switch Int.random(in: 0..<5, using: &random) {
                        case 0: scalars[position] = original[copied]
                        case 1: scalars.remove(at: position)
                        case 2: scalars.insert(" ", at: position)
                        case 3: scalars.insert("\n", at: position)
                        default: scalars.insert(original[copied], at: position)
                        }
                    }
                    let source = String(String.UnicodeScalarView(scalars))
                    #expect(self.isFaultless(source), "SEED=\(seed)\n\(source)")
                }
            }
        }
    }

    /// Whether the program is formatted once and for all, or refused for a reason.
    private func isFaultless(_ source: String) -> Bool {
        do {
            let result = try format(source)
            return try format(result) == result
        } catch {
            return !error.diagnostics.isEmpty
        }
    }

    @Test("block comments between any two tokens of a line change nothing", arguments: ProgramCorpus.plainPrograms)
    func blockComments(program: ProgramCorpus.Program) {
        let bytes = Array(program.source.utf8)
        let scan = Lexer.scan(ExpandedSource(bytes: bytes, origins: []))
        var changed: [UInt8] = []
        var position = 0
        for (token, extent) in zip(scan.tokens, scan.extents) {
            changed += bytes[position..<extent.lowerBound]
            if !token.isFirstOnLine { changed += " /* x */ ".utf8 }
            changed += bytes[extent]
            position = extent.upperBound
        }
        changed += bytes[position...]
        let (tree, diagnostics) = SyntaxNode.tree(of: String(decoding: changed, as: UTF8.self))
        #expect(diagnostics.isEmpty)
        #expect(tree?.lines == SyntaxNode.tree(of: program.source).tree?.lines)
    }
}

/// SplitMix64.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
