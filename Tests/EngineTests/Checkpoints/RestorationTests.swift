import Testing
import VPL

@testable import Engine

/// What a changed program takes over from a checkpoint, and what it refuses.
@Suite("A checkpoint and a changed program")
struct RestorationTests {
    private static let program = """
        stream Sum = E.partition_by(a).window(3).aggregate(s: sum(b)).emit(s: s)
        stream New = E.distinct(b).emit(b: b)
        """

    private func plan(_ source: String) throws -> Plan {
        let (plan, diagnostics) = Plan.load(source)
        return try #require(plan, "\(diagnostics)")
    }

    private func events(_ values: [Int64], type: String = "E") -> [Event] {
        values.map { Event(type: type, timestamp: $0 * 1_000_000_000, fields: ["a": "x", "b": .int($0)]) }
    }

    /// A checkpoint of a program after these events.
    private func checkpoint(_ source: String, _ events: [Event]) throws -> Checkpoint {
        var pipeline = Pipeline(try self.plan(source))
        var outputs = Outputs()
        pipeline.process(events, into: &outputs)
        return try Checkpoint(decoding: pipeline.snapshot.checkpoint.encoded())
    }

    private func output(
        _ source: String,
        _ checkpoint: Checkpoint,
        _ events: [Event],
        allowingStateLoss: Bool = false
    ) throws -> (lines: [String], warnings: [String]) {
        let plan = try self.plan(source)
        let restoration = try Restoration(checkpoint, of: plan, allowingStateLoss: allowingStateLoss)
        var pipeline = try Pipeline(plan, restoring: restoration)
        var outputs = Outputs()
        pipeline.process(events, into: &outputs)
        pipeline.finish(into: &outputs)
        return (outputs.emitted.map { "\($0.type) \($0.fields.text)" }, restoration.warnings)
    }

    @Test("operations that remember nothing may change, and streams may come and change places")
    func harmless() throws {
        let checkpoint = try self.checkpoint(Self.program, self.events([1, 2]))
        let changed = """
            stream Other = E.where(b > 2).emit(o: b)
            stream New = E.distinct(b).where(b > 1).emit(n: b)
            stream Sum = E.where(b > 0).partition_by(a).window(3).aggregate(total: sum(b)).emit(t: total)
            """
        let (lines, warnings) = try self.output(changed, checkpoint, self.events([2, 3]))
        #expect(warnings.isEmpty)
        #expect(lines == ["Sum {t: 5}", "Other {o: 3}", "New {n: 3}"])
    }

