import VPL

@testable import Engine

/// Programs that run over batches, events for them, and what they give in a form that can be compared.
enum BatchPrograms {
    static let stateful = [
        "stream S = A.partition_by(k).window(10s).aggregate(s: sum(v), n: count(), c: count(v), f: first(v), l: last(v)).emit(s: s, n: n, c: c, f: f, l: l, k: k, p: _partition, t: timestamp)",
        "stream S = A.partition_by(k).window(3).aggregate(a: avg(v), lo: min(v), hi: max(v), sd: stddev(v), r: max(n) - min(n), e: ema(n, 3)).emit()",
        "stream S = merge(A, B).window(5).aggregate(s: sum(n * 2), w: sum(n * v) / sum(n)).having(s > 50).emit(s: s, w: w)",
        "stream S = A.partition_by(k).aggregate(e: ema(v, 4), n: count()).emit(e: e, n: n, t: timestamp)",
        """
        stream Minute = A.where(n > 3).window(5s).aggregate(s: sum(n), n: count())
        stream Total = merge(Minute, B).window(4).aggregate(t: sum(s), x: sum(n), m: last(timestamp)).emit(t: t, x: x, m: m)
        """,
        "stream J = join(A, B).on(A.k == B.k).window(5s).emit(k: A.k, a: A.n, b: B.n, v: v, t: timestamp)",
        "stream J = join(A, B, C).on(A.k == B.k and C.k == B.k).window(20s).where(A.n > B.n).emit(a: A.n, b: B.n, c: C.n, k: k)",
        """
        stream Fast = A.partition_by(k).aggregate(e: ema(n, 2)).emit(k: k, e: e)
        stream Slow = A.partition_by(k).aggregate(e: ema(n, 9)).emit(k: k, e: e)
        stream Cross = join(Fast, Slow).on(Fast.k == Slow.k).window(1m).where(Fast.e > Slow.e).emit(k: Fast.k, d: Fast.e - Slow.e)
        stream Some = Cross.limit(40).emit(d: d)
        """,
        """
        stream Late = join(X, A).on(X.k == A.k).window(10s).emit(x: X.n, a: A.n)
        stream X = B.where(n < 12).emit as Y (k: k, n: n)
        stream Z = join(Y, Late).on(Y.n == Late.x).window(30s).emit(n: n, a: a, x: Late.x)
        """,
    ]

    /// Events of three types with keys of all kinds, and times that sometimes go back.
    static func mixture(_ count: Int, _ random: inout SeededGenerator) -> [Event] {
        let keys: [Value?] = [nil, 1, "1", "a", "b", "a longer key than fits in a word", .null, 2.5, 7]
        let numbers: [Value?] = [1, 2.5, -3, .float(.nan), .float(.infinity), nil, .null, "x", 10, 11, 12]
        var time: Int64 = 0
        return (0..<count).map { _ in
            time += Int64.random(in: -1...3, using: &random) * 1_000_000_000
            var fields = Fields()
            if let key = keys.randomElement(using: &random) ?? nil { fields["k"] = key }
            if let number = numbers.randomElement(using: &random) ?? nil { fields["v"] = number }
            fields["n"] = .int(Int64.random(in: 0..<20, using: &random))
            let type = ["A", "B", "C"].randomElement(using: &random) ?? "A"
            return Event(type: type, timestamp: time, fields: fields)
        }
    }

    /// What a program emitted, then what it sent, printed and logged.
    static func lines(_ outputs: Outputs) -> [[UInt8]] {
        let sent = outputs.deliveries.map { [UInt8($0.sink.rawValue)] + $0.payload }
        let logged = outputs.logged.map { "\($0.stream) \($0.level) \($0.message) \($0.data?.text ?? "")" }
        return outputs.emitted.map { EventEncoder.outputLine($0) } + sent
            + (outputs.printed + logged).map { Array($0.utf8) }
    }
}
