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
            Reports all errors and warnings with their places on standard output, also those of the files that the \
            program imports. --json is for editors: an array of {"file", "line", "column", "end_column", "code", \
            "severity", "kind", "message", "hint"}; lines and columns count from 1, columns in Unicode scalars.

            Exit codes: 0 no errors (warnings are allowed), 1 errors in the program or an unreadable file, \
            2 wrong usage.
            """
    )

    @Argument(help: "The program.")
    var file: String

    @Flag(help: "Print the findings as a JSON array of objects.")
    var json = false

    func run() throws {
        let program = try ProgramFile(self.file)
        if self.json {
            StandardStream.output.write(try Self.report(program) + Array("\n".utf8))
        } else {
            program.report(to: .output)
            if let plan = program.plan {
                StandardStream.output.write("Syntax OK\n   Statements: \(plan.statementCount)\n")
            }
        }
        if program.plan == nil { throw ExitCode.failure }
    }

    private static func report(_ program: ProgramFile) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let findings = program.diagnostics.map { Finding(diagnostic: $0, file: program.files[$0.location.file].path) }
        return Array(try encoder.encode(findings))
    }
}

/// A diagnostic as `--json` prints it; what it has not is null, not left out.
private struct Finding: Encodable {
    let diagnostic: Diagnostic
    let file: String

    enum CodingKeys: String, CodingKey {
        case file, line, column
        case endColumn = "end_column"
        case code, severity, kind, message, hint
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.file, forKey: .file)
        try container.encode(self.diagnostic.line, forKey: .line)
        try container.encode(self.diagnostic.column, forKey: .column)
        try container.encode(self.diagnostic.endColumn, forKey: .endColumn)
        try container.encode(self.diagnostic.code, forKey: .code)
        try container.encode(self.diagnostic.severity.rawValue, forKey: .severity)
        try container.encode(self.diagnostic.kind.rawValue, forKey: .kind)
        try container.encode(self.diagnostic.message, forKey: .message)
        try container.encode(self.diagnostic.hint, forKey: .hint)
    }
}
