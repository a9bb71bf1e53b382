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

            Lines that hold no event are told of, counted by reason and passed over; --dead-letter keeps them, as JSON \
            lines {"line", "message", "reason", "text"}, "base64" in place of "text" for what is not UTF-8. Of lines \
            over 1 MiB only the beginning is kept.

            With --immediate a program runs on as many workers as there are processors where that changes nothing in \
            its output: it remembers nothing, or keeps everything by one field. `varpulis explain` tells how it runs.

            A program with streams in two or more contexts runs each context on a thread of its own, unless \
            --single-thread, --workers, --partition-by or --verbose is given. The output of each context is the same; that \
            of different ones may be mixed in another order.

            Exit codes: 0 success, 1 errors in the program, lines that hold no event (unless --dead-letter keeps \
            them), or a file that cannot be read or written, 2 wrong usage.
            """
    )

    @Option(name: .shortAndLong, help: "The program.")
    var program: String

    @Option(name: .shortAndLong, help: "The events, in event file notation or as JSON lines; - is standard input.")
    var events: String

    @Flag(help: "Do not wait between events.")
    var immediate = false

    @Option(name: .shortAndLong, help: "On how many threads, with --immediate.")
    var workers: Int?

    @Flag(help: "Run all contexts on one thread.")
    var singleThread = false

    @Option(help: "The field by which events go to workers: those with the same value go to the same one.")
    var partitionBy: String?

    @Option(help: "The file to write the program's output to; - is standard output.")
    var output: String?

    @Option(help: "The file that keeps the lines that hold no event.")
    var deadLetter: String?

    @Flag(help: .hidden)
    var preload = false

    @Flag(name: .shortAndLong, help: "Print no summary, no .print lines, no log and no warnings.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Print each output event in words, and log entries of all levels.")
    var verbose = false

    func validate() throws {
        if self.quiet, self.verbose { throw ValidationError("--quiet and --verbose exclude each other.") }
        if let workers, !(1...Self.workersMax).contains(workers) {
            throw ValidationError("--workers is a number from 1 to \(Self.workersMax).")
        }
        if self.singleThread, self.workers ?? 1 > 1 {
            throw ValidationError("--single-thread and --workers exclude each other.")
        }
        if !self.immediate, self.workers ?? 1 > 1 || self.partitionBy != nil {
            throw ValidationError("--workers and --partition-by need --immediate.")
        }
    }

    private static let workersMax = 256

    func run() throws {
        let program = try ProgramFile(self.program)
        program.report(to: .error, warnings: !self.quiet)
        guard let plan = program.plan else { throw ExitCode.failure }

        // A person who reads the output on the terminal is not disturbed there.
        let progress = self.quiet || self.verbose || self.output == "-" ? nil : ProgressLine(path: self.events)
        var tally = try EventTally(path: self.events, deadLetterPath: self.deadLetter, progress: progress)
        try self.simulate(plan, &tally)
        if try !tally.finish() { throw ExitCode.failure }
    }

    private func simulate(_ plan: Plan, _ tally: inout EventTally) throws {
        let people: StandardStream? = self.quiet ? nil : self.output == "-" ? .error : .output
        let clock = ContinuousClock()
        let start = clock.now
        if plan.contextCount > 1, self.runsContextsApart {
            var simulation = try ContextSimulation(plan, outputPath: self.output, people: people)
            if !self.quiet { for text in simulation.warnings { StandardStream.error.write("warning: \(text)\n") } }
            if self.immediate {
                try simulation.run(over: self.events, &tally)
            } else {
                try simulation.replay(over: self.events, &tally)
            }
            let summary = Simulation.summary(simulation.counters, simulation.taps, tally, after: clock.now - start)
            people?.write(summary + simulation.summary)
            return
        }
        // Waiting, and telling each event, need one event after the other.
        if self.immediate, !self.verbose {
            let workers = Workers(plan, count: self.singleThread ? 1 : self.workers, key: self.partitionBy)
            if !self.quiet { for text in workers.warnings { StandardStream.error.write("warning: \(text)\n") } }
            if var simulation = try BatchSimulation(plan, workers, outputPath: self.output, people: people) {
                try simulation.run(over: self.events, &tally)
                let summary = Simulation.summary(simulation.counters, simulation.taps, tally, after: clock.now - start)
                people?.write(summary)
                return
            }
        }
        var simulation = try Simulation(
            plan: plan,
            outputPath: self.output,
            people: people,
            isVerbose: self.verbose
        )
        try self.replay(into: &simulation, &tally)
        try simulation.finish(tally, after: clock.now - start)
    }

    private var runsContextsApart: Bool {
        !self.singleThread && !self.verbose && self.workers == nil && self.partitionBy == nil
    }

    private func replay(into simulation: inout Simulation, _ tally: inout EventTally) throws {
        var pacer = self.immediate ? nil : ReplayPacer()
        var lines = try LineReader(path: self.events)
        var reader = EventFileReader()
        while let line = try lines.next() {
            defer { tally.read(line.count + 1, events: simulation.processedCount) }
            let event: Event?
            do throws(EventFileError) {
                event = try reader.read(line)
            } catch {
                try line.withUnsafeBufferPointer { try tally.add(error, $0) }
                continue
            }
            guard let event else { continue }
            if pacer?.mustWait(for: event.timestamp) ?? false {
                try simulation.flush()
                pacer?.wait(for: event.timestamp)
            }
            try simulation.process(event)
        }
        tally.cuts = reader.cuts
    }
}
