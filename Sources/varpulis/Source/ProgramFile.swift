import Engine
import Foundation
import VPL

/// A program in files, as commands load it.
struct ProgramFile {
    /// Nil when there is any error.
    let plan: Plan?
    let diagnostics: [Diagnostic]
    /// The program's own and what it imports.
    let files: [SourceFile]

    init(_ path: String) throws {
        let text = try TextFile.read(path)
        (self.plan, self.diagnostics, self.files) = Plan.load(SourceFile(path: path, text: text)) { path in
            Result { () throws(FileFailure) in try TextFile.read(path) }
                .mapError { ImportFailure(message: $0.description) }
        }
    }

    /// Writes what was found, as people read it.
    func report(to stream: StandardStream, warnings: Bool = true) {
        stream.report(self.diagnostics.filter { $0.isError || warnings }, in: self.files)
    }
}

extension StandardStream {
    /// - Parameter files: Those that the findings are about, in the order in which locations number them.
    func report(_ diagnostics: [Diagnostic], in files: [SourceFile]) {
        let renderer = DiagnosticRenderer(files, isColored: self.showsColors)
        for diagnostic in diagnostics { self.write(renderer.text(of: diagnostic)) }
    }

    /// A terminal of somebody who has nothing against colours (no-color.org).
    var showsColors: Bool {
        self.isTerminal && ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty
            && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }
}
