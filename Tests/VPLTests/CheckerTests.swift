import Testing
import VPL

@Suite("Checking programs")
struct CheckerTests {
    /// Code (or kind) and place of each finding.
    private func findings(_ source: String, connectors: [ConnectorDeclaration] = []) -> [String] {
        check(source, connectors: connectors).diagnostics.map {
            "\($0.code ?? $0.kind.rawValue) \($0.line):\($0.column)"
        }
    }

    @Test("reports every mistake, in the order of the text")
    func many() {
        let source = """
            event E:
                v: int
            let a = nosuch(1)
            stream S = E
                .where(5)
                .to(Nowhere)
                .context(none)
                .log(text: "x")
            stream S = E
            """
        #expect(self.findings(source) == ["E050 3:9", "E060 5:12", "E030 6:9", "E031 7:14", "E080 8:10", "E002 9:8"])
    }

    @Test(
        "refuses windows with arguments that would have no effect",
        arguments: [
            ("(5m, 1m)", ["E080 3:17"]), ("(5m, slide: 1m)", ["E080 3:17"]), ("()", ["E061 3:6"]),
            ("(sliding: 1m)", ["E061 3:6"]), ("(5m, sliding: 1m, policy: \"x\")", []), ("(session: 1m)", []),
        ]
    )
    func windows(arguments: String, expected: [String]) {
        #expect(self.findings("event E: v: int\nstream S = E\n    .window\(arguments)") == expected)
    }

    @Test("suggests the name that was probably meant")
    func suggestions() {
        func hint(_ source: String) -> String? { check(source).errors.first?.hint }
        #expect(hint("let a = uper(\"x\")") == "did you mean `upper`?")
        #expect(hint("connector Broker = mqtt ()\nstream S = E .to(Brokr)") == "did you mean `Broker`?")
        #expect(hint("stream S = E .wheer(a)") == "did you mean `where`?")
        #expect(hint("stream S = E .to(Zzz)") == nil)
        #expect(hint("stream S = E .emit(n: count())") == "`count` stands only inside `.aggregate`")
        let rounded = "stream S = E .window(2) .aggregate(m: round(avg(v)))"
        #expect(hint(rounded) == "`round` can be applied to the result, after `.aggregate`")
    }

    @Test("knows connectors from outside, which a program may declare itself")
    func outsideConnectors() throws {
        let outside = ConnectorDeclaration(name: "C", type: "mqtt")
        let source = "event E: v: int\nstream S = E .to(C, topic: \"t\")"
        #expect(self.findings(source, connectors: [outside]).isEmpty)
        #expect(self.findings(source) == ["E030 2:18"])
        let own = check("connector C = file (path: \"p\")\n" + source, connectors: [outside])
        #expect(try #require(own.program).connectors.map(\.type) == ["file"])
    }

    @Test(
        "warns of what is legal and yet suspicious",
        arguments: [
            ("stream S = Unknown", "W030 1:12"), ("event E: v: int\nstream S = E .emit as T (v: v)", "W031 2:23"),
            ("event E: v: int\nstream S = E .where(v + 1)", "W060 2:21"),
            ("event E: v: int\nconnector C = mqtt ()\nstream S = E .to(C, topc: \"t\")", "W080 3:21"),
            ("event E: v: int\nconnector C = mqtt ()\nstream S = E.from(C, qos: \"1\")", "W081 3:27"),
            ("config old { a: 1 }", "unused 1:1"), ("1 + 1", "unused 1:1"),
        ]
    )
    func warnings(source: String, finding: String) {
        let result = check(source)
        #expect(result.program != nil)
        #expect(self.findings(source) == [finding])
    }

    @Test("guards let and const, global and local, but not shadows")
    func immutability() {
        let source = """
            let g = 1
            fn f(p: int):
                g := 2
                let l = 1
                l := 2
                p := 3
                var v = 1
                v := 2
            fn h(g: int):
                g := 2
            """
        #expect(self.findings(source) == ["E040 3:5", "E040 5:5"])
    }

    @Test("refuses what is not implemented only in programs that are right")
    func availability() {
        #expect(self.findings("event E: v: int\nstream S = E .pattern(p: A -> B)") == ["E090 2:15"])
        #expect(self.findings("event E: v: int\nstream S = E .pattern(p: A -> B) .where(1)") == ["E060 2:41"])
        #expect(self.findings("event E: v: int\nstream S = E .map(v)") == ["E090 2:15"])
        #expect(self.findings("let a = x => x") == ["E090 1:9"])
    }

    @Test("draws a finding under its line")
    func drawing() throws {
        let source = "event E: v: int\nstream S = E\n\t.to(Brokr)"
        let diagnostic = try #require(check(source).errors.first)
        let text = DiagnosticRenderer([SourceFile(path: "p.vpl", text: source)]).text(of: diagnostic)
        #expect(
            text == """
                p.vpl:3:6: error[E030]: the connector `Brokr` is not declared
                  |
                3 | \t.to(Brokr)
                  | \t    ^^^^^

                """
        )
    }
}
