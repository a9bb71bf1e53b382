import Foundation
import Testing
import VPL

@testable import Engine

/// A program that treats each key by itself gives the same in several shards as in one pipeline, in the same order.
@Suite("Shards")
struct ShardTests {
    private static func plan(_ source: String) throws -> Plan {
        let (plan, diagnostics) = Plan.load(source)
        return try #require(plan, "\(diagnostics.filter(\.isError))\n\(source)")
    }

    private static let partitioned: [(source: String, key: String?)] = [
        ("stream S = A.where(v > 1).emit(v: v, k: k, t: timestamp)\nstream T = merge(S, B).emit(v: v, n: n)", nil),
        ("stream S = merge(A, B).where(v > 1).emit()", nil),
        (
            """
            stream S = merge(A, B).where(v > 1).emit()
            stream T = S.partition_by(k).window(2).aggregate(n: count()).emit(n: n, k: k)
            """, "k"
        ),
        (
            """
            stream S = A.partition_by(k).window(10s).aggregate(s: sum(v), n: count()).emit(s: s, n: n, k: k, p: _partition)
            stream T = S.where(n > 1).partition_by(k).window(2).aggregate(m: max(s)).emit(m: m, k: k)
            """, "k"
        ),
        ("stream J = join(A, B).on(A.k == B.k).window(5s).emit(k: A.k, a: A.n, b: B.n, v: v, t: timestamp)", "k"),
        (
            """
            stream Fast = A.partition_by(k).aggregate(e: ema(n, 2)).emit(k: k, e: e)
            stream Slow = A.partition_by(k).aggregate(e: ema(n, 9)).emit(k: k, e: e)
            stream Cross = join(Fast, Slow).on(Fast.k == Slow.k).window(1m).emit(k: Fast.k, d: Fast.e - Slow.e).tap(seen: 1)
            """, "k"
        ),
    ]

    /// A file with events of three types, without a time, with one of their own, with keys of all kinds; some lines hold
    /// no event, one is too long.
    private static func file(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
        let keys = [
            "1", "\"1\"", "\"a\"", "\"é\\\"\\n\"", "2.5", "7", "7.0", "null", "\"a longer key than fits\"", "[1]",
        ]
        var text = ""
        var time = 0
        for _ in 0..<count {
            time += Int.random(in: -1...3, using: &random)
            let type = ["A", "B", "C"].randomElement(using: &random) ?? "A"
            let key = keys.randomElement(using: &random) ?? "1"
            let (v, n) = (Int.random(in: -3...9, using: &random), Int.random(in: 0...99, using: &random))
            switch Int.random(in: 0..<40, using: &random) {
            case 0: text += "BATCH \(time * 1000)\n"
            case 1: text += "A { k: 1, v \n"
            case 2: text += "\n"
            case 3: text += "{\"event_type\":\"A\",\n"
            case 4..<10: text += "\(type) { k: \(key == "[1]" ? "x" : key), v: \(v), n: \(n) }\n"
            case 10..<16: text += "{\"event_type\":\"\(type)\",\"k\":\(key),\"v\":\(v).5,\"n\":\(n)}\n"
            case 16: text += "{\"event_type\":\"\(type)\",\"v\":\(v),\"n\":\(n)}\n"
            default:
                text += "{\"event_type\":\"\(type)\",\"timestamp\":\(time * 1000),\"k\":\(key),\"v\":\(v),\"n\":\(n)}\n"
            }
        }
        return Array(text.utf8)
    }

    private struct Result: Equatable {
        var output = ""
        var rejected: [String] = []
        var counters = Pipeline.Counters()
        var taps: [String: Int64] = [:]
    }

    /// Gives `take` the file in pieces of at most `chunk` bytes, as a reader of files does.
    private static func feed(
        _ text: [UInt8],
        chunk: Int,
        _ take: (UnsafeBufferPointer<UInt8>, Bool) throws -> Int
    ) rethrows {
        var (rest, next) = ([UInt8](), 0)
        repeat {
            let end = min(next + chunk, text.count)
            rest += text[next..<end]
            next = end
            let padded = rest + Array(repeating: 0, count: BatchPipeline.paddingBytes)
            let taken = try padded.withUnsafeBufferPointer {
                try take(UnsafeBufferPointer(rebasing: $0[..<rest.count]), next == text.count)
            }
            rest.removeFirst(taken)
        } while next < text.count
    }

