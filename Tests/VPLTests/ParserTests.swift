import Testing
import VPL

@Suite("Reading programs")
struct ParserTests {
    /// The places of the errors, and what they say.
    private func errors(_ source: String) -> [String] {
        check(source).errors.map { "\($0.line):\($0.column) \($0.message)" }
    }

    @Test(
        "accepts everything that is legal",
        arguments: [
            "", "# only a comment", "/* block\n comment */", "\u{FEFF}let a = 1", "  let a = 1\n  let b = 2",
            "event P: x: int y: int", "event P extends Q:\n    x: int?\nevent Q:\n    y: [{str: float}]",
            "type T = (int, Stream<Stream<float>>)", "type U = int?\nlet a = 1",
            "stream S = E\n.where(a > 1)\n.emit(b: a)", "stream S = E .where(a\n> 1\n) .print()",
            "let a = 1 +\n2", "let a = 1\n+ 2\nlet b = 3", "let a = 5\n    - 2", "let a = [1,\n2]\nlet b = -a[0]",
            "fn f(x: int) -> int: # why\n\n    # comment\n  # another\n    return x\nlet a = f(1)",
            "fn f(a: int):\n\tif a > 1:\n\t\treturn 1\n\telif a > 0:\n\t\treturn 2\n\telse:\n\t\treturn 3",
            "fn f(n: int):\n    var x = 0\n    x := x\n      + 1\n    (x)",
            "fn f():\n    let g = x => {\n        if x:\n            1\n        else:\n            2\n    }",
            "fn f():\n    if true then 1 else 2", "stream S = E\n    .where(in > 5 and not and or: 1 == 1)",
            "stream type = stream\n    .emit(type: type, stream: stream, from: to, emit: where)",
            "let event = 1\nevent := 2\nlet stream = event + 1", "context fast (cores: [0, 1])\ncontext slow",
            "connector C = mqtt (host: \"h\", tags: [a, \"b\"], wait: 5s, on: true)",
            "config old { a: 1, b: \"x\" c: 5s }",
            "config:\n    a: 1\n    b: 2\nlet x = 1", "let a = x => x + 1", "let a = \"\\\"\\u{1F600}\\q\"",
            "let a = 1_000", "let a = 1..5", "let a = 9223372036854775807", "let a = - 9223372036854775808",
        ]
    )
    func legal(source: String) {
        let syntax = check(source).errors.filter { $0.kind == .syntax }
        let isCounterexample = source.contains("1_000") || source.contains("or: 1")
        #expect(syntax.isEmpty != isCounterexample, "\(source)\n\(syntax)")
    }

    @Test(
        "finds syntax errors where nothing fits any more",
        arguments: [
            ("let = 5", "1:5"), ("let a 5", "1:7"), ("let a = 5 6", "1:11"), ("let a = (1", "1:11"),
            ("let a = 5 = 6", "1:11"),
            ("stream S = E .where()", "1:21"), ("stream S = E .where(a, b)", "1:22"), ("stream S = E .emit(a)", "1:21"),
            ("stream S = E .limit()", "1:21"), ("stream S = E .print() .from(C)", "1:24"),
            ("stream S = foo(E)", "1:15"),
            ("let a = \"open", "1:9"), ("let a = 5x", "1:9"), ("let a = 99999999999d", "1:9"),
            ("let a = @2026-13-01", "1:9"),
            ("let a = 5 - 9223372036854775808", "1:13"), ("let a = §", "1:9"), ("/* open", "1:1"),
            ("let a = a b", "1:11"),
            ("fn f():\nlet a = 1", "2:1"), ("fn f(): 1", "1:9"), ("fn f():\n    1\n  2", "3:3"),
            ("let a = 1\n  let b = 2", "2:3"),
            ("  let a = 1\nlet b = 2", "2:1"), ("if true:\n    1\n  else:\n    2", "3:3"),
            ("let a = v > and x", "1:13"),
            ("let a = {1: 2}", "1:10"), ("let a = [1,]", "1:12"), ("let a = f(1,)", "1:13"), ("let a = x.5", "1:11"),
            ("for i in 0..20000:\n    let a{i} = 1", "1:1"), ("event E:\n    x", "2:6"), ("connector C = mqtt", "1:19"),
        ]
    )
    func illegal(source: String, place: String) throws {
        let first = try #require(check(source).errors.first, "\(source)")
        #expect("\(first.line):\(first.column)" == place, "\(source)\n\(first.message)")
        #expect(first.kind == .syntax)
    }

    @Test("goes on after an error, at the declaration it swallowed or at the next one")
    func recovery() {
        let source = """
            stream A = E
                .where(x > )
            stream B = E
                .where(x > 1
            stream C = E
                .wher(x > 1)
            let a = 1 = 2
            fn f(x: int):
                let y =
                return 5 5
            stream D = nothing(
            """
        let lines = check(source).errors.map(\.line)
        #expect(lines == [2, 5, 6, 7, 10, 11])
    }

    @Test("bounds nesting and length, but not the number of statements")
    func bounds() {
        let deep = String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000)
        #expect(self.errors("let a = \(deep)").count == 1)
        #expect(self.errors("let a = \(String(repeating: "-", count: 5000))1").count == 1)
        #expect(self.errors("let a = \(String(repeating: "not ", count: 5000))true").count == 1)
        #expect(self.errors("let a = \(String(repeating: "1 + ", count: 5000))1").count == 1)
        #expect(
            self.errors("let a = \(String(repeating: "[", count: 24))1\(String(repeating: "]", count: 24))").isEmpty
        )
        #expect(self.errors((0..<5000).map { "let a\($0) = 1" }.joined(separator: "\n")).isEmpty)
        #expect(self.errors(String(repeating: "let = 1\n", count: 5000)).count == 100)
    }

    @Test("writes declaration loops out and reports errors at the lines written")
    func loops() {
        let source = """
            for i in 0..=1:
                # {i}
                for j in -1..1:
                    stream S{i} = E
                        .where(x > )
            let end = 1
            """
        let places = check(source).errors.filter { $0.kind == .syntax }.map { "\($0.line):\($0.column)" }
        #expect(places == Array(repeating: "5:24", count: 4))
    }

    @Test("never traps on damaged programs")
    func damage() {
        let source = """
            event E extends F:
                a: int?
            let g = { "k": [1, 2.5, 5s], b: @2026-01-01 } ?? "x{g.k}"
            fn f(x: int) -> int:
                if x > 1 and not (x in 0..=5):
                    return f(x - 1) ** 2
                else:
                    emit T(a: x)
                for i in x:
                    continue
            stream S = E.from(C, topic: "t")
                .where(a > 1 or b[1:2] == c?.d)
                .emit as T (a: if a then 1 else 2)
            stream Q = A as a -> all B where x > a.x as b .within(5s) .not(C where k == a.k)
            pattern P = SEQ(A as a, B+ where x > 1, NOT C) within 5m partition by k
            for i in 0..3:
                stream R{i} = merge(stream L = A .where(x > {i}), B)
            """
        var state: UInt64 = 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let original = Array(source.unicodeScalars)
        for _ in 0..<1500 {
            var scalars = original
            for _ in 0...random(5) {
                let position = random(scalars.count)
                switch random(3) {
                case 0: scalars[position] = original[random(original.count)]
                case 1: scalars.removeSubrange(position..<min(position + 1 + random(20), scalars.count))
                default: scalars.insert(contentsOf: original[position % 300..<position % 300 + 9], at: position)
                }
            }
            let result = check(String(String.UnicodeScalarView(scalars)))
            #expect((result.program == nil) == result.diagnostics.contains(where: \.isError))
        }
    }
}
