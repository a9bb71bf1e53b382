import Testing
import VPL

@testable import Engine

/// What shards remember of sequences is put together, shared out to another number of shards, or goes on in one pipeline.
@Suite("Checkpoints of sequences on shards")
struct ShardCheckpointTests {
    private static let source = """
        stream S = A as a -> all B where v > b.v as b -> C as c
            .partition_by(k)
            .within(300s)
            .emit(k: k, a: a.v, n: count(b), d: stddev(b.v), l: last(b.t), c: c.v)
        """

    private func feed(_ lines: some Collection<String>, _ pipeline: ShardedPipeline) throws -> [UInt8] {
        let text = Array(lines.map { $0 + "\n" }.joined().utf8)
        let padded = text + Array(repeating: 0, count: BatchPipeline.paddingBytes)
        var written: [UInt8] = []
        try padded.withUnsafeBufferPointer { bytes in
            _ = try pipeline.take(
                UnsafeBufferPointer(rebasing: bytes[..<text.count]),
                isLast: true,
                concurrently: { count, body in for number in 0..<count { body(number) } },
                rejected: { throw $0.error },
                output: { written.append(contentsOf: $0) }
            )
        }
        return written
    }

    @Test("from three shards to two, to one pipeline, and back to four")
    func shards() throws {
        let plan = try #require(Plan.load(Self.source).plan)
        var random = SeededGenerator(seed: 3)
        let lines = (0..<4000).map { number in
            let type = ["A", "B", "C"][Int.random(in: 0..<3, using: &random)]
            let (key, value) = (Int.random(in: 0..<40, using: &random), Int.random(in: 0..<100, using: &random))
            let late = Int.random(in: 0..<10, using: &random) == 0 ? Int.random(in: 0..<500, using: &random) : 0
            return "@\(number + 500 - late)s \(type) { k: \(key), v: \(value), t: \"text \(value % 7)\" }"
        }
        let whole = try #require(ShardedPipeline(plan, key: "k", shardCount: 1))
        let wanted = try self.feed(lines, whole)
        var bytes: [UInt8]?
        var output: [UInt8] = []
        for (part, count) in [3, 2, 1, 4].enumerated() {
            let rows = lines[part * 1000..<part * 1000 + 1000]
            let restoration = try bytes.map { try Restoration(Checkpoint(decoding: $0), of: plan) }
            if count == 1 {
                var pipeline = try Pipeline(plan, restoring: try #require(restoration))
                var reader = EventFileReader()
                var outputs = Outputs()
                pipeline.process(try rows.compactMap { try reader.read(Array($0.utf8)) }, into: &outputs)
                for event in outputs.emitted { output += EventEncoder.outputLine(event) + Array("\n".utf8) }
                bytes = pipeline.snapshot.checkpoint.encoded()
                continue
            }
            let made =
                try restoration.map { try ShardedPipeline(plan, key: "k", shardCount: count, restoring: $0) }
                ?? ShardedPipeline(plan, key: "k", shardCount: count)
            let shards = try #require(made)
            output += try self.feed(rows, shards)
            // Runs are where the events of their keys will be.
            #expect(shards.shards.allSatisfy { $0.pipeline.streamStates[0].runs > 0 })
            let checkpoint = shards.snapshot.checkpoint
            #expect(checkpoint.operators[0].number(SavedOperator.time) > 1000)
            bytes = checkpoint.encoded()
        }
        #expect(output == wanted && wanted.count > 10_000)
    }
}