    private static func alone(_ plan: Plan, _ text: [UInt8], chunk: Int) throws -> Result {
        let pipeline = try #require(BatchPipeline(plan))
        var (result, written, reader) = (Result(), [UInt8](), EventFileReader())
        try self.feed(text, chunk: chunk) { bytes, isLast in
            try pipeline.take(
                bytes,
                reader: &reader,
                isLast: isLast,
                rejected: { result.rejected.append("\($0.error) \($0.bytes.count)") },
                output: { $0.appendOutputLines(to: &written) }
            )
        }
        result.output = String(decoding: written, as: UTF8.self)
        (result.counters, result.taps) = (pipeline.counters, pipeline.taps)
        return result
    }

    private static func sharded(
        _ plan: Plan,
        _ key: String?,
        _ text: [UInt8],
        count: Int,
        chunk: Int,
        piece: Int = ShardedPipeline.pieceBytesMax,
        _ concurrently: ShardedPipeline.Concurrently
    ) throws -> Result {
        let pipeline = try #require(ShardedPipeline(plan, key: key, shardCount: count, pieceBytesMax: piece))
        var (result, written) = (Result(), [UInt8]())
        try self.feed(text, chunk: chunk) { bytes, isLast in
            try pipeline.take(
                bytes,
                isLast: isLast,
                concurrently: concurrently,
                rejected: { result.rejected.append("\($0.error) \($0.bytes.count)") },
                output: { written.append(contentsOf: $0) }
            )
        }
        result.output = String(decoding: written, as: UTF8.self)
        (result.counters, result.taps) = (pipeline.counters, pipeline.taps)
        return result
    }

    private static func lastFirst(_ count: Int, _ body: @Sendable (Int) -> Void) {
        for number in (0..<count).reversed() { body(number) }
    }

