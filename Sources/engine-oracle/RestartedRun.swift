import Engine

/// A program that is stopped in some places and started again from its checkpoint, in one way of running after the other.
enum RestartedRun {
    /// - Parameter stops: After how many events, in order.
    /// - Returns: The lines of its output.
    static func lines(_ plan: Plan, _ events: [Event], stops: [Int]) throws -> [[UInt8]] {
        var outputs = Outputs()
        var bytes: [UInt8]?
        let places = [0] + stops + [events.count]
        for (number, (start, end)) in zip(places, places.dropFirst()).enumerated() {
            let part = Array(events[start..<end])
            let isLast = number == stops.count
            let restoration = try bytes.map { try Restoration(Checkpoint(decoding: $0), of: plan) }
            // The last one is not in columns: it gives what is still held at the end.
            if number % 2 == 1, !isLast, let batches = try Self.batches(plan, restoration) {
                batches.process(part, into: &outputs)
                bytes = batches.snapshot.checkpoint.encoded()
                continue
            }
            var pipeline = if let restoration { try Pipeline(plan, restoring: restoration) } else { Pipeline(plan) }
            pipeline.process(part, into: &outputs)
            if isLast { pipeline.finish(into: &outputs) }
            bytes = pipeline.snapshot.checkpoint.encoded()
        }
        return outputs.emitted.map { EventEncoder.outputLine($0) }
    }

    private static func batches(_ plan: Plan, _ restoration: Restoration?) throws -> BatchPipeline? {
        guard let restoration else { return BatchPipeline(plan) }
        return try BatchPipeline(plan, restoring: restoration)
    }

    /// On three shards up to the line in the middle, on two from there on.
    static func shardedLines(_ plan: Plan, key: String?, _ lines: [String]) throws -> [[UInt8]]? {
        let middle = lines.count / 2
        guard let first = ShardedPipeline(plan, key: key, shardCount: 3) else { return nil }
        var written = try Self.feed(lines[..<middle], first)
        let checkpoint = try Checkpoint(decoding: first.snapshot.checkpoint.encoded())
        let restoration = try Restoration(checkpoint, of: plan)
        let other = try ShardedPipeline(plan, key: key, shardCount: 2, restoring: restoration)
        guard let second = other else { return nil }
        // Lines have times of their own, or stand behind one that sets it.
        let time = lines[..<middle].last { $0.hasPrefix("BATCH") }
        written += try Self.feed([time].compactMap(\.self) + lines[middle...], second)
        return written.split(separator: UInt8(ascii: "\n")).map(Array.init)
    }

    private static func feed(_ lines: some Collection<String>, _ pipeline: ShardedPipeline) throws -> [UInt8] {
        var written: [UInt8] = []
        let text = Array(lines.joined(separator: "\n").utf8)
        let padded = text + Array(repeating: 0, count: BatchPipeline.paddingBytes)
        try padded.withUnsafeBufferPointer { bytes in
            _ = try pipeline.take(
                .init(rebasing: bytes[..<text.count]),
                isLast: true,
                concurrently: { count, body in for number in (0..<count).reversed() { body(number) } },
                rejected: { throw $0.error },
                output: { written.append(contentsOf: $0) }
            )
        }
        return written
    }
}
