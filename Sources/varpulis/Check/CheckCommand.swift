import ArgumentParser
import Engine
import Foundation
import VPL

/// `varpulis check FILE`
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks a program without running it.",
        discussion: """
            Reports all errors and warnings with their places on standard output.

            Exit codes: 0 no errors (warnings are allowed), 1 errors in the program or an unreadable file, \
            2 wrong usage.
            """
    )

    @Argument(help: "The program.")
    var file: String

    @Flag(help: "Print the findings as a JSON array of objects.")
    var json = false

    func run() throws {
        let source = try TextFile.read(self.file)
        let (plan, diagnostics) = Plan.load(source)
        if self.json {
            StandardStream.output.write(try Self.report(diagnostics) + Array("\n".utf8))
        } else {
            let renderer = DiagnosticRenderer(source: source, file: self.file)
            for diagnostic in diagnostics { StandardStream.output.write(renderer.text(of: diagnostic)) }
            if let plan { StandardStream.output.write("Syntax OK\n   Statements: \(plan.statementCount)\n") }
        }
        if plan == nil { throw ExitCode.failure }
    }

    private static func report(_ diagnostics: [Diagnostic]) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return Array(try encoder.encode(diagnostics.map(Finding.init)))
    }
}

/// A diagnostic as `--json` prints it; what it has not is null, not left out.
private struct Finding: Encodable {
    let diagnostic: Diagnostic

    enum CodingKeys: CodingKey {
        case line, column, code, severity, kind, message, hint
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.diagnostic.line, forKey: .line)
        try container.encode(self.diagnostic.column, forKey: .column)
        try container.encode(self.diagnostic.code, forKey: .code)
        try container.encode(self.diagnostic.severity.rawValue, forKey: .severity)
        try container.encode(self.diagnostic.kind.rawValue, forKey: .kind)
        try container.encode(self.diagnostic.message, forKey: .message)
        try container.encode(self.diagnostic.hint, forKey: .hint)
    }
}
