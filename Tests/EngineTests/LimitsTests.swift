import Engine
import Testing
import VPL

/// Programs that are made to take long, or much memory, when they are loaded.
@Suite("Limits on loading programs")
struct LimitsTests {
    private static let count = 20_000

    private func loaded(_ source: String) -> (plan: Plan?, errors: [Diagnostic]) {
        var result: (plan: Plan?, errors: [Diagnostic]) = (nil, [])
        let time = ContinuousClock().measure {
            let (plan, diagnostics) = Plan.load(source)
            result = (plan, diagnostics.filter(\.isError))
        }
        // What a debug build on a busy machine may take. A release build needs a second or two.
        #expect(time < .seconds(60), "\(source.prefix(60))…")
        return result
    }

    private static func lines(_ line: (Int) -> String) -> String {
        (0..<Self.count).map(line).joined(separator: "\n")
    }

    @Test(
        "the memory of global variables is bounded together",
        arguments: [
            Self.lines { "let v\($0) = range(0, 500000)" },
            "let s0 = \"abcdefgh\"\n" + (0..<20).map { "let s\($0 + 1) = s\($0) + s\($0)\n" }.joined()
                + Self.lines { "let v\($0) = s20 + \"\($0)\"" },
        ]
    )
    func globals(source: String) {
        let (plan, errors) = self.loaded(source)
        #expect(plan == nil)
        #expect(errors.map(\.message) == ["global variables take more than 67108864 bytes"])
    }

    @Test("so is the time in which everything is evaluated that must be known at once")
    func steps() {
        let function = "fn f():\n    var n = 0\n    for i in 0..2000000:\n        n := n + i\n    return 5\n"
        #expect(self.loaded(function + Self.lines { "let v\($0) = f()" }).plan == nil)
        #expect(self.loaded(function + Self.lines { "stream S\($0) = E.limit(f())" }).plan == nil)
    }

    @Test(
        "streams that read each other in a long chain are run",
        arguments: [
            Self.lines { "stream S\($0) = S\($0 + 1).emit(a: a)" },
            "stream S0 = E\n" + Self.lines { "stream S\($0 + 1) = S\($0).emit(a: a)" },
            Self.lines { "stream S\($0) = E.emit(a: a)" },
        ]
    )
    func chain(source: String) throws {
        let plan = try #require(self.loaded(source).plan)
        let time = ContinuousClock().measure {
            var pipeline = Pipeline(plan)
            var outputs = Outputs()
            pipeline.process(Event(type: "E", timestamp: 0, fields: ["a": 1]), into: &outputs)
            pipeline.finish(into: &outputs)
            #expect(BatchPipeline(plan) == nil)
            #expect(plan.explanation.utf8.count > Self.count)
        }
        #expect(time < .seconds(60))
    }

    @Test(
        "sequences of very many steps, and very many of them, are run",
        arguments: [
            "stream S = E as e" + (0..<Self.count).map { " -> all E where a > e.a as b\($0)" }.joined(),
            "stream S = E as e" + (0..<Self.count).map { " -> T\($0) where a > b\($0).a as b\($0)" }.joined(),
            Self.lines { "stream S\($0) = E as e -> S\($0 + 1) as f" },
            "stream S0 = E as e -> E as f\n" + Self.lines { "stream S\($0 + 1) = S\($0) .where(e_a\($0 % 100) == 1)" },
        ]
    )
    func sequences(source: String) throws {
        let plan = try #require(self.loaded(source).plan)
        let time = ContinuousClock().measure {
            var pipeline = Pipeline(plan)
            var outputs = Outputs()
            for number in 0..<3 as Range<Int64> {
                pipeline.process(Event(type: "E", timestamp: 0, fields: ["a": .int(number)]), into: &outputs)
            }
            #expect(plan.explanation.utf8.count > Self.count)
        }
        #expect(time < .seconds(60))
    }

    @Test("a program with very many expressions is run, but not over batches")
    func expressions() throws {
        let items = String(repeating: "1, ", count: Self.count) + "1"
        let plan = try #require(self.loaded("stream S = E.emit(a: len([\(items)]))").plan)
        #expect(BatchPipeline(plan) == nil)
        #expect(plan.explanation.hasPrefix("Runs one event after the other: it has very many expressions."))
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        pipeline.process(Event(type: "E", timestamp: 0), into: &outputs)
        #expect(outputs.emitted.first?.fields["a"] == .int(20_001))
    }

    @Test("a join of very many sources is loaded")
    func join() throws {
        let sources = (0..<Self.count).map { ", B\($0)" }.joined()
        #expect(self.loaded("stream S = join(A\(sources), A).emit(x: 1)").plan != nil)
    }
}
