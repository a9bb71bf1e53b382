import Testing
import VPL

@Suite("Laying programs out")
struct FormatTests {
    private func expect(
        _ source: String,
        becomes expected: String,
        _ place: Testing.SourceLocation = #_sourceLocation
    )
        throws
    {
        let result = try format(source)
        #expect(result == expected + "\n", sourceLocation: place)
        #expect(try format(result) == result, sourceLocation: place)
    }

    @Test(
        "puts spaces where they belong",
        arguments: [
            ("let a=-5- -3**2+~x", "let a = -5 - -3 ** 2 + ~x"),
            ("let a = b [ 1 ] ( 2 , c : 3 )", "let a = b[1](2, c: 3)"),
            ("let a = b[1 : 2] + b[ :-1] + b[i : ]", "let a = b[1:2] + b[:-1] + b[i:]"),
            ("let a = b ?. c . d", "let a = b?.c.d"),
            ("let a = 1 .. 5 + x", "let a = 1..5 + x"),
            ("let a = x..=-1", "let a = x..=-1"),
            ("let a = not(x)or y not  in[1]and z is null", "let a = not (x) or y not in [1] and z is null"),
            ("let a={\"k\":1,b:[ ]}", "let a = { \"k\": 1, b: [] }"),
            ("let a : {str:[int?]} ? ={ }", "let a: {str: [int?]}? = {}"),
            ("let a:Stream< Stream <float> > =b", "let a: Stream<Stream<float> > = b"),
            ("let a:Stream< Stream <float>>=b", "let a: Stream<Stream<float>> = b"),
            ("let a = x=>x+1", "let a = x => x + 1"),
            ("let a = (x,y)=>{x+y}", "let a = (x, y) => { x + y }"),
            ("let a = if b then-1 else- 2", "let a = if b then -1 else -2"),
            ("a:=b  ??  \"é {x}\"", "a := b ?? \"é {x}\""),
            ("connector C=mqtt(host:\"h\",tags:[a,\"b\"])", "connector C = mqtt (host: \"h\", tags: [a, \"b\"])"),
            ("context c(cores:[0,1])", "context c (cores: [0, 1])"),
            ("config old{a:1 b:\"x\",}", "config old { a: 1 b: \"x\", }"),
            ("import  \"a\"as b", "import \"a\" as b"),
            ("type T=(int,Stream<int>)", "type T = (int, Stream<int>)"),
            (
                "pattern P=SEQ(A as a,B + where x>1,C ?,NOT D)AND NOT(E OR F)within 5m",
                "pattern P = SEQ(A as a, B+ where x > 1, C?, NOT D) AND NOT (E OR F) within 5m"
            ),
            ("emit  T ( a:1 )", "emit T(a: 1)"),
        ]
    )
    func spaces(source: String, expected: String) throws { try self.expect(source, becomes: expected) }

    @Test("gives each operation and each step a line, however they were written")
    func stages() throws {
        try self.expect(
            """
            stream S=E .where( x>1 )
            .emit as T(a:1)
            stream Q=A.from(C,topic:"t")->all B where x>a.x as b->C .within(5s)
            stream M = merge(stream L=A.where(x>1),B).fork(a: .where(x>1) .print(),b: .first())
            stream N = sequence(a:A,b:B where x==1 .within(5s))
            """,
            becomes: """
                stream S = E
                    .where(x > 1)
                    .emit as T (a: 1)

                stream Q = A.from(C, topic: "t")
                    -> all B where x > a.x as b
                    -> C
                    .within(5s)

                stream M = merge(stream L = A .where(x > 1), B)
                    .fork(a: .where(x > 1).print(), b: .first())

                stream N = sequence(a: A, b: B where x == 1 .within(5s))
                """
        )
    }

    @Test("indents blocks by four, and gives an event's fields lines of their own")
    func blocks() throws {
        try self.expect(
            """
            event P extends Q:x:int y:float?
            fn f(a:int)->int:
              if a>1:
               return 1
              elif a>0:
                       return 2
              else:
               for i in 0..3:
                 while true:
                   break
              (a)
            config:
              a: 1,
              b: 2
            """,
            becomes: """
                event P extends Q:
                    x: int
                    y: float?

                fn f(a: int) -> int:
                    if a > 1:
                        return 1
                    elif a > 0:
                        return 2
                    else:
                        for i in 0..3:
                            while true:
                                break
                    (a)

                config:
                    a: 1,
                    b: 2
                """
        )
    }

