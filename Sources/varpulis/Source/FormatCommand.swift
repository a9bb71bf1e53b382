import ArgumentParser
import Foundation
import VPL

/// `varpulis fmt FILE...`
struct FormatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt",
        abstract: "Lays programs out anew.",
        discussion: """
            Each file is replaced by the same program in the common layout: only white space changes, and the lines on \
            which comments stand. A file that already has that layout is not touched. A file with syntax errors is left \
            as it is, with its errors on standard error; the others are still formatted.

            Exit codes: 0 success, 1 syntax errors, a file that cannot be read or written, or with --check one that \
            would change, 2 wrong usage.
            """
    )

    @Argument(help: "The programs; - is standard input, formatted to standard output.")
    var files: [String]

    @Flag(help: "Change nothing; print the names of the files that would change.")
    var check = false

    func run() throws {
        var isSuccess = true
        for file in self.files where !self.format(file) { isSuccess = false }
        guard isSuccess else { throw ExitCode.failure }
    }

    /// Whether all is well with the file.
    private func format(_ file: String) -> Bool {
        do {
            let source = try file == "-" ? TextFile.readStandardInput() : TextFile.read(file)
            let text = try self.format(source, file: file)
            let wouldChange = !text.utf8.elementsEqual(source.utf8)
            if self.check {
                if wouldChange { StandardStream.output.write(file + "\n") }
                return !wouldChange
            }
            if file == "-" {
                StandardStream.output.write(text)
            } else if wouldChange {
                try TextFile.replace(file, with: text)
            }
            return true
        } catch {
            StandardStream.error.write("Error: \(error.description)\n")
            return false
        }
    }

    private func format(_ source: String, file: String) throws(FileFailure) -> String {
        do {
            return try VPL.format(source)
        } catch {
            guard !error.diagnostics.isEmpty else {
                throw FileFailure(description: "\(file): a fault of the formatter; the file is left as it is")
            }
            StandardStream.error.report(error.diagnostics, in: [SourceFile(path: file, text: source)])
            throw FileFailure(description: "\(file) cannot be formatted")
        }
    }
}
