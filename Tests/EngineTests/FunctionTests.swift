import Engine
import Testing
import VPL

@Suite("Functions of a program")
struct FunctionTests {
    @Test("keep a variable declared in a block until the call ends")
    func scope() throws {
        let declarations = """
            fn f(x: int):
                if x > 0:
                    let inner = x * 2
                for i in 0..2:
                    i
                inner + i
            """
        #expect(try evaluate("f(5)", declarations: declarations) == 11)
    }

    @Test("assign a mutable global unless a local of that name exists")
    func assignment() throws {
        let declarations = """
            var count = 0
            fn next() -> int:
                count := count + 1
                count
            fn local():
                var count = 100
                count := count + 1
                count
            """
        #expect(try evaluate("[next(), local(), next(), count]", declarations: declarations)?.text == "[1, 101, 2, 2]")
    }

    @Test("see an unbound parameter as missing, even where a field has its name")
    func unboundParameter() throws {
        let value = try evaluate("f(absent)", ["x": 3], declarations: "fn f(x: int):\n    x ?? 9")
        #expect(value == 9)
    }

    @Test("loop over arrays, maps, ints and ranges, and over nothing else")
    func loops() throws {
        let declarations = """
            fn collect(items: int):
                var seen = []
                for item in items:
                    seen := push(seen, item)
                seen
            """
        let fields: Fields = ["m": .map(["a": 1])]
        let text = try evaluate(
            "[collect([7, 8]), collect(m), collect(2), collect(2..=3), collect(\"no\")]",
            fields,
            declarations: declarations
        )?.text
        #expect(text == "[[7, 8], [[\"a\", 1]], [0, 1], [2, 3], []]")
    }

    @Test("end: recursion and loops have bounds, and so has what they build")
    func bounds() throws {
        let declarations = """
            fn deep(n: int):
                1 + deep(n + 1)
            fn endless():
                var n = 0
                while true:
                    n := n + 1
                n
            fn tall():
                var x = []
                for i in 0..40000:
                    x := [x]
                x
            fn wide():
                var s = "ab"
                for i in 0..100:
                    s := s + s
                s
            fn tree(n: int):
                if n > 0:
                    tree(n - 1)
                    tree(n - 1)
                n
            """
        #expect(try evaluate("deep(0)", declarations: declarations) == Value?.none)
        #expect(try evaluate("endless()", declarations: declarations) == 10_000)
        #expect(try evaluate("len(tall())", declarations: declarations) != 99)
        #expect(try evaluate("len(wide())", declarations: declarations) == Value?.none)
        #expect(try evaluate("tree(200) ?? 1", declarations: declarations) != Value?.none)
    }

    @Test("that call themselves with tall expressions leave the stack in one piece")
    func tallRecursion() throws {
        let sum = Array(repeating: "x", count: 900).joined(separator: " + ")
        #expect(try evaluate("f(1)", declarations: "fn f(x: int):\n    f(x) + \(sum)") == Value?.none)
    }

    @Test("emit events for .process alone")
    func emission() throws {
        let source = """
            fn twice():
                emit A(v: v)
                emit B(v: v + 1)
            stream S = E
                .process(twice())
            stream T = E
                .emit(r: twice())
            stream FromS = S
                .emit(s: v)
            stream FromB = B
                .emit(b: v)
            """
        let outputs = try run(source, [Event(type: "E", timestamp: 5, fields: ["v": 1])])
        #expect(outputs.emitted.map(\.type) == ["A", "B", "T", "FromS", "FromS", "FromB"])
        #expect(outputs.emitted.allSatisfy { $0.timestamp == 5 })
    }
}

@Suite("Global variables")
struct GlobalTests {
    @Test("without a value refuse the program at their expression")
    func missingValue() {
        let (plan, diagnostics) = Plan.load("let a = 1\nlet b = a / 0")
        #expect(plan == nil)
        #expect(diagnostics.map(\.location) == [SourceLocation(line: 2, column: 9)])
    }

    @Test("are evaluated in the order written")
    func order() throws {
        #expect(try evaluate("b", declarations: "var a = 1\na := a + 1\nlet b = a * 10\na := 0") == 20)
    }
}
