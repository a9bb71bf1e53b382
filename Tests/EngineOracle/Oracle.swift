/// What a program outputs for events: section 1, as slowly and plainly as can be.
public final class Oracle {
    private let program: OracleProgram
    private let streams: [OracleStreamRun]
    private var queue: [(event: OracleEvent, depth: Int)] = []
    public private(set) var outputs: [OracleEvent] = []

    public init(_ program: OracleProgram) {
        let evaluator = OracleEvaluator(program)
        self.program = program
        self.streams = program.streams.map { OracleStreamRun($0, evaluator) }
    }

    /// What the program outputs, and why the rest is not known when the specification leaves it open.
    public static func run(
        _ program: OracleProgram,
        _ events: [OracleEvent]
    ) -> (outputs: [OracleEvent], beforeFinish: Int, openReason: String?) {
        let oracle = Oracle(program)
        var beforeFinish: Int?
        do {
            for event in events { try oracle.process(event) }
            beforeFinish = oracle.outputs.count
            try oracle.finish()
            return (oracle.outputs, beforeFinish ?? 0, nil)
        } catch {
            let reason = (error as? Unspecified)?.reason ?? "\(error)"
            return (oracle.outputs, beforeFinish ?? oracle.outputs.count, reason)
        }
    }

    private func process(_ event: OracleEvent) throws {
        self.queue.append((event, 0))
        try self.drain()
    }

    private func drain() throws {
        while !self.queue.isEmpty {
            let (event, depth) = self.queue.removeFirst()
            if depth >= 10 { continue }
            for stream in self.streams where stream.stream.source.types.contains(event.type) {
                let results = try self.collecting(stream) { try stream.arrived(event) }
                self.route(results, of: stream, depth + 1)
            }
        }
    }

    /// Takes what the stream emits to the output, also when it stops in the middle.
    private func collecting<Result>(_ stream: OracleStreamRun, _ body: () throws -> Result) throws -> Result {
        let before = stream.emitted.count
        defer { self.outputs += stream.emitted[before...] }
        return try body()
    }

    /// Results have the stream's name; those of `.emit as` and `.process` are read under their own as well.
    private func route(_ results: [OracleEvent], of stream: OracleStreamRun, _ depth: Int) {
        for result in results {
            var renamed = result
            renamed.type = stream.stream.name
            self.queue.append((renamed, depth))
            if stream.stream.namesItsOwnResults, result.type != renamed.type { self.queue.append((result, depth)) }
        }
    }

    /// Streams in declaration order, each after its sources.
    private func finish() throws {
        var done: Set<String> = []
        for stream in self.streams { try self.flush(stream, &done) }
    }

    private func flush(_ stream: OracleStreamRun, _ done: inout Set<String>) throws {
        guard done.insert(stream.stream.name).inserted else { return }
        for source in self.streams where stream.stream.source.types.contains(where: { source.stream.gives($0) }) {
            try self.flush(source, &done)
        }
        let results = try self.collecting(stream) { try stream.flush() }
        for part in results { self.route(part, of: stream, 1) }
        try self.drain()
    }
}

extension OracleStream {
    /// Whether events of the type come from this stream.
    func gives(_ type: String) -> Bool {
        self.name == type
            || self.operations.contains {
                switch $0 {
                case .emit(type: type?, _): true
                case .process: ["Even", "Odd"].contains(type)
                default: false
                }
            }
    }

    /// Whether results may have a type other than the stream's.
    var namesItsOwnResults: Bool {
        self.operations.contains {
            switch $0 {
            case .emit(type: .some, _), .process: true
            default: false
            }
        }
    }
}
