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
        let renderer = DiagnosticRenderer(self.files, isColored: stream.showsColors)
        for diagnostic in self.diagnostics where diagnostic.isError || warnings {
            stream.write(renderer.text(of: diagnostic))
        }
    }
}

extension StandardStream {
    /// A terminal of somebody who has nothing against colours (no-color.org).
    fileprivate var showsColors: Bool {
        self.isTerminal && ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty
            && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }
}
