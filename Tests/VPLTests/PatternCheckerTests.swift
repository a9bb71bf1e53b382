import Testing
import VPL

@Suite("Checking named patterns")
struct PatternCheckerTests {
    private static let events = "event A: k: int\nevent B: k: int\nevent C: k: int\n"

    /// Code (or kind) and place of each finding, after the declaration of three events.
    private func findings(_ source: String) -> [String] {
        check(Self.events + source).diagnostics.map { "\($0.code ?? $0.kind.rawValue) \($0.line - 3):\($0.column)" }
    }

    @Test(
        "finds what cannot be matched",
        arguments: [
            // Only what is not to happen.
            ("pattern P = NOT A", ["order 1:17"]), ("pattern P = SEQ(NOT A)", ["order 1:21"]),
            ("pattern P = NOT A AND NOT B", ["order 1:17"]), ("pattern P = A OR NOT B", ["order 1:22"]),
            ("pattern P = A AND NOT (NOT B)", ["order 1:28"]),
            // Never certain.
            ("pattern P = SEQ(A, NOT B)", ["order 1:24"]), ("pattern P = SEQ(A, NOT B) within 5s", []),
            ("pattern P = A AND NOT SEQ(B, NOT C) within 5s", ["order 1:34"]),
            // Without effect.
            ("pattern P = SEQ(NOT A, B)", ["unused 1:21"]), ("pattern P = SEQ(A, NOT B+, C)", ["unused 1:24"]),
            ("pattern P = A AND NOT B", []), ("pattern P = SEQ(A, B*, NOT C, A?) OR (A AND B)", []),
        ]
    )
    func shapes(source: String, expected: [String]) { #expect(self.findings(source) == expected) }

    @Test(
        "knows the names of items where they may have events",
        arguments: [
            ("SEQ(A as a, B where k == a.k)", []), ("SEQ(A where k == b.k as a, B as b)", ["E033 1:30"]),
            ("A where k == b.k as a AND B as b", []), ("A where k == b.k as a OR B as b", ["E033 1:26"]),
            ("A as a AND NOT B where k == a.k as b", []), ("A where k == b.k AND NOT B as b", ["E033 1:26"]),
            ("SEQ(A as a, NOT B where k == a.k and k > b.k as b, C where k == b.k)", ["E033 1:77"]),
            ("SEQ(A+ as a, B where count(a) > 1 and sum(a.k) > k)", []),
            ("SEQ(A as a, B where count(a) > 1)", ["E050 1:33"]), ("SEQ(A, X)", ["W030 1:20"]),
        ]
    )
    func names(pattern: String, expected: [String]) {
        #expect(self.findings("pattern P = \(pattern)") == expected)
    }

    @Test(
        "lets a pattern be the whole source of a stream, and nothing else",
        arguments: [
            ("stream S = P.not(C).partition_by(k).where(a.k > 1).emit(k: a.k, b: b_k, n: count(b))", []),
            ("stream S = P.within(5s)", ["E020 2:14"]), ("stream S = P.not(C).within(5s)", ["E020 2:21"]),
            ("stream S = P.emit(k: c.k)", ["E033 2:22"]), ("stream S = P as p", ["order 2:12"]),
            ("stream S = P -> C", ["order 2:12"]), ("stream S = C -> P", ["order 2:17"]),
            ("stream S = merge(A, P)", ["order 2:21"]), ("stream S = sequence(a: A, b: P)", ["order 2:30"]),
            ("stream S = A -> B .not(P)", ["order 2:24"]), ("pattern Q = SEQ(A, P)", ["order 2:20"]),
            ("pattern P = A", ["E006 2:9"]),
        ]
    )
    func uses(source: String, expected: [String]) {
        #expect(self.findings("pattern P = SEQ(A as a, B+ as b)\n\(source)") == expected)
    }

    @Test("refuses in conditions what is not implemented")
    func availability() {
        #expect(self.findings("pattern P = A where (x => x)") == ["E090 1:21"])
    }
}
