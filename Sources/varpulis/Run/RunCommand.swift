import ArgumentParser
import Engine
import Foundation
import Logging
import Synchronization
import VPL
import Worker
import WorkerCommand

/// `varpulis run FILE`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs a program on live events, in the foreground.",
        discussion: """
            Streams read from the brokers that the program names, and from standard input: where a stream says so with \
            a connector of type `stdin`, and in a program that reads from no connector. Lines of standard input are \
            JSON objects or in event file notation; events without a time have that of their arrival.

              tail -f readings.jsonl | varpulis run alerts.vpl

            What the program emits is printed on standard output as JSON lines, {"event_type", "timestamp", "fields"}, \
            unless --output says otherwise or the program itself sends to a `stdout` or `console` connector. The lines \
            of .print go to standard output, or to standard error when it carries the JSON lines; the log goes to \
            standard error.

            SIGINT or SIGTERM ends it, and the end of standard input ends a program that reads nothing else: what is \
            on its way is finished and delivered first.

            Exit codes: 0 success, 1 errors in the program, lines that hold no event (unless --dead-letter keeps \
            them), or a connector or file that cannot be used, 2 wrong usage.
            """
    )

    @Argument(help: "The program.")
    var file: String

    @Option(help: "The file to write the program's output to; - is standard output.")
    var output: String?

    @Option(help: "The file that keeps the lines of standard input that hold no event.")
    var deadLetter: String?

    @Option(help: "The folder in which the program may write files.")
    var workdir = "."

    @Option(help: "The beginning of the client ids under which the program is known to brokers.")
    var clientIDPrefix = "varpulis"

    @Flag(name: .shortAndLong, help: "Print no summary and no warnings; log errors only.")
    var quiet = false

    @OptionGroup(title: "Memory") var memory: StreamMemoryOptions

    @Option(help: "How much to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel = "warning"

    func run() async throws {
        guard let level = Logger.Level(rawValue: self.logLevel) else {
            throw ValidationError("--log-level is not a level: \(self.logLevel)")
        }
        let program = try ProgramFile(self.file)
        program.report(to: .error, warnings: !self.quiet)
        guard let plan = program.plan else { throw ExitCode.failure }

        let printsItself = plan.sinks.contains { ["console", "stdout"].contains($0.connector.type) }
        let outputPath = self.output ?? (printsItself ? nil : "-")
        let output = Mutex(try outputPath.map { try LineWriter(path: $0, appends: false) })
        let tally = Mutex(try EventTally(path: "standard input", deadLetterPath: self.deadLetter, progress: nil))
        let failure = Mutex<(any Error)?>(nil)
        /// What cannot be written is not read on: the process ends as at a signal.
        @Sendable func trying(_ body: () throws -> Void) {
            do {
                try body()
            } catch {
                failure.withLock { if $0 == nil { $0 = error } }
                kill(getpid(), SIGTERM)
            }
        }

        var logger = Logger(label: "varpulis.run") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = self.quiet ? .error : level
        var configuration = ForegroundPipeline.Configuration(
            name: URL(filePath: self.file).deletingPathExtension().lastPathComponent,
            spares: outputPath == "-",
            logger: logger,
            onRejected: { error, line in
                trying { try tally.withLock { tally in try line.withUnsafeBufferPointer { try tally.add(error, $0) } } }
            }
        )
        configuration.clientIDPrefix = self.clientIDPrefix
        configuration.workDirectory = self.workdir
        configuration.streamBudget = self.memory.budget()
        if outputPath != nil {
            configuration.onOutput = { events in
                trying {
                    try output.withLock { output in
                        for event in events { try output?.write(EventEncoder.outputLine(event)) }
                        // Whoever reads along does not wait for more.
                        try output?.flush()
                    }
                }
            }
        }
        let summary = try await ForegroundPipeline.run(plan, configuration)
        if let failure = failure.withLock({ $0 }) { throw failure }
        let isClean = try tally.withLock { try $0.finish() }
        if !self.quiet { StandardStream.error.write(Self.text(of: summary, tally.withLock { $0.summary })) }
        if !isClean { throw ExitCode.failure }
    }

    private static func text(of summary: ForegroundPipeline.Summary, _ rejections: String) -> String {
        var text = """
            Events processed: \(summary.processed)
            Output events emitted: \(summary.emitted)

            """
        if summary.messagesRejected > 0 { text += "Messages rejected: \(summary.messagesRejected)\n" }
        if summary.deliveriesFailed > 0 { text += "Deliveries failed: \(summary.deliveriesFailed)\n" }
        return text + rejections + Simulation.text(of: summary.limits)
    }
}