    @Test("joins lines that fit, and breaks long ones at the outermost brackets first, then at the weakest operators")
    func width() throws {
        let (a, b) = (String(repeating: "a", count: 45), String(repeating: "b", count: 45))
        try self.expect("let x = [\n1,\n2\n+ 3]", becomes: "let x = [1, 2 + 3]")
        try self.expect(
            """
            let x = f(\(a), g(\(b), 1), h)
            let y = \(a) and \(b) + 1 > 5 or z
            fn f():
                if \(a) and \(b):
                    return { "a": \(a), b: [\(b)] }
            stream S = E
                .where(\(a) == 1 and \(b) == 2)
            """,
            becomes: """
                let x = f(
                    \(a),
                    g(\(b), 1),
                    h
                )

                let y = \(a)
                        and \(b) + 1 > 5
                    or z

                fn f():
                    if \(a)
                            and \(b):
                        return {
                            "a": \(a),
                            b: [\(b)]
                        }

                stream S = E
                    .where(
                        \(a) == 1
                            and \(b) == 2
                    )
                """
        )
        let exact = String(repeating: "ü", count: 86)
        try self.expect("let x = \"\(exact)\" + c", becomes: "let x = \"\(exact)\" + c")
        try self.expect("let x = \"\(exact)\" + cc", becomes: "let x = \"\(exact)\"\n    + cc")
    }

    @Test("writes the statements of a lambda's block on lines of their own")
    func lambdas() throws {
        try self.expect(
            """
            let f = x => { let y = x
              if y > 1:
                1
              else:
                2
              y }
            """,
            becomes: """
                let f = x => {
                    let y = x
                    if y > 1:
                        1
                    else:
                        2
                    y
                }
                """
        )
        let argument = "stream S = E .pattern(p: e => { let n = e.len() n > 1 })"
        try self.expect(
            argument,
            becomes: """
                stream S = E
                    .pattern(
                        p: e => {
                            let n = e.len()
                            n > 1
                        }
                    )
                """
        )
    }

    @Test("keeps at most one blank line, and puts one around long declarations")
    func blankLines() throws {
        try self.expect(
            """


            let a = 1
            let b = 2



            let c = 3
            event E:

                x: int


                y: int
            let d = 4
            # about e
            # and f
            fn e():

                let f = 1

                f
            stream S = E

                .first()

            """,
            becomes: """
                let a = 1
                let b = 2

                let c = 3

                event E:
                    x: int

                    y: int

                let d = 4

                # about e
                # and f
                fn e():
                    let f = 1

                    f

                stream S = E
                    .first()
                """
        )
    }

    @Test("keeps the text of declaration loops")
    func loops() throws {
        try self.expect(
            """
            let a = 1
            for  i  in -1 ..= 1: # three
              # inside
              for j in 0..{i}:
                stream S{i}_{j} = E{i} .where(k=={j}) .emit(t: "{i}",w:{j}s)
              let b=-{i}
              # still inside
            # outside
            let c = 2
            """,
            becomes: """
                let a = 1

                for i in -1..=1:  # three
                    # inside
                    for j in 0..{i}:
                        stream S{i}_{j} = E{i}
                            .where(k == {j})
                            .emit(t: "{i}", w: {j}s)

                    let b = -{i}
                    # still inside

                # outside
                let c = 2
                """
        )
        // A loop that runs stays one, and so it must not stand at the margin.
        try self.expect("for i in 1..\n  3:\n  emit T(a: i)", becomes: "    for i in 1..3:\n        emit T(a: i)")
        try self.expect("  for i in 1..3:\n    emit T(a: i)", becomes: "    for i in 1..3:\n        emit T(a: i)")
    }

    @Test("refuses what it cannot read or place, with the reasons")
    func refusals() {
        let misplaced = "let a = [\nfor i in 1..3:\n  {i},\n9]"
        for (source, line) in [("let a = 1\nlet b = = 2\nlet c = )", 2), ("let a = \"x", 1), (misplaced, 2)] {
            let error = #expect(throws: FormatError.self) { try format(source) }
            #expect(error?.diagnostics.first?.line == line)
        }
    }
}
