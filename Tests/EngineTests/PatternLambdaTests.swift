import Engine
import Testing
import VPL

@Suite("Lambdas of .pattern")
struct PatternLambdaTests {
    /// Whether a batch of events with these values passes.
    private func passes(_ lambda: String, _ values: [Value], declarations: String = "") throws -> Bool {
        let events = values.enumerated().map { number, value in
            Event(type: "E", timestamp: Int64(number), fields: ["x": value, "n": .int(Int64(number))])
        }
        let source = "\(declarations)\nstream S = E.window(\(values.count)).pattern(p: \(lambda)).emit(x: x)"
        let count = try run(source, events).emitted.count
        #expect(count == 0 || count == values.count)
        return count > 0
    }

    @Test("what is false drops the batch, and nothing else does")
    func decision() throws {
        #expect(try self.passes("events => true", [1, 2]))
        #expect(try !self.passes("events => false", [1, 2]))
        #expect(try self.passes("events => 0", [1, 2]))
        #expect(try self.passes("events => events.first().absent > 1", [1, 2]))
        #expect(try self.passes("events => events.first().x.first()", [1, 2]))
    }

    @Test("several lambdas must all let it pass")
    func several() throws {
        #expect(try !self.passes("events => true, q: events => false", [1]))
        #expect(try !self.passes("events => false, q: events => true", [1]))
        #expect(try self.passes("events => true, q: events => true", [1]))
    }

    @Test(
        "methods are worth what they say",
        arguments: [
            ("e.len()", "3"), ("e.count()", "3"), ("e.filter(a => a.x > 1).len()", "2"),
            ("e.map(a => a.x)", "[4, 1, 3]"),
            ("e.map(a => a.absent)", "[]"), ("e.map(a => [a.x, a.n]).flatten()", "[4, 0, 1, 1, 3, 2]"),
            ("e.first().x", "4"), ("e.last().x", "3"), ("e.map(a => a.x).sum()", "8.0"),
            ("e.map(a => a.x / 2.0).avg()", "1.3333333333333333"), ("e.map(a => a.x).min()", "1"),
            ("e.map(a => a.x * 1.0).max()", "4.0"), ("e.map(a => a.absent).max() ?? \"none\"", "\"none\""),
            ("e.sliding_pairs().len()", "2"), ("e.sliding_pairs().map(p => p[1].x - p[0].x)", "[-3, 2]"),
            ("e.sliding_pairs().map((a, b) => a.x + b.x)", "[5, 4]"), ("e.first().event_type", "\"E\""),
            ("e[-1].x", "3"), ("e[1:].map(a => a.n)", "[1, 2]"), ("e.first().len()", "3"),
            ("e.filter(a => a.x in wanted).len()", "1"), ("twice(e.first().x)", "8"),
            ("e.filter(a => e.filter(b => b.x < a.x).len() == 1).first().x", "3"),
            ("e.filter(a => a.x is int).len()", "3"), ("sum(e.map(a => a.x))", "8.0"),
        ]
    )
    func methods(expression: String, value: String) throws {
        let declarations = "let wanted = [3]\nfn twice(v: int):\n    return v * 2\n"
        #expect(try !self.passes("e => \(expression) != \(value)", [4, 1, 3], declarations: declarations))
        #expect(try self.passes("e => \(expression) == \(value)", [4, 1, 3], declarations: declarations))
    }

    @Test("a block's value is its last statement's, and its variables are seen by the lambdas in it")
    func blocks() throws {
        let block = """
            events => {
                    let limit = events.map(e => e.x).max() - 1
                    let high = events.filter(e => {
                        let x = e.x
                        x >= limit
                    })
                    high.len() == 2
                }
            """
        #expect(try self.passes(block, [4, 1, 3]))
        #expect(try !self.passes(block, [4, 1, 1]))
        let loop = """
            events => {
                    var rises = 0
                    for pair in events.sliding_pairs():
                        if pair[1].x > pair[0].x:
                            rises := rises + 1
                    if rises > 1:
                        return false
                    true
                }
            """
        #expect(try self.passes(loop, [4, 1, 3]))
        #expect(try !self.passes(loop, [0, 1, 3]))
    }

    @Test("a variable of a lambda does not live from one call to the next")
    func freshVariables() throws {
        let lambda = """
            events => {
                    let marks = events.map(e => {
                        if e.x > 2:
                            let mark = e.x
                        mark ?? 0
                    })
                    marks == [4, 0, 3]
                }
            """
        #expect(try self.passes(lambda, [4, 1, 3]))
        #expect(try !self.passes(lambda, [4, 3, 1]))
    }

    @Test("it looks at the batch as it is there: one event without a window, matches with all that they hold")
    func batches() throws {
        let events = (0..<4).map {
            Event(type: $0 % 2 == 0 ? "A" : "B", timestamp: Int64($0), fields: ["x": .int(Int64($0))])
        }
        let single = try run("stream S = A.pattern(p: e => e.len() == 1 and e[0].x > 0).emit(x: x)", events)
        #expect(single.emitted.map { $0.fields.text } == ["{x: 2}"])
        let matches = try run(
            "stream S = A as a -> B as b .pattern(p: e => e[0].b_x > 1 and e[0].a_x == 2).emit(x: b.x)",
            events
        )
        #expect(matches.emitted.map { $0.fields.text } == ["{x: 3}"])
    }

    @Test("an evaluation that takes too long is given up, and counted")
    func limits() throws {
        let source = """
            stream S = E.window(1100)
                .pattern(p: e => e.map(a => e.map(b => 1).len()).sum() < 0)
                .emit(n: n)
            """
        let (plan, diagnostics) = Plan.load(source)
        var pipeline = Pipeline(try #require(plan, "\(diagnostics)"))
        var outputs = Outputs()
        let events = (0..<1100).map { Event(type: "E", timestamp: Int64($0), fields: ["n": .int(Int64($0))]) }
        pipeline.process(events, into: &outputs)
        #expect(pipeline.counters.limits.evaluationsCut > 0)
        #expect(outputs.emitted.count == 1100)
    }

    @Test("lambdas nested as deep as a program may nest them are carried out")
    func depth() throws {
        let depth = 30
        let opening = (0..<depth).map { ".map(a\($0) => e" }.joined()
        #expect(try self.passes("e => e\(opening).len()\(String(repeating: ")", count: depth)).len() == 1", [1]))
    }

    @Test("a program of very many lambdas and variables is loaded in time")
    func size() throws {
        let variables = (0..<8_000).map { "        let v\($0) = \($0)\n" }.joined()
        let lambdas = (0..<8_000).map { "        e.map(a => a.x + v\($0))\n" }.joined()
        let source = "stream S = E.pattern(p: e => {\n\(variables)\(lambdas)        e.len() == 1\n    }).emit(x: x)"
        let start = ContinuousClock.now
        #expect(try run(source, [Event(type: "E", timestamp: 0, fields: ["x": 1])]).emitted.count == 1)
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test("assigning to a global keeps sliding sums from being made early")
    func globals() throws {
        let source = """
            var g = 1
            stream S = E.window(2, sliding: 1).aggregate(s: sum(x * g)).emit(s: s)
            stream T = E.pattern(p: e => { g := 10 true })
            """
        let events = (1...3).map { Event(type: "E", timestamp: Int64($0), fields: ["x": .int(Int64($0))]) }
        let sums = try run(source, events).emitted.map { $0.fields.text }
        #expect(sums == ["{s: 30}", "{s: 50}"])
    }
}
