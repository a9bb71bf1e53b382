import ArgumentParser
import Engine
import VPL

/// `varpulis explain FILE`
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tells how a program runs, and what it keeps in memory.",
        discussion: """
            Prints each stream: what it reads, its operations in order, and what it has to remember, with what grows \
            without bound. Errors and warnings go to standard error.

            Exit codes: 0 no errors, 1 errors in the program or an unreadable file, 2 wrong usage.
            """
    )

    @Argument(help: "The program.")
    var file: String

    func run() throws {
        let program = try ProgramFile(self.file)
        program.report(to: .error)
        guard let plan = program.plan else { throw ExitCode.failure }
        StandardStream.output.write(plan.explanation)
    }
}
