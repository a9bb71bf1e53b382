import ArgumentParser
import Engine
import VPL
import WorkerCommand

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

            With --checkpoint-dir the program goes on where the newest checkpoint in the directory was taken: it knows \
            what it knew, reads the file of events from there, and cuts the files that it writes to the length that \
            they had, so that their bytes are in the end those of a run without interruption. Another file of events \
            is read from its beginning. Checkpoints are taken at every interval and at the end.

            A program with streams in two or more contexts runs each context on a thread of its own, unless \
            --single-thread, --workers, --partition-by, --checkpoint-dir, --verbose or an option about memory is given. The output of each context is the same; that \
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

    @Option(help: "The directory for checkpoints; the run goes on from the newest one there.")
    var checkpointDir: String?

    @Option(help: "Seconds from one checkpoint to the next.")
    var checkpointInterval = 60.0

    @Flag(help: "Streams that do not fit the checkpoint any more begin empty; without this they end the run.")
    var allowStateLoss = false

    @Flag(help: "At the end of the events keep what is open, as sessions, for a run that goes on from the checkpoint.")
    var keepOpenSessions = false

    @Flag(help: .hidden)
    var preload = false

    @Flag(name: .shortAndLong, help: "Print no summary, no .print lines, no log and no warnings.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Print each output event in words, and log entries of all levels.")
    var verbose = false

    @OptionGroup(title: "Memory") var memory: StreamMemoryOptions

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
        if self.checkpointDir == nil, self.allowStateLoss || self.keepOpenSessions {
            throw ValidationError("--allow-state-loss and --keep-open-sessions need --checkpoint-dir.")
        }
        guard self.checkpointInterval > 0, self.checkpointInterval <= Self.checkpointIntervalMax else {
            throw ValidationError("--checkpoint-interval is a number of seconds, more than 0 and up to 1000000.")
        }
    }

    private static let workersMax = 256
    private static let checkpointIntervalMax = 1e6

    func run() throws {
        let program = try ProgramFile(self.program)
        program.report(to: .error, warnings: !self.quiet)
        guard let plan = program.plan else { throw ExitCode.failure }

        // A person who reads the output on the terminal is not disturbed there.
        let progress = self.quiet || self.verbose || self.output == "-" ? nil : ProgressLine(path: self.events)
        let checkpoints = try self.checkpointDir.map {
            try SimulationCheckpoints(path: $0, interval: .seconds(self.checkpointInterval))
        }
        let restored = try checkpoints?.restoration(of: plan, allowingStateLoss: self.allowStateLoss) { self.warn($0) }
        var tally = try EventTally(
            path: self.events,
            deadLetterPath: self.deadLetter,
            progress: progress,
            from: restored?.1
        )
        try self.simulate(plan, &tally, checkpoints, restored)
        if try !tally.finish() { throw ExitCode.failure }
    }

    private func warn(_ text: String) {
        if !self.quiet { StandardStream.error.write("warning: \(text)\n") }
    }

    private func simulate(
        _ plan: Plan,
        _ tally: inout EventTally,
        _ checkpoints: SimulationCheckpoints?,
        _ restored: (Restoration, SimulationPosition)?
    ) throws {
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
            // The order of what shards hold at the end is not in checkpoints.
            let isAlone = checkpoints != nil && !plan.keepsOrderInShards
            let workers = Workers(plan, count: isAlone || self.singleThread ? 1 : self.workers, key: self.partitionBy)
            for text in workers.warnings { self.warn(text) }
            if checkpoints != nil, workers.count > 1, !plan.obstacles(toPartitioningBy: workers.key).isEmpty {
                let message = "checkpoints need workers that change nothing in the output: leave --partition-by out"
                throw FileFailure(description: message)
            }
            let batches = try BatchSimulation(
                plan,
                workers,
                over: self.events,
                outputPath: self.output,
                people: people,
                budget: self.memory.budget(),
                restored: restored
            )
            if var simulation = batches {
                try simulation.run(&tally, checkpoints, keepsOpen: self.keepOpenSessions)
                let summary = Simulation.summary(simulation.counters, simulation.taps, tally, after: clock.now - start)
                people?.write(summary)
                return
            }
        }
        var simulation = try Simulation(
            plan: plan,
            outputPath: self.output,
            people: people,
            isVerbose: self.verbose,
            budget: self.memory.budget(),
            restored: restored
        )
        try self.replay(into: &simulation, &tally, checkpoints, restored?.1)
        try simulation.close(tally, after: clock.now - start)
    }

    private var runsContextsApart: Bool {
        !self.singleThread && !self.verbose && self.workers == nil && self.partitionBy == nil
            && self.checkpointDir == nil && self.memory.budget() == StateBudget()
    }

    private func replay(
        into simulation: inout Simulation,
        _ tally: inout EventTally,
        _ checkpoints: SimulationCheckpoints?,
        _ position: SimulationPosition?
    ) throws {
        var pacer = self.immediate ? nil : ReplayPacer()
        let (start, savedReader) = position?.start(in: self.events) ?? (SimulationPosition.Start(), EventFileReader())
        var lines = try LineReader(path: self.events, from: start)
        var reader = savedReader
        if let checkpoints, position == nil {
            try checkpoints.write(simulation.snapshot, at: try self.position(start, reader, &simulation, &tally))
        }
        while let line = try lines.next() {
            defer { tally.read(line.count + 1, events: simulation.processedCount) }
            if let checkpoints, reader.line % Self.linesBetweenLooks == 0, try checkpoints.isDue {
                // The line is read again after a restart.
                let here = SimulationPosition.Start(offset: lines.lineStart, isInLongLine: false)
                let position = try self.position(here, reader, &simulation, &tally)
                checkpoints.take(simulation.snapshot, at: position)
            }
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
        if !self.keepOpenSessions { try simulation.finish() }
        guard let checkpoints else { return }
        let end = SimulationPosition.Start(offset: lines.offset, isInLongLine: lines.isInLongLine)
        try checkpoints.write(simulation.snapshot, at: try self.position(end, reader, &simulation, &tally))
    }

    /// After so many lines it is looked whether a checkpoint is due.
    private static let linesBetweenLooks = 64

    /// Writes what is buffered. Where all files stand then.
    private func position(
        _ start: SimulationPosition.Start,
        _ reader: EventFileReader,
        _ simulation: inout Simulation,
        _ tally: inout EventTally
    ) throws -> SimulationPosition {
        var position = SimulationPosition()
        position.input = realpath(self.events)
        position.start = start
        position.reader = reader
        try simulation.note(in: &position)
        try tally.note(in: &position)
        return position
    }
}
