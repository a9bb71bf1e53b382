import ArgumentParser
import Engine
import VPL
import Worker

/// `varpulis trace -p FILE -e FILE --key KEY`, or `varpulis trace --pipeline ID --key KEY`
struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Tells why a program gives no output.",
        discussion: """
            Over a file of events: runs the program, and tells of each event of the key what it does in each stream that \
            reads it. A run of a sequence (a partial match) begins, goes on, is complete, ends or expires, or it stays, \
            and then the part of its condition that does not hold is shown with the values that it found. Conditions \
            that drop an event, windows that still gather, and joins without a partner are told of as well, and what \
            streams make of an event is followed. At the end come the runs that are open, with what each has, what it \
            waits for, until when, and what would end it; windows, and what they wait for; the trends counted so far; \
            and for streams with a watermark how far it has come, and which of their sources holds it back.

              varpulis trace -p fraud.vpl -e day.evt --key ann

            An event is of the key if a field by which streams are partitioned or joined has that value; where there \
            is no such field, if any field has. Without --key the keys with the most open runs are listed.

            Of a running pipeline: asks its worker for what is open for the key.

              varpulis trace --pipeline ID --key ann --url http://127.0.0.1:9000

            With --json over a file: a line for each event, {"line", "depth", "event", "streams"}, where depth is above \
            0 for what streams made of it; then {"trace"} and {"counters"}, or {"keys"} without --key.

            \(WorkerOptions.exitCodes) Over a file 1 also means errors in the program, lines that hold no event, a file \
            that cannot be read, or a key that does not occur.
            """
    )

    @Option(name: .shortAndLong, help: "The program.")
    var program: String?

    @Option(name: .shortAndLong, help: "The events, in event file notation or as JSON lines; - is standard input.")
    var events: String?

    @Option(help: "The value, as text, of the field by which streams are partitioned.")
    var key: String?

    @Option(help: "Tell of this stream alone.")
    var stream: String?

    @Flag(help: "Tell of all events, not only of those of the key.")
    var followAll = false

    @Option(help: "A running pipeline in place of a file (varpulis pipelines lists them).")
    var pipeline: String?

    @OptionGroup var worker: WorkerOptions

    func validate() throws {
        if self.pipeline != nil {
            if self.program != nil || self.events != nil || self.followAll {
                throw ValidationError("--pipeline asks a worker; --program, --events and --follow-all are for files.")
            }
            if self.key == nil { throw ValidationError("--pipeline needs --key.") }
        } else if self.program == nil || self.events == nil {
            throw ValidationError("Give --program and --events, or --pipeline.")
        }
    }

    func run() async throws {
        if let pipeline = self.pipeline, let key = self.key { return try await self.ask(pipeline, for: key) }
        guard let program = self.program, let events = self.events else { return }
        try self.replay(program, events)
    }

    private func ask(_ pipeline: String, for key: String) async throws {
        let path = "/pipelines/\(pipeline.asPathPart)/trace?key=\(key.asPathPart)"
        var trace = try await self.worker.ask(.get, path, for: KeyTrace.self)
        if let stream = self.stream { trace = trace.only(stream: stream) }
        try self.worker.show(trace, TraceRenderer(isColored: StandardStream.output.showsColors).text(of: trace))
    }

    private func replay(_ path: String, _ events: String) throws {
        let program = try ProgramFile(path)
        program.report(to: .error)
        guard let plan = program.plan else { throw ExitCode.failure }
        if let stream = self.stream, !plan.streamNames.contains(stream) {
            let names = plan.streamNames.joined(separator: ", ")
            StandardStream.error.write("Error: the program has no stream \(stream). It has \(names).\n")
            throw ExitCode.failure
        }
        var tally = try EventTally(path: events, deadLetterPath: nil, progress: nil)
        var replay = TraceReplay(
            plan,
            key: self.key,
            stream: self.stream,
            followsAll: self.followAll,
            isJSON: self.worker.json
        )
        var lines = try LineReader(path: events)
        var reader = EventFileReader()
        while let line = try lines.next() {
            do throws(EventFileError) {
                guard let event = try reader.read(line) else { continue }
                replay.process(event, line: reader.line)
            } catch {
                try line.withUnsafeBufferPointer { try tally.add(error, $0) }
            }
        }
        tally.cuts = reader.cuts
        let isKnown = try replay.finish(tally)
        let isWhole = try tally.finish()
        if !isKnown || !isWhole { throw ExitCode.failure }
    }
}
