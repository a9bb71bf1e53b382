import Engine
import Foundation
import Testing

/// The language manual, `docs/language.md`, as a test reads it.
///
/// A program in a block marked `vpl` is followed by what it is given and what comes of it:
///
///     ```vpl            ```events         ```output          also ```printed, and ```diagnostics before ```events
///     ```vpl error      ```diagnostics    `line:column code` and a part of the message, for each finding
///     ```event          the event of all expressions
///
/// Outside of blocks `` `2 + 3` → `5` `` is an expression and its value as JSON, or the word `missing`.
struct Manual {
    struct Example: Sendable, CustomTestStringConvertible {
        /// The line of the manual on which the program begins.
        let line: Int
        let isWrong: Bool
        let program: String
        var events: [String]?
        var output: [String]?
        var printed: [String] = []
        var diagnostics: [String]?

        var testDescription: String { "line \(self.line)" }

        var isComplete: Bool {
            self.isWrong ? self.diagnostics != nil && self.events == nil : self.events != nil && self.output != nil
        }
    }

    struct Equation: Sendable, CustomTestStringConvertible {
        let line: Int
        let expression: String
        /// Nil for missing.
        let value: String?

        var testDescription: String { "line \(self.line): \(self.expression)" }
    }

    /// A mistake in the manual's form.
    struct Malformed: Error {
        let line: Int
        let reason: String
    }

    let text: String
    private(set) var examples: [Example] = []
    private(set) var equations: [Equation] = []
    /// The line of an event file that expressions are evaluated over.
    private(set) var event = ""

    private static let path = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "docs/language.md")

    init() throws {
        self.text = try String(contentsOf: Self.path, encoding: .utf8)
        let lines = self.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var position = 0
        while position < lines.count {
            guard lines[position].hasPrefix("```") else {
                try self.addEquations(in: lines[position], at: position + 1)
                position += 1
                continue
            }
            guard let end = lines[(position + 1)...].firstIndex(of: "```") else {
                throw Malformed(line: position + 1, reason: "the block has no end")
            }
            let mark = String(lines[position].dropFirst(3))
            try self.addBlock(mark, Array(lines[(position + 1)..<end]), at: position + 1)
            position = end + 1
        }
        if let example = self.examples.first(where: { !$0.isComplete }) {
            throw Malformed(line: example.line, reason: "the example lacks its events, its output or its diagnostics")
        }
    }

    private mutating func addBlock(_ mark: String, _ lines: [String], at line: Int) throws {
        let last = self.examples.count - 1
        switch mark {
        case "vpl", "vpl error":
            let program = lines.joined(separator: "\n") + "\n"
            self.examples.append(Example(line: line, isWrong: mark == "vpl error", program: program))
        case "events" where last >= 0 && self.examples[last].events == nil: self.examples[last].events = lines
        case "output" where last >= 0 && self.examples[last].output == nil: self.examples[last].output = lines
        case "diagnostics" where last >= 0 && self.examples[last].diagnostics == nil:
            self.examples[last].diagnostics = lines
        case "printed" where last >= 0: self.examples[last].printed = lines
        case "event" where lines.count == 1: self.event = lines[0]
        case "sh", "": break
        default: throw Malformed(line: line, reason: "a block marked `\(mark)` has no place here")
        }
    }

    private mutating func addEquations(in text: String, at line: Int) throws {
        let before = self.equations.count
        for match in text.matches(of: /`([^`]+)` → `([^`]+)`/) {
            let (expression, value) = (String(match.1), String(match.2))
            self.equations.append(
                Equation(
                    line: line,
                    expression: expression.replacing("\\|", with: "|"),
                    value: value == "missing" ? nil : value
                )
            )
        }
        guard self.equations.count - before == text.count(where: { $0 == "→" }) else {
            throw Malformed(line: line, reason: "an arrow stands between an expression and its value, on one line")
        }
    }
}
