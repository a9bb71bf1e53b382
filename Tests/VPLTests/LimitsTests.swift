import Testing
import VPL

/// Programs that are made to take long: each is a megabyte at most, what a server takes. Nothing of this may overflow
/// the stack, or take time that grows with the square of the length.
@Suite("Limits on programs")
struct LimitsTests {
    /// What a debug build on a busy machine may take. A release build needs less than a second.
    private static let patience: Duration = .seconds(60)

    private static let count = 20_000

    private func checked(_ source: String) -> CheckResult {
        var result: CheckResult?
        let time = ContinuousClock().measure { result = check(source) }
        #expect(time < Self.patience, "\(source.prefix(60))…")
        return result ?? check(source)
    }

    private static func lines(_ line: (Int) -> String) -> String {
        (0..<Self.count).map(line).joined(separator: "\n")
    }

    private static func text(_ parts: (String, Int)...) -> String {
        parts.map { String(repeating: $0, count: $1) }.joined()
    }

    @Test(
        "what is nested deeper than a person would write is refused at once",
        arguments: [
            Self.text(("(", 10_000), ("1", 1), (")", 10_000)),
            Self.text(("(", 50_000), ("1", 1), (")", 50_000)),
            Self.text(("[", 100_000)),
            Self.text(("{a:", 60_000)),
            Self.text(("f(", 60_000)),
            Self.text(("a[", 60_000)),
            Self.text(("not ", 50_000), ("true", 1)),
            Self.text(("-", 100_000), ("1", 1)),
            Self.text(("~", 100_000), ("1", 1)),
            Self.text(("if x then 1 else ", 12_000), ("1", 1)),
            Self.text(("if ", 60_000), ("1", 1)),
            Self.text(("a ?? ", 40_000), ("1", 1)),
            Self.text(("a ** ", 40_000), ("1", 1)),
            Self.text(("x => ", 40_000), ("1", 1)),
            Self.text(("x => {", 40_000), ("1", 1)),
        ]
    )
    func nesting(expression: String) {
        let errors = self.checked("let a = \(expression)").errors
        #expect(errors.map(\.message) == ["this is nested more than 100 deep"])
    }

    @Test("blocks and types are not nested without end either")
    func nestedBlocks() {
        let blocks = (1...400).map { String(repeating: " ", count: $0) + "if x:\n" }.joined()
        for source in [
            "fn f():\n\(blocks)" + String(repeating: " ", count: 401) + "1",
            "type T = " + Self.text(("[", 100_000)), "type T = " + Self.text(("Stream<", 60_000)),
            "pattern P = " + Self.text(("(", 100_000)),
        ] {
            #expect(self.checked(source).errors.map(\.message) == ["this is nested more than 100 deep"])
        }
    }

    @Test(
        "what is chained longer than a person would write is refused at once",
        arguments: [
            Self.text(("a+", 100_000), ("a", 1)), Self.text(("a and ", 40_000), ("a", 1)),
            Self.text(("a.", 100_000), ("a", 1)), Self.text(("a", 1), ("[0]", 60_000)),
            Self.text(("a", 1), ("()", 60_000)),
        ]
    )
    func chains(expression: String) {
        #expect(self.checked("let a = \(expression)").errors.map(\.message) == ["this expression is too long"])
    }

    @Test("an expression cannot grow higher through the blocks of lambdas")
    func lambdas() {
        var expression = "1"
        for _ in 0..<19 { expression = "(x => { \(expression)\(String(repeating: "+1", count: 980))})" }
        #expect(self.checked("let a = \(expression)").errors.map(\.message) == ["this expression is too long"])
    }

