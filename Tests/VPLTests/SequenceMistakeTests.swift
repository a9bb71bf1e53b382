import Testing
import VPL

/// What somebody who writes a first sequence is told.
@Suite("First sequences")
struct SequenceMistakeTests {
    @Test(
        "a condition in a place where it reads well, but does not belong, is answered with where it does",
        arguments: [
            ("stream S = A where x > 0\n    .emit(x: x)", 14),
            ("stream S = A where x > 0 as a -> B as b\n    .emit(x: b.x)", 14),
            ("stream S = A as a -> B as b where x > a.x\n    .emit(x: b.x)", 29),
        ]
    )
    func condition(source: String, column: Int) throws {
        let error = try #require(check(source).errors.first)
        #expect(error.line == 1 && error.column == column)
        #expect(error.hint == "a stream's condition is `.where(…)`; that of a step stands before its `as`")
    }

    @Test("other words in such a place are not taken for a condition")
    func word() throws {
        let error = try #require(check("stream S = A having x > 0").errors.first)
        #expect(error.hint == nil)
    }

    @Test("the repeated items of a pattern can be counted, as repeated steps can")
    func count() {
        let pattern = "pattern P = SEQ(A as a, B+ as b, C as c)\nstream S = P\n    .emit(n: count(b), x: count(b.x))"
        #expect(check(pattern).errors.isEmpty)
        let plain = "pattern P = SEQ(A as a, B as b)\nstream S = P\n    .emit(n: count(b))"
        #expect(check(plain).errors.map(\.code) == ["E050"])
    }
}
