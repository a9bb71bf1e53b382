import Engine
import Testing

@testable import VPL

@Suite("The language manual")
struct ManualTests {
    private static let manual = Result { try Manual() }
    private static let examples = (try? manual.get().examples) ?? []
    private static let equations = (try? manual.get().equations) ?? []

    @Test("has the form that these tests read, and many examples")
    func form() throws {
        let manual = try Self.manual.get()
        #expect(manual.examples.count >= 30)
        #expect(manual.equations.count >= 100)
    }

    @Test("shows programs that give what it says", arguments: examples.filter { !$0.isWrong })
    func output(example: Manual.Example) throws {
        let (plan, diagnostics) = Plan.load(example.program)
        if let expected = example.diagnostics {
            self.compare(diagnostics, with: expected)
        } else {
            // Examples may leave out the declarations of events, but surprise with nothing else.
            #expect(diagnostics.allSatisfy { $0.code == "W030" }, "\(diagnostics)")
        }
        let program = try #require(plan)

        var events: [Event] = []
        var reader = EventFileReader()
        for line in try #require(example.events) {
            if let event = try reader.read(Array(line.utf8)) { events.append(event) }
        }
        var pipeline = Pipeline(program)
        var outputs = Outputs()
        pipeline.process(events, into: &outputs)
        pipeline.finish(into: &outputs)
        #expect(self.lines(outputs) == example.output)
        #expect(outputs.printed == example.printed)

        guard let batches = BatchPipeline(program) else { return }
        outputs.clear()
        batches.process(events[...], into: &outputs)
        batches.finish(into: &outputs)
        #expect(self.lines(outputs) == example.output)
    }

    private func lines(_ outputs: Outputs) -> [String] {
        outputs.emitted.map { String(decoding: EventEncoder.outputLine($0), as: UTF8.self) }
    }

    @Test("shows mistakes and what is said about them", arguments: examples.filter(\.isWrong))
    func mistake(example: Manual.Example) throws {
        let (plan, diagnostics) = Plan.load(example.program)
        #expect(plan == nil)
        self.compare(diagnostics, with: try #require(example.diagnostics))
    }

    private func compare(_ diagnostics: [Diagnostic], with expected: [String]) {
        let found = diagnostics.map { "\($0.line):\($0.column) \($0.code ?? $0.kind.rawValue) \($0.message)" }
        #expect(found.count == expected.count, "\(found)")
        for (finding, wanted) in zip(found, expected) {
            // The place, the code and at least a word.
            #expect(finding.hasPrefix(wanted) && wanted.split(separator: " ").count > 2)
        }
    }

    @Test("says what expressions are worth", arguments: equations)
    func equation(equation: Manual.Equation) throws {
        let (plan, diagnostics) = Plan.load("stream S = Reading\n    .emit(r: \(equation.expression))\n")
        var pipeline = Pipeline(try #require(plan, "\(diagnostics)"))
        var reader = EventFileReader()
        let event = try #require(try reader.read(Array(try Self.manual.get().event.utf8)))
        var outputs = Outputs()
        pipeline.process(event, into: &outputs)
        let fields = try #require(outputs.emitted.first).fields
        #expect(fields["r"].map { String(decoding: EventEncoder.json($0), as: UTF8.self) } == equation.value)
    }

    @Test("leaves out no function, operation or code of an error")
    func completeness() throws {
        let manual = try Self.manual.get()
        for function in BuiltinFunction.allCases {
            let call = "\(function.rawValue)("
            #expect(manual.text.contains("`\(call)"), "\(function) is not in the manual")
            #expect(manual.equations.contains { $0.expression.contains(call) }, "\(function) has no example")
        }
        for function in AggregateFunction.allCases {
            #expect(manual.text.contains("`\(function.rawValue)("), "\(function) is not in the manual")
        }
        for operation in Parser.operationNames {
            #expect(
                manual.text.contains("`.\(operation)(") || manual.text.contains("`.\(operation)`"),
                "\(operation) is not in the manual"
            )
        }
        for number in 1...36 {
            guard let code = try ConformanceErrorCase(number: number).expected.code else { continue }
            #expect(manual.text.contains(code), "\(code) is not in the manual")
        }
    }
}
