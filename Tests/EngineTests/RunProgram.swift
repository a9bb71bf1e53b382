import Engine
import Testing
import VPL

/// Loads a program that must be right and runs events through it.
func run(_ source: String, _ events: [Event]) throws -> Outputs {
    let (plan, diagnostics) = Plan.load(source)
    #expect(diagnostics.filter(\.isError).isEmpty, "\(diagnostics.filter(\.isError))")
    var pipeline = Pipeline(try #require(plan))
    var outputs = Outputs()
    pipeline.process(events, into: &outputs)
    pipeline.finish(into: &outputs)
    return outputs
}

/// The value of an expression over an event of type `E`, nil when it is missing.
func evaluate(_ expression: String, _ fields: Fields = Fields(), declarations: String = "") throws -> Value? {
    let event = Event(type: "E", timestamp: 1_500_000_000, fields: fields)
    let outputs = try run("\(declarations)\nstream S = E\n    .emit(r: \(expression))", [event])
    return try #require(outputs.emitted.first).fields["r"]
}

/// A generator that gives the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
