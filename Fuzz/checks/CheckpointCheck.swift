import Engine

/// What must hold for any bytes that are given as a checkpoint: they are refused, or a program goes on from them, and gives
/// the same when it is stopped and started once more. The fuzzer tries bytes, and a test the corpus.
package enum CheckpointCheck {
    /// Runs in columns.
    private static let sums = """
        stream Window = E.partition_by(a).window(3)
            .aggregate(n: count(), s: sum(b), m: avg(b), lo: min(b), hi: max(b), d: stddev(b), f: first(b), l: last(b))
            .emit(a: a, n: n, s: s, m: m, lo: lo, hi: hi, d: d, f: f, l: l)
        stream Time = E.window(5s).aggregate(e: ema(b, 3)).emit(e: e)
        stream All = F.partition_by(a).aggregate(n: count(b), s: sum(b)).emit(a: a, n: n, s: s)
        stream Pairs = join(E, F).on(E.a == F.a).window(5s).emit(a: E.a, e: E.b, f: F.b)
        stream New = merge(E, F).distinct(a).limit(3).tap(seen: 1).emit(a: a)
        """

    /// Runs event by event.
    private static let events = """
        var n = 1
        fn count(x: int) -> int:
            n := n + x
            return n
        stream Sliding = E.partition_by(a).window(4s, sliding: 2s).emit()
        stream Slide = E.partition_by(a).window(3, sliding: 1).aggregate(f: first(b), d: stddev(b)).emit(f: f, d: d)
        stream Session = merge(E, F).window(session: 3s).aggregate(n: count(), u: count_distinct(b)).emit(n: n, u: u)
        stream Last = F.window(3).aggregate(l: last(b)).emit(l: l, c: count(1))
        stream Rise = E as a -> all F where b > a.b as b -> E where b > 1 as c
            .partition_by(a)
            .within(9s)
            .emit(a: a.b, b: b.b, s: sum(b.b), c: c.b)
        stream Whole = E as x -> F as y
            .emit()
        """

    /// As `events`, but without what changes variables: windows sum up while they slide.
    private static let sliding = """
        stream Slide = E.partition_by(a).window(3, sliding: 1)
            .aggregate(f: first(b), l: last(b), d: stddev(b), e: ema(b, 3), u: count_distinct(b))
            .emit(f: f, l: l, d: d, e: e, u: u)
        stream Slow = E.window(4s, sliding: 2s).aggregate(s: sum(b), n: count()).emit(s: s, n: n)
        """

    /// Sequences in columns.
    private static let runs = """
        stream Rise = E as a -> all F where b > a.b as b -> E where b > 1 as c
            .partition_by(a)
            .within(9s)
            .emit(a: a.a, b: b.b, s: sum(b.b), d: stddev(b.b), l: last(b.a), c: c.b)
        pattern Silent = SEQ(E as a, NOT F where b == a.b) within 3s
        stream Quiet = Silent
            .emit(a: a.a, b: a.b)
        """

    private static let plans = [Self.sums, Self.events, Self.sliding, Self.runs].map { source in
        let (plan, diagnostics) = Plan.load(source)
        guard let plan else { preconditionFailure("\(diagnostics)") }
        return plan
    }

    private static let input: [Event] = (0..<24).map { number in
        let value: Value = number % 5 == 4 ? .float(Double(number) / 4) : .int(Int64(number % 7))
        let key: Value = number % 3 == 0 ? "x" : .int(Int64(number % 2))
        return Event(
            type: number % 2 == 0 ? "E" : "F",
            timestamp: Int64(number) * 700_000_000,
            fields: ["a": key, "b": value]
        )
    }

    /// Checkpoints of the programs, without checksums.
    package static var seeds: [[UInt8]] {
        Self.plans.map { plan in
            var pipeline = Pipeline(plan)
            var outputs = Outputs()
            pipeline.process(Array(Self.input[..<17]), into: &outputs)
            return SealedSections.unseal(pipeline.snapshot.checkpoint.encoded())
        }
    }

    /// What does not hold for the bytes, taken for a checkpoint without and with its checksums; nil if everything does.
    package static func failure(of bytes: [UInt8]) -> String? {
        for checkpoint in [bytes, SealedSections.seal(bytes)] {
            guard let checkpoint = try? Checkpoint(decoding: checkpoint) else { continue }
            for plan in Self.plans {
                do throws(CheckpointError) {
                    let restoration = try Restoration(checkpoint, of: plan)
                    if let failure = try Self.failure(of: restoration, plan) { return failure }
                } catch {
                    // Refused.
                }
            }
        }
        return nil
    }

    private static func failure(of restoration: Restoration, _ plan: Plan) throws(CheckpointError) -> String? {
        if let batches = try BatchPipeline(plan, restoring: restoration) {
            var outputs = Outputs()
            batches.process(Self.input, into: &outputs)
        }
        var pipeline = try Pipeline(plan, restoring: restoration)
        let bytes = pipeline.snapshot.checkpoint.encoded()
        let expected = Self.run(&pipeline)
        let again = try? Restoration(Checkpoint(decoding: bytes), of: plan)  // the failure is told of below
        guard let again else { return "what was written is not read again" }
        var restarted = try Pipeline(plan, restoring: again)
        return Difference.of(Self.run(&restarted), expected)
    }

    private static func run(_ pipeline: inout Pipeline) -> [[UInt8]] {
        var outputs = Outputs()
        pipeline.process(Self.input, into: &outputs)
        pipeline.finish(into: &outputs)
        return outputs.emitted.map { EventEncoder.outputLine($0) }
    }
}