    @Test("give what one pipeline gives, whatever is done first", arguments: 0..<partitioned.count)
    func agree(program: Int) throws {
        let (source, key) = Self.partitioned[program]
        let plan = try Self.plan(source)
        #expect(plan.obstacles(toPartitioningBy: key) == [])
        for seed in 1...4 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            let text = Self.file(4000, &random)
            let expected = try Self.alone(plan, text, chunk: 50_000)
            #expect(expected.counters.emitted > 100 && expected.rejected.count > 50)
            let cases = [
                (1, 70_000, 1_000), (2, 1_000_000, 1_000_000), (2, 200_000, 20_000), (3, 40_000, 10), (7, 3_000, 3_000),
            ]
            for (count, chunk, piece) in cases {
                let backwards = try Self.sharded(
                    plan,
                    key,
                    text,
                    count: count,
                    chunk: chunk,
                    piece: piece,
                    Self.lastFirst
                )
                let isSame = backwards == expected
                #expect(isSame, "seed \(seed), \(count) shards, chunks of \(chunk), pieces of \(piece)")
                let together = try Self.sharded(
                    plan,
                    key,
                    text,
                    count: count,
                    chunk: chunk,
                    piece: piece,
                    DispatchQueue.concurrentPerform
                )
                let isSameTogether = together == expected
                #expect(
                    isSameTogether,
                    "seed \(seed), \(count) shards on threads, chunks of \(chunk), pieces of \(piece)"
                )
            }
        }
    }

    @Test("a line that is too long is refused once, however it is cut", arguments: [1, 2, 3])
    func longLine(count: Int) throws {
        let plan = try Self.plan("stream S = A.emit(v: v)")
        let long = String(repeating: "x", count: 3_500_000)
        let text = Array("A { v: 1 }\nA { v: \(long) }\nA { v: 2 }\n? \nA { v: 3 }".utf8)
        let expected = """
            {"event_type":"S","timestamp":"1970-01-01T00:00:00Z","fields":{"v":1}}
            {"event_type":"S","timestamp":"1970-01-01T00:00:00Z","fields":{"v":2}}
            {"event_type":"S","timestamp":"1970-01-01T00:00:00Z","fields":{"v":3}}

            """
        let results = [
            try Self.alone(plan, text, chunk: 1_200_000),
            try Self.sharded(plan, nil, text, count: count, chunk: 1_200_000) { count, body in
                for number in 0..<count { body(number) }
            },
        ]
        for result in results {
            #expect(result.output == expected)
            #expect(result.rejected.count == 2)
            #expect(result.rejected.first?.contains("line: 2, code") ?? false)
            #expect(result.rejected.last?.contains("line: 4, code") ?? false)
        }
    }

    @Test("each gets some of many keys, and all of one")
    func spread() throws {
        let plan = try Self.plan("stream S = A.partition_by(k).aggregate(n: count()).emit(n: n, k: k)")
        let text = Array((0..<5000).map { "A { k: \($0 % 500) }\n" }.joined().utf8)
        let pipeline = try #require(ShardedPipeline(plan, key: "k", shardCount: 4))
        try Self.feed(text, chunk: text.count) { bytes, isLast in
            try pipeline.take(
                bytes,
                isLast: isLast,
                concurrently: { count, body in for number in 0..<count { body(number) } },
                rejected: { _ in },
                output: nil
            )
        }
        #expect(pipeline.shardLoads.count == 4)
        #expect(pipeline.shardLoads.allSatisfy { $0 > 700 }, "\(pipeline.shardLoads)")
        #expect(pipeline.counters.processed == 5000)
    }

    @Test("what keeps a program from being partitioned is told")
    func obstacles() throws {
        let cases: [(String, String?, [String])] = [
            ("stream S = A.where(x > 1).emit(x: x)", nil, []),
            ("stream S = A.limit(5).emit(x: x)", "k", ["stream S counts all events"]),
            ("stream S = A.distinct(x).emit(x: x)", "k", ["stream S compares all events with each other"]),
            (
                "stream S = A.window(5).aggregate(n: count()).emit(n: n)", "k",
                ["stream S gathers events whose k may differ"]
            ),
            (
                "stream S = A.partition_by(j).window(5).aggregate(n: count()).emit(n: n)", "k",
                ["stream S gathers events whose k may differ"]
            ),
            ("stream S = A.partition_by(k).window(5).aggregate(n: count()).emit(n: n)", "k", []),
            (
                "stream S = A.partition_by(k).window(5).aggregate(n: count()).emit(n: n)", nil,
                ["stream S gathers events with each other"]
            ),
            (
                "stream S = A.partition_by(k).aggregate(k: count()).emit(k: k)\nstream T = S.partition_by(k).window(2).aggregate(n: count()).emit(n: n)",
                "k", ["stream T gathers events whose k may differ"]
            ),
            (
                "stream S = A.select(k: j, n).partition_by(k).window(2).aggregate(n: count()).emit(n: n)", "k",
                ["stream S gathers events whose k may differ"]
            ),
            ("stream J = join(A, B).on(A.k == B.j).emit(a: A.k)", "k", ["stream J joins events whose k may differ"]),
            ("stream J = join(A, B).on(A.k == B.k).emit(a: A.k)", "k", []),
            (
                "stream T = A.emit(x: x)\nstream J = join(T, B).on(T.k == B.k).emit(a: B.k)", "k",
                ["stream J joins events whose k may differ"]
            ),
        ]
        for (source, key, expected) in cases {
            #expect(try Self.plan(source).obstacles(toPartitioningBy: key) == expected, "\(source)")
        }
        let fields = try Self.plan(
            "stream S = A.partition_by(k).window(5).aggregate(n: count()).emit()\nstream J = join(A, B).on(A.j == B.j).emit(a: A.k)"
        ).keyFields
        #expect(fields == ["k", "j"])
    }
}
