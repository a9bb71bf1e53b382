public import ArgumentParser
public import Engine

/// How much each stream of a program may hold in memory.
public struct StreamMemoryOptions: ParsableArguments {
    @Option(help: "The most that one stream may hold in memory, in MiB (default: 512 for a server, any otherwise).")
    var streamMemory: Int?
    @Option(
        help: ArgumentHelp(
            """
            What happens to a stream that holds as much: wait (no events are taken until it holds less), refuse (no runs \
            of its pattern begin), drop-oldest (its oldest runs end) or fail (the program ends).
            """,
            valueName: "policy"
        )
    )
    var whenFull = StateBudget.Policy.wait
    @Option(help: "How many runs of a pattern may be open for one key; more do not begin, and are counted.")
    var runsPerKey = 10_000

    public init() {}

    public func validate() throws {
        if let streamMemory, !(1...1 << 30).contains(streamMemory) {
            throw ValidationError("--stream-memory is at least 1.")
        }
        guard (1...1 << 30).contains(self.runsPerKey) else { throw ValidationError("--runs-per-key is at least 1.") }
    }

    /// What the options say.
    ///
    /// - Parameter usual: What a stream may hold if they do not say it, in bytes.
    public func budget(usual: Int = .max) -> StateBudget {
        StateBudget(
            bytesPerStream: self.streamMemory.map { $0 << 20 } ?? usual,
            runsPerKey: self.runsPerKey,
            policy: self.whenFull
        )
    }
}

extension StateBudget.Policy: ExpressibleByArgument {}