    @Test(
        "a long program that is right is checked in time that grows with its length",
        arguments: [
            Self.lines { "stream S\($0) = E.where(a > \($0)).emit(a: a)" },
            Self.lines { "stream S\($0) = S\($0 + 1).emit(a: a)" },
            Self.lines { "type T\($0) = Stream<Stream<Stream<int>>>" },
            Self.lines { "event E\($0) extends E\($0 + 1):\n    a\($0): int" },
            "fn f():\n" + Self.lines { "    let v\($0) = \($0)" },
            "fn f():\n    if a:\n        1\n" + Self.lines { "    elif a == \($0):\n        1" },
            "stream S = A" + Self.text((".where(a > 1)", 20_000)),
            "stream S = merge(A" + Self.text((", B", 20_000)) + ")",
        ]
    )
    func right(source: String) {
        #expect(self.checked(source).errors.isEmpty)
    }

    @Test(
        "so is one with very many mistakes",
        arguments: [
            Self.lines { "stream S\($0) = E.to(Broker\($0))" },
            Self.lines { "connector B\($0)x = mqtt ()" } + "\n" + Self.lines { "stream S\($0) = E.to(B\($0)y)" },
            Self.lines { "fn fun\($0)(a: int):\n    a" } + "\n" + Self.lines { "let v\($0) = fum\($0)(1)" },
            Self.lines { _ in "stream S = E" },
            "stream S = E" + Self.text((".to(B)", 20_000)),
            "fn f():\n" + Self.lines { "    let v\($0) = x => \($0)" },
            "event E:\n    a: int\nstream S = E as e" + (0..<20_000).map { " -> E where b.a > 1 as b\($0)" }.joined(),
        ]
    )
    func wrong(source: String) {
        #expect(self.checked(source).errors.count >= Self.count - 1)
    }

    @Test("looking for similar names takes no time that grows with the square of their length")
    func longNames() {
        let (a, b) = (String(repeating: "a", count: 400_000), String(repeating: "b", count: 400_000))
        #expect(self.checked("event \(a):\n    a: int\nstream S = \(b)").errors.isEmpty)
        #expect(self.checked("event \(a)c:\n    a: int\nstream S = \(a)d").diagnostics.first?.hint != nil)
    }

    @Test("steps of events that extend very many others are checked, or left alone, in time")
    func lineage() {
        let events = (0..<10_000).map { "event E\($0 + 1) extends E\($0):\n    a\($0): int" }.joined(separator: "\n")
        let steps = (0..<2000).map { " -> E10000 where x.a > 1 as b\($0)" }.joined()
        let source = "event E0:\n    a: int\n\(events)\nstream S = E0 as e\(steps)"
        #expect(self.checked(source).errors.allSatisfy { $0.code == "E090" })
        // The fields of a few are known, and `x` is none of them.
        let few = "event E0:\n    a: int\nevent E1 extends E0:\n    b: int\nstream S = E0 as e -> E1 where"
        #expect(self.checked("\(few) x.a > 1").errors.map(\.code) == ["E033"])
        #expect(self.checked("\(few) a.x > b.x").errors.allSatisfy { $0.code == "E090" })
    }

    @Test("very many findings in one line are drawn in time")
    func drawing() {
        let source = "stream S = E" + String(repeating: ".to(B)", count: 20_000)
        let renderer = DiagnosticRenderer([SourceFile(path: "f", text: source)])
        let findings = self.checked(source).diagnostics
        let time = ContinuousClock().measure {
            #expect(findings.reduce(0) { $0 + renderer.text(of: $1).utf8.count } < 4_000_000)
        }
        #expect(time < Self.patience)
    }

    @Test(
        "what declaration loops write out is bounded",
        arguments: [
            "for i in 0..10000:\n  \"" + String(repeating: "x", count: 1000) + "\"",
            "for i in 0..10000:\n  a\n" + String(repeating: "\n", count: 1500) + "  b",
            "for i in 0..200:\n for j in 0..200:\n  for k in 0..200:\n   a",
            (0..<10).map { String(repeating: " ", count: $0) + "for a\($0) in 0..10:\n" }.joined()
                + "          a",
        ]
    )
    func loops(source: String) {
        let errors = self.checked(source).errors
        #expect(errors.count == 1)
        #expect(errors.first?.message.hasPrefix("declaration loops write out more than ") == true)
    }
}
