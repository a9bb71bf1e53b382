import Engine
import Testing
import VPL

@Suite("Conformance with the language's cases")
struct ConformanceTests {
    /// The cases whose constructs the engine carries out.
    static let implemented = Array(1...92)

    /// The cases that need what it does not; each must be refused rather than run as less than it says.
    static let missing = Array(93...99)

    @Test("a program gives exactly the expected output", arguments: implemented)
    func output(number: Int) throws {
        let testCase = try ConformanceCase(number: number)
        let (plan, diagnostics) = Plan.load(testCase.program)
        let errors = diagnostics.filter(\.isError)
        #expect(errors.isEmpty, "\(testCase.name): \(errors)")
        guard let plan else { return }

        var events: [Event] = []
        var reader = EventFileReader()
        for line in testCase.inputLines {
            if let event = try reader.read(line) { events.append(event) }
        }
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        pipeline.process(events, into: &outputs)
        pipeline.finish(into: &outputs)
        try self.compare(outputs, with: testCase)

        for size in [1, 7, 1024] {
            guard let pipeline = BatchPipeline(plan) else { continue }
            var outputs = Outputs()
            for start in stride(from: 0, to: events.count, by: size) {
                pipeline.process(events[start..<min(start + size, events.count)], into: &outputs)
            }
            pipeline.finish(into: &outputs)
            try self.compare(outputs, with: testCase)
        }
    }

    private func compare(_ outputs: Outputs, with testCase: ConformanceCase) throws {
        let expected = try testCase.expectedLines.map {
            try EventDecoder.decode($0, defaultType: nil, arrival: 0)
        }
        #expect(outputs.emitted.map(\.type) == expected.map(\.type), "\(testCase.name)")
        for (position, (actual, wanted)) in zip(outputs.emitted, expected).enumerated() {
            // What a reader of the output sees, so that timestamps are text there.
            let written = try EventDecoder.decode(EventEncoder.outputLine(actual), defaultType: nil, arrival: 0)
            #expect(
                Value.map(written.fields).conforms(to: .map(wanted.fields)),
                "\(testCase.name), line \(position + 1): \(written.fields.text), expected \(wanted.fields.text)"
            )
        }
    }

    @Test("a program beyond the engine is refused as not implemented", arguments: missing)
    func refusal(number: Int) throws {
        let testCase = try ConformanceCase(number: number)
        let errors = check(testCase.program).errors
        #expect(!errors.isEmpty)
        #expect(errors.allSatisfy { $0.code == "E090" }, "\(testCase.name): \(errors)")
    }

    @Test("an invalid program's first error is found at its place", arguments: 1...36)
    func error(number: Int) throws {
        let testCase = try ConformanceErrorCase(number: number)
        let result = check(testCase.program)
        #expect(result.program == nil)
        let first = try #require(result.errors.first)
        let expected = testCase.expected
        #expect(first.location == SourceLocation(line: expected.line, column: expected.column), "\(first.message)")
        #expect(first.kind.rawValue == expected.kind)
        #expect(first.code == expected.code)
        #expect(
            expected.contains.isEmpty || first.message.lowercased().contains(expected.contains.lowercased()),
            "\(first.message)"
        )
    }
}

extension Value {
    /// Equality by the suite's rules: ints exactly, a float within a relative 1e-9, everything else exactly.
    fileprivate func conforms(to expected: Value) -> Bool {
        switch (self, expected) {
        case (.int(let left), .int(let right)): left == right
        case (.float(let left), .float(let right)): Self.isClose(left, right)
        case (.int(let int), .float(let float)), (.float(let float), .int(let int)): Self.isClose(Double(int), float)
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.conforms(to: $1) }
        case (.map(let left), .map(let right)):
            left.count == right.count
                && left.entries.allSatisfy { entry in right[entry.name].map { entry.value.conforms(to: $0) } ?? false }
        default: self == expected
        }
    }

    private static func isClose(_ left: Double, _ right: Double) -> Bool {
        left == right || abs(left - right) <= 1e-9 * max(abs(left), abs(right))
    }
}
