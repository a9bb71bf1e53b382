import Testing
import VPL

@Suite("Checking watermarks and the lambdas of .pattern")
struct EventTimeCheckTests {
    private func findings(_ operations: String) -> [String] {
        check("event E: v: int\nlet limit = 3\nvar total = 0\nstream S = E\n    .window(3)\n    \(operations)")
            .diagnostics.map {
                "\($0.code ?? $0.kind.rawValue) \($0.line):\($0.column)"
            }
    }

    @Test(
        "lambdas",
        arguments: [
            (".pattern(p: e => e.filter(a => a.v > limit).len() > 1)", []),
            (".pattern(p: e => { let n = e.len() n > 1 }, q: e => { total := total + 1 true })", []),
            (".pattern(p: e => e.filtr(a => true).len() > 1)", ["E050 6:24"]),
            (".pattern(p: e => e.len(1) > 1)", ["E051 6:24"]),
            (".pattern(p: e => e.filter() == 1)", ["E051 6:24"]),
            (".pattern(p: e => e.map(1) == 1)", ["E062 6:28"]),
            (".pattern(p: e => v > 1)", ["E033 6:22"]),
            (".pattern(p: e => e.map(a => b.v).sum() > limt)", ["E033 6:33", "E033 6:46"]),
            (".pattern(p: e => e[0].v is int)", []),
            (".pattern(p: e => [a => 1])", ["E062 6:23"]),
            (".pattern(p: (a, b) => true)", ["E051 6:17"]),
            (".pattern(p: e => nothing(e))", ["E050 6:22"]),
            (".pattern(p: e => { limit := 1 true })", ["E040 6:24"]),
            (".pattern(p: A -> B or not C)", ["E090 6:6"]),
            (".where(v => true)", ["E090 6:12"]),
            (".where(v.len() > 1)", ["E050 6:14"]),
        ] as [(String, [String])]
    )
    func lambdas(operations: String, expected: [String]) {
        let found = self.findings(operations)
        #expect(found == expected)
    }

    @Test(
        "watermarks",
        arguments: [
            (".watermark(out_of_order: 5s).allowed_lateness(1s)", []),
            (".watermark(out_of_ordr: 5s)", ["E080 6:16", "param 6:6"]),
            (".watermark(out_of_order: 5)", ["E061 6:30"]),
            (".watermark(out_of_order: 5s).allowed_lateness(1)", ["E061 6:51"]),
            (".watermark(out_of_order: 5s).watermark(out_of_order: 6s)", ["duplicate 6:34"]),
            (".allowed_lateness(1s)", ["order 6:6"]),
            (".watermark(out_of_order: x => 5s)", ["E090 6:30"]),
        ] as [(String, [String])]
    )
    func watermarks(operations: String, expected: [String]) {
        #expect(self.findings(operations).sorted() == expected.sorted())
    }
}
