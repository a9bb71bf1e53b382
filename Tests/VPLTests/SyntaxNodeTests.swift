import Testing
import VPL

@Suite("Syntax trees")
struct SyntaxNodeTests {
    /// The tree without its first line.
    private func lines(_ source: String) throws -> String {
        let tree = try #require(SyntaxNode.tree(of: source).tree)
        return tree.lines.split(separator: "\n").dropFirst().map { $0.dropFirst(2) }.joined(separator: "\n")
    }

    @Test("have a line for each statement and operation")
    func statements() throws {
        let source = """
            stream Alerts = Trades.from(C, topic: "t") .where(price > 10)
                -> all Quote where x == 1 as q
                .window(5m, sliding: 90s)
                .emit as Alert (price: price * 2, context: fast)
            pattern P = SEQ(A as a, B+ where x > 1) AND NOT D within 10s partition by k
            event E extends F:
                a: [int?]
            fn f(x: int) -> {str: (int, float)}:
                if x > 1:
                    return x
                else:
                    emit T(x: x)
                for i in 1..x:
                    break
            let l = x => { x + 1 }
            connector C = mqtt (port: 1883, on: true)
            """
        let expected = """
            stream Alerts
              from Trades of C
                parameter topic: "t"
              where (price > 10)
              then all Quote as q
                where (x == 1)
              window
                value 5m
                field sliding: 90s
              emit as Alert
                field price: (price * 2)
                context fast
            pattern P
              AND
                SEQ
                  event A as a
                  event B+
                    where (x > 1)
                NOT
                  event D
              within 10s
              partition k
            event E extends F
              field a: [int?]
            fn f(x: int) -> {str: (int, float)}
              if
                condition (x > 1)
                  return x
                else
                  emit T
                    field x: x
              for i in (1..x)
                break
            let l = ((x) => {…})
              block
                expression (x + 1)
            connector C = mqtt
              parameter port: 1883
              parameter on: true
            """
        #expect(try self.lines(source) == expected)
    }

    @Test(
        "show precedence by parentheses",
        arguments: [
            ("1 + 2 * 3 - 4", "((1 + (2 * 3)) - 4)"), ("-2 ** 2 ** 3", "(-(2 ** (2 ** 3)))"),
            ("not a and b or c", "(((not a) and b) or c)"), ("a ?? b ?? c .. d", "((a ?? (b ?? c))..d)"),
            ("a not in [1] and b is null", "((a not in [1]) and (b is null))"), ("(a)", "a"),
            ("if a then b else c + 1", "(if a then b else (c + 1))"), ("a?.b[1:][x](y: 2)", "a?.b[1:][x](y: 2)"),
            ("{ k: \"a\\n{b}\", \"l\": @2026-01-02 }", "{\"k\": \"a\\n{b}\", \"l\": @2026-01-02T00:00:00Z}"),
            ("-9223372036854775808", "(-9223372036854775808)"), ("0ns + 1500ms + 2d", "((0ns + 1500ms) + 2d)"),
        ]
    )
    func precedence(source: String, expected: String) throws {
        #expect(try self.lines(source) == "expression " + expected)
    }

    @Test("say where nodes stand, and are absent where there are syntax errors")
    func places() throws {
        let tree = try #require(SyntaxNode.tree(of: "let a = 1\nstream S = E\n    .where(x)").tree)
        #expect(tree.children[1].location == SourceLocation(line: 2, column: 1))
        #expect(tree.children[1].children[1].location == SourceLocation(line: 3, column: 6))
        let (absent, diagnostics) = SyntaxNode.tree(of: "let a = 1\nlet b = )")
        #expect(absent == nil)
        #expect(diagnostics.map(\.line) == [2])
    }
}
