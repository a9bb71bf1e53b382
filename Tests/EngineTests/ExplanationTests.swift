import Engine
import Testing
import VPL

@Suite("Explanations")
struct ExplanationTests {
    private func explanation(_ source: String) throws -> String {
        let (plan, diagnostics) = Plan.load(source)
        return try #require(plan, "\(diagnostics)").explanation
    }

    @Test("an explanation names what each stream reads, does and keeps")
    func streams() throws {
        let text = try self.explanation(
            """
            stream Mean = Tick.where(price > 1).partition_by(symbol).window(10s).aggregate(m: avg(price)).emit(m: m)
            stream Total = Mean.aggregate(n: count())
            stream Pairs = join(Total, Quote).on(Total.n == Quote.n).window(5m).limit(3).emit as Pair (n: Quote.n)
            """
        )
        #expect(
            text == """
                Runs over batches of columns.
                One worker has all events: stream Total sums up events whose symbol may differ.
                Expressions name the fields m, n, price, symbol.

                stream Mean
                  reads     events Tick
                  filters
                  gathers   10s for each symbol
                  sums up   m by symbol
                  emits     Mean: m
                  costs     the same for each event
                  keeps     a set of sums for every key ever seen: unbounded in keys

                stream Total
                  reads     stream Mean
                  sums up   n, over all events so far
                  costs     the same for each event
                  keeps     one set of sums

                stream Pairs
                  reads     stream Total, events Quote
                  joins     Total.n = Quote.n, at most 5m apart
                  passes    the first 3
                  emits     Pair: n
                  costs     the same for each event
                  keeps     one event of each source for every key ever seen, more while events are out of order: unbounded in keys

                """
        )
    }

    @Test(
        "it says why a program runs event by event",
        arguments: [
            ("stream A = B.emit(x: x)\nstream B = A.emit(x: x)", "streams read each other in a circle"),
            ("var g = 1\nfn f():\n    g := 2\nstream A = E.emit(x: f())", "it has functions that change variables"),
            (
                "stream A = E.window(session: 5s).aggregate(n: count()).emit(n: n)",
                "stream A is not done in columns yet"
            ),
        ]
    )
    func obstacles(source: String, reason: String) throws {
        #expect(try self.explanation(source).hasPrefix("Runs one event after the other: \(reason)"))
    }

    @Test("it says what may be shared out, and what takes long")
    func costs() throws {
        let any = try self.explanation("stream A = E.where(x > 1).emit(y: y)")
        #expect(any.contains("Any worker may have any event.\nExpressions name the fields x, y.\n"))
        let keyed = try self.explanation("stream A = E.partition_by(k).window(5).aggregate(n: count()).emit(n: n)")
        #expect(keyed.contains("Workers may share events out by k.\n"))
        let sliding = try self.explanation("stream A = E.window(1h, sliding: 1s).aggregate(n: count()).emit(n: n)")
        #expect(sliding.contains("  costs     the same for each event\n"))
        #expect(sliding.contains("  keeps     summaries of the events of 1h\n"))
        let changing = "var g = 1\nfn f():\n    g := g + 1\n    return g\n"
        for source in [
            "stream A = E.window(9, sliding: 1).partition_by(k).aggregate(n: count()).emit(n: n)",
            "stream A = E.window(9, sliding: 1).aggregate(n: max(now())).emit(n: n)",
            "fn f():\n    return now()\nstream A = E.window(9, sliding: 1).aggregate(n: max(1 + f())).emit(n: n)",
            changing + "stream A = E.window(9, sliding: 1).aggregate(n: sum(f())).emit(n: n)",
        ] {
            let recomputed = try self.explanation(source)
            #expect(recomputed.contains("  costs     all events of the window for each result\n"))
            #expect(recomputed.contains("  keeps     up to 9 events\n"))
        }
    }
}