    @Test("a stream that does not fit is refused, with what was and what is")
    func refusals() throws {
        let checkpoint = try self.checkpoint(Self.program, self.events([1, 2]))
        let cases = [
            (
                "stream Sum = E.partition_by(a).window(4).aggregate(s: sum(b)).emit(s: s)",
                "the `window` of stream Sum was of 3 events by a, keeping sum(b), and is of 4 events by a"
            ),
            (
                "stream Sum = E.partition_by(a).window(3).aggregate(s: sum(c)).emit(s: s)",
                "keeping sum(b), and is of 3 events by a, keeping sum(c)"
            ),
            ("stream Sum = E.partition_by(c).window(3).aggregate(s: sum(b)).emit(s: s)", "and is of 3 events by c"),
            ("stream Sum = E.emit(s: b)", "stream Sum has no `window` any more"),
            (
                "stream Sum = E.partition_by(a).window(3).aggregate(s: sum(b)).distinct(s).emit(s: s)",
                "stream Sum has a `distinct` that it did not have"
            ),
        ]
        for (stream, sentence) in cases {
            let source = stream + "\nstream New = E.distinct(b).emit(b: b)"
            #expect {
                _ = try Restoration(checkpoint, of: try self.plan(source))
            } throws: { error in
                (error as? CheckpointError)?.code == .programChanged && "\(error)".contains(sentence)
            }
            // The other stream keeps what it has.
            let (lines, warnings) = try self.output(source, checkpoint, self.events([2, 3]), allowingStateLoss: true)
            #expect(warnings.count == 1 && warnings[0].contains(sentence) && warnings[0].contains("begins empty"))
            #expect(lines.filter { $0.hasPrefix("New") } == ["New {b: 3}"], "\(lines)")
        }
    }

    @Test("what a stream remembered that is gone is forgotten with a warning")
    func gone() throws {
        let checkpoint = try self.checkpoint(Self.program, self.events([1, 2]))
        let less = "stream New = E.distinct(b).emit(b: b)"
        let (lines, warnings) = try self.output(less, checkpoint, self.events([2, 4]))
        #expect(lines == ["New {b: 4}"])
        #expect(warnings == ["the program has no stream Sum any more; what it remembered is forgotten"])
    }

    @Test("runs of a sequence go on where the fields that it needs were remembered")
    func sequences() throws {
        func program(_ condition: String, _ output: String) -> String {
            "stream S = A as x -> B \(condition) as y .emit(\(output))"
        }
        let before = program("where b > x.b", "x: x.b, y: y.b, a: x.a")
        let checkpoint = try self.checkpoint(before, self.events([1, 2], type: "A"))
        // Another condition over what was remembered, and less in the output.
        let less = program("where b > x.b + 1", "x: x.b")
        let (lines, _) = try self.output(less, checkpoint, self.events([3], type: "B"))
        #expect(lines == ["S {x: 1}"])
        let more = program("where b > x.b", "c: x.c")
        #expect {
            _ = try Restoration(checkpoint, of: try self.plan(more))
        } throws: {
            "\($0)".contains("the `sequence` of stream S needs x.c, which was not remembered")
        }
        let other = "stream S = A as x -> C as y .emit(x: x.b)"
        #expect(throws: CheckpointError.self) { try Restoration(checkpoint, of: try self.plan(other)) }
    }

    /// A checkpoint of a program that ran over batches.
    private func columnsCheckpoint(_ source: String, _ events: [Event]) throws -> Checkpoint {
        let columns = try #require(BatchPipeline(try self.plan(source)))
        var outputs = Outputs()
        columns.process(events, into: &outputs)
        return try Checkpoint(decoding: columns.snapshot.checkpoint.encoded())
    }

    @Test("columns remember only what somebody reads, and a program asks for no more than it needs")
    func columns() throws {
        func program(_ condition: String, _ output: String) -> String {
            "stream S = A as x -> all B \(condition) as y\n    .emit(\(output))"
        }
        let events = self.events([1], type: "A") + self.events([5], type: "B")
        let before = program("where b > x.b", "x: x.b, y: y.b")
        let checkpoint = try self.columnsCheckpoint(before, events)
        // What the last step took is in the events of matches, and in no run.
        #expect(checkpoint.operators[0].columns == ["x.b"])
        #expect(try self.checkpoint(before, events).operators[0].columns == ["x.b", "y.b"])
        #expect(try self.output(before, checkpoint, self.events([1, 3], type: "B")).lines == ["S {x: 1, y: 3}"])
        let less = program("where b > 0", "y: y.b")
        #expect(try self.output(less, checkpoint, self.events([3], type: "B")).lines == ["S {y: 3}"])
        for (more, name) in [(program("where b > y.b", "x: x.b"), "y.b"), (program("", "x: x.a"), "x.a")] {
            #expect {
                _ = try Restoration(checkpoint, of: try self.plan(more))
            } throws: {
                "\($0)".contains("the `sequence` of stream S needs \(name), which was not remembered")
            }
        }
        // Event by event it was remembered.
        let whole = try self.checkpoint(before, events)
        let lines = try self.output(program("where b > y.b", "y: y.b"), whole, self.events([5, 6], type: "B")).lines
        #expect(lines == ["S {y: 6}"])
    }

    @Test("steps with one alias keep their values apart")
    func namesakes() throws {
        let source = """
            pattern P = (A as p OR B as p) AND C where b > p.b as c
            stream S = P.emit(p: p.b, c: c.b)
            """
        for type in ["A", "B"] {
            let checkpoint = try self.checkpoint(source, self.events([1], type: type))
            let lines = try self.output(source, checkpoint, self.events([3], type: "C")).lines
            #expect(lines == ["S {p: 1, c: 3}"])
        }
    }

    @Test("each context keeps variables of its own, and a new one begins with those of the default context")
    func contexts() throws {
        func program(_ context: String) -> String {
            """
            context one
            context two
            var n = 10
            fn next(x: int) -> int:
                n := n + x
                return n
            stream S = E.context(one).emit(n: next(b))
            stream T = E.where(b > 1)\(context).emit(n: next(10 * b))
            stream U = E.where(b > 2).emit(n: next(100 * b))
            """
        }
        let source = program(".context(two)")
        let checkpoint = try self.checkpoint(source, self.events([1, 2, 3]))
        #expect(
            try self.output(source, checkpoint, self.events([3])).lines == ["S {n: 19}", "T {n: 90}", "U {n: 610}"]
        )
        let uninterrupted = try run(source, self.events([1, 2, 3, 3])).emitted.suffix(3).map {
            "\($0.type) \($0.fields.text)"
        }
        #expect(uninterrupted == ["S {n: 19}", "T {n: 90}", "U {n: 610}"])
        // The stream goes back to the default context; what the other knew is of no use there.
        let changed = try self.output(program(""), checkpoint, self.events([2])).lines
        #expect(changed == ["S {n: 18}", "T {n: 330}"])
        // And one that knew no contexts.
        let plain = source.replacing("context one\ncontext two\n", with: "").replacing(".context(one)", with: "")
            .replacing(".context(two)", with: "")
        let known = try self.checkpoint(plain, self.events([1]))
        #expect(try self.output(source, known, self.events([2])).lines == ["S {n: 13}", "T {n: 31}"])
    }

    @Test("variables keep their values where functions change them, and are the program's otherwise")
    func variables() throws {
        let counting = """
            var n = 10
            fn next(x: int) -> int:
                n := n + x
                return n
            stream S = E.emit(n: next(b))
            """
        var checkpoint = try self.checkpoint(counting, self.events([1, 2]))
        #expect(try self.output(counting, checkpoint, self.events([3])).lines == ["S {n: 16}"])
        checkpoint = try self.checkpoint("var n = 1\nstream S = E.emit(n: n)", self.events([1]))
        let (lines, _) = try self.output("var n = 2\nstream S = E.emit(n: n)", checkpoint, self.events([1]))
        #expect(lines == ["S {n: 2}"])
    }
}
