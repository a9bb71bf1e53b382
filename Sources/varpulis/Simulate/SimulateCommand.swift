import ArgumentParser
import Engine
import VPL

/// `varpulis simulate -p FILE -e FILE`
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs a program over a file of events.",
        discussion: """
            The events are replayed with the timing of the file, or as fast as possible with --immediate. No broker is \
            contacted: streams that read from connectors get the events of the file by their type, and of the \
            connectors that streams send to only `console` and `file` take part.

            The program's output is printed as JSON lines, {"event_type", "timestamp", "fields"}, only where --output \
            says; without it there is only a summary. The summary, the lines of .print and console connectors go to \
            standard output, or to standard error when standard output carries the JSON lines. The program's log \
            and all warnings go to standard error.

            Exit codes: 0 success, 1 errors in the program or the events, or an unreadable file, 2 wrong usage.
            """
    )

    @Option(name: .shortAndLong, help: "The program.")
    var program: String

    @Option(name: .shortAndLong, help: "The events, in event file notation or as JSON lines; - is standard input.")
    var events: String

    @Flag(help: "Do not wait between events.")
    var immediate = false

    @Option(help: "The file to write the program's output to; - is standard output.")
    var output: String?

    @Flag(name: .shortAndLong, help: "Print no summary, no .print lines, no log and no warnings.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Print each output event in words, and log entries of all levels.")
    var verbose = false

    func validate() throws {
        if self.quiet, self.verbose { throw ValidationError("--quiet and --verbose exclude each other.") }
    }

    func run() throws {
        let source = try TextFile.read(self.program)
        let (plan, diagnostics) = Plan.load(source)
        let renderer = DiagnosticRenderer(source: source, file: self.program)
        for diagnostic in diagnostics where diagnostic.isError || !self.quiet {
            StandardStream.error.write(renderer.text(of: diagnostic))
        }
        guard let plan else { throw ExitCode.failure }

        let people: StandardStream = self.output == "-" ? .error : .output
        let clock = ContinuousClock()
        let start = clock.now
        // Waiting, and telling each event, need one event after the other.
        if self.immediate, !self.verbose, let pipeline = BatchPipeline(plan) {
            var simulation = try BatchSimulation(pipeline, outputPath: self.output)
            try self.namingFile { try simulation.run(over: self.events) }
            guard !self.quiet else { return }
            people.write(Simulation.summary(pipeline.counters, pipeline.taps, after: clock.now - start))
            return
        }
        var simulation = try Simulation(
            plan: plan,
            outputPath: self.output,
            people: self.quiet ? nil : people,
            isVerbose: self.verbose
        )
        try self.namingFile { try self.replay(into: &simulation) }
        try simulation.finish(after: clock.now - start)
    }

    private func replay(into simulation: inout Simulation) throws {
        var pacer = self.immediate ? nil : ReplayPacer()
        var lines = try LineReader(path: self.events)
        var reader = EventFileReader()
        do {
            while let line = try lines.next() {
                guard let event = try reader.read(line) else { continue }
                if pacer?.mustWait(for: event.timestamp) ?? false {
                    try simulation.flush()
                    pacer?.wait(for: event.timestamp)
                }
                try simulation.process(event)
            }
        } catch let error as EventFileError {
            try simulation.flush()
            throw error
        }
    }

    /// An error in a line says of which file.
    private func namingFile(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as EventFileError {
            throw FileFailure(description: "\(self.events):\(error.line): \(error.message)")
        }
    }
}
