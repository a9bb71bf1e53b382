#if canImport(Glibc)
    import Glibc
#endif

/// Runs a program in several shards side by side: events with the same key go to the same one.
///
/// Where the program treats each key by itself (see `Plan.obstacles(toPartitioningBy:)`), the output is that of one
/// pipeline, in the same order. Lines are read in as many pieces as there are shards, then each shard runs its events of
/// all pieces, and so on, round by round. It starts no threads: the caller says how to do things together.
public final class ShardedPipeline {
    let plan: Plan
    let key: ShardKey
    let shards: [Shard]
    private let pieces: [ParsedLines]
    /// What is known of the lines so far.
    public internal(set) var reader = EventFileReader()
    /// How much of the input is best given at once.
    public let roundBytesMax: Int

    /// How much of the input is read before its events are run: so little that they and their texts are still near the
    /// processor then, and so much that waiting for each other costs little.
    public static let pieceBytesMax = 2 << 20

    /// Does `body` for 0, 1, and so on below the count, in any order or together, and returns when all is done.
    public typealias Concurrently = (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void

    /// Nil for a program that needs one event after the other.
    ///
    /// - Parameters:
    ///   - key: The field that tells to which shard an event goes; nil for a program that remembers nothing.
    ///   - shardCount: 1 or more.
    ///   - budget: What a stream may hold in each of the shards.
    public convenience init?(_ plan: Plan, key: String?, shardCount: Int, budget: StateBudget = StateBudget()) {
        self.init(plan, key: key, shardCount: shardCount, budget: budget, pieceBytesMax: Self.pieceBytesMax)
    }

    /// - Parameter pieceBytesMax: About how many bytes each shard reads before events are run.
    init?(_ plan: Plan, key: String?, shardCount: Int, budget: StateBudget = StateBudget(), pieceBytesMax: Int) {
        // Nobody could say in which order shards complete what waits.
        if plan.waitsForDeadlines { return nil }
        self.roundBytesMax = pieceBytesMax * shardCount
        var pipelines: [BatchPipeline] = []
        for _ in 0..<shardCount {
            guard let pipeline = BatchPipeline(plan, budget: budget) else { return nil }
            pipelines.append(pipeline)
        }
        guard let schema = pipelines.first?.batch.schema else { return nil }
        let shardKey = ShardKey(
            slot: key.flatMap { schema.slots.find($0) },
            matchesNumbers: plan.streams.contains { $0.join != nil }
        )
        self.plan = plan
        self.key = shardKey
        self.shards = pipelines.enumerated().map { Shard($1, number: $0) }
        // All schemas are alike. Each piece has one that no other thread counts references to.
        self.pieces = pipelines.enumerated().map {
            ParsedLines($1.batch.schema, shardKey, shardCount: shardCount, number: $0)
        }
    }

    public var counters: Pipeline.Counters {
        self.shards.reduce(into: Pipeline.Counters()) { $0 += $1.pipeline.counters }
    }

    /// What each stream holds in each of the shards.
    public var streamStates: [StreamState] { self.shards.flatMap(\.pipeline.streamStates) }

    /// How many events each `.tap` has seen, by its name.
    public var taps: [String: Int64] {
        self.shards.reduce(into: [:]) { $0.merge($1.pipeline.taps, uniquingKeysWith: +) }
    }

    /// How many events each shard has processed.
    public var shardLoads: [UInt64] { self.shards.map(\.pipeline.counters.processed) }

    /// What was cut of the events read so far.
    public var cuts: EventCuts { self.reader.cuts }

    /// Processes the events in the whole lines that `bytes` begin with.
    ///
    /// - Parameters:
    ///   - bytes: With `BatchPipeline.paddingBytes` zeros behind them.
    ///   - isLast: Nothing follows, so a last line needs no newline.
    ///   - rejected: Called with each line that holds no event, in order.
    ///   - output: Called with lines of the program's output, in order; nil where only the counters are wanted.
    /// - Returns: How many bytes the lines have. Give the rest again, with what follows.
    public func take(
        _ bytes: UnsafeBufferPointer<UInt8>,
        isLast: Bool,
        concurrently: Concurrently,
        rejected: (RejectedLine) throws -> Void,
        output: ((UnsafeBufferPointer<UInt8>) throws -> Void)?
    ) throws -> Int {
        let skipped = self.skipRefusedLine(bytes)
        guard let start = bytes.baseAddress, skipped < bytes.count else { return skipped }
        var position = skipped
        while true {
            let wanted = position + self.roundBytesMax
            let end = wanted < bytes.count ? Self.lineEnd(bytes, from: wanted) ?? bytes.count : bytes.count
            let isLastRound = end == bytes.count
            try self.takeRound(start, position..<end, isLast: isLast && isLastRound, concurrently, rejected, output)
            if isLastRound { return self.pieces.last?.end ?? 0 }
            position = end
        }
    }

    /// Reads lines and runs their events. Where more follows, all of them are whole.
    private func takeRound(
        _ input: UnsafePointer<UInt8>,
        _ range: Range<Int>,
        isLast: Bool,
        _ concurrently: Concurrently,
        _ rejected: (RejectedLine) throws -> Void,
        _ output: ((UnsafeBufferPointer<UInt8>) throws -> Void)?
    ) throws {
        let bytes = UnsafeBufferPointer(start: input, count: range.upperBound)
        let ends = Self.split(bytes, from: range.lowerBound, into: self.pieces.count)
        // Each number touches what is its own, and reads what nobody changes meanwhile.
        nonisolated(unsafe) let (input, pieces, shards) = (input, self.pieces, self.shards)
        concurrently(pieces.count) { number in
            pieces[number].read(
                LineSource(
                    input,
                    (number == 0 ? range.lowerBound : ends[number - 1])..<ends[number],
                    isLast: isLast && number == pieces.count - 1
                )
            )
        }
        try self.join(rejected)
        let writesOutput = output != nil
        concurrently(shards.count) { shards[$0].run(pieces, writesOutput: writesOutput) }
        if let output { try self.merge(into: output) }
    }

    /// How many bytes belong to a line that is refused already.
    private func skipRefusedLine(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        guard self.reader.isInRefusedLine else { return 0 }
        guard let end = Self.lineEnd(bytes, from: 0) else { return bytes.count }
        self.reader.isInRefusedLine = false
        return end
    }

    /// Where each piece ends: behind a newline, all of about the same size.
    private static func split(_ bytes: UnsafeBufferPointer<UInt8>, from first: Int, into count: Int) -> [Int] {
        var ends: [Int] = []
        for number in 1..<count {
            let last = ends.last ?? first
            let wanted = max(first + (bytes.count - first) / count * number, last)
            // Without a newline all that is left belongs to the pieces behind.
            ends.append(Self.lineEnd(bytes, from: wanted) ?? last)
        }
        return ends + [bytes.count]
    }

    /// The place behind the next newline.
    private static func lineEnd(_ bytes: UnsafeBufferPointer<UInt8>, from place: Int) -> Int? {
        guard let start = bytes.baseAddress else { return nil }
        return memchr(start + place, CInt(UInt8(ascii: "\n")), bytes.count - place)
            .map { $0.assumingMemoryBound(to: UInt8.self) - UnsafeMutablePointer(mutating: start) + 1 }
    }

    /// Tells the pieces what stood before them, and takes their end for the beginning of what comes next.
    private func join(_ rejected: (RejectedLine) throws -> Void) rethrows {
        for piece in self.pieces {
            piece.timeBefore = self.reader.offset
            for rejection in piece.rejected {
                let error = EventFileError(
                    line: self.reader.line + rejection.error.line,
                    code: rejection.error.code,
                    message: rejection.error.message
                )
                try rejection.bytes.withUnsafeBufferPointer { try rejected(RejectedLine(error, $0)) }
            }
            self.reader.line += piece.reader.line
            self.reader.cuts += piece.reader.cuts
            if piece.reader.offset != Timestamp.none { self.reader.offset = piece.reader.offset }
            self.reader.isInRefusedLine = piece.reader.isInRefusedLine
        }
    }

    /// Gives the shards' lines in the order of the events that they came from.
    func merge(into output: (UnsafeBufferPointer<UInt8>) throws -> Void) rethrows {
        var next = [Int](repeating: 0, count: self.shards.count)
        var written = next
        while true {
            // The shard whose next event is the first, and the first one of all others.
            var (best, origin, limit) = (-1, UInt64.max, UInt64.max)
            for (number, shard) in self.shards.enumerated() where next[number] < shard.marks.count {
                let other = shard.marks.base[next[number]].origin
                if other < origin {
                    (best, origin, limit) = (number, other, origin)
                } else {
                    limit = min(limit, other)
                }
            }
            if best < 0 { return }
            let shard = self.shards[best]
            while next[best] < shard.marks.count, shard.marks.base[next[best]].origin < limit { next[best] += 1 }
            let end = shard.marks.base[next[best] - 1].end
            try output(UnsafeBufferPointer(start: shard.output.base + written[best], count: end - written[best]))
            written[best] = end
        }
    }
}
