import Testing
import VPL

@Suite("Comments in programs laid out anew")
struct FormatCommentTests {
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

    @Test("stay at the end of their lines, two spaces away")
    func endOfLine() throws {
        try self.expect(
            """
            let a = 1# one
            event E: // two
                x: int     # three  \t
            stream S = E #four
                .where(x > 1   /* five */ ) # six
            """,
            becomes: """
                let a = 1  # one

                event E:  // two
                    x: int  # three

                stream S = E  #four
                    .where(x > 1 /* five */)  # six
                """
        )
    }

    @Test("on their own lines go with what follows, or with the block they are indented like")
    func ownLines() throws {
        try self.expect(
            """
            # top
            fn f():
            # first
                return 1
                  # last
            # about S
            stream S = E
                # filter
                .where(x > 1)
                # nothing more

                # at all
            # the end
            """,
            becomes: """
                # top
                fn f():
                    # first
                    return 1
                    # last

                # about S
                stream S = E
                    # filter
                    .where(x > 1)
                    # nothing more

                    # at all
                # the end
                """
        )
    }

    @Test("break the lines they stand in only where they must")
    func insideStatements() throws {
        try self.expect(
            """
            let a = f( /* a */ x /* b */ , /* c */ y /* d */ )
            let b = [ # open
              1 # one
              , 2, # two
              # three
              3
              # close
            ]
            let c = 1 + # more
              2
            let d = [/* none */]
            let e = g(
              # nothing
            )
            let h = { # start
              "k": 1 }
            """,
            becomes: """
                let a = f(/* a */ x /* b */, /* c */ y /* d */)

                let b = [  # open
                    1,  # one
                    2,  # two
                    # three
                    3
                    # close
                ]

                let c = 1
                    +  # more
                        2

                let d = [/* none */]

                let e = g(
                    # nothing
                )

                let h = {  # start
                    "k": 1
                }
                """
        )
    }

    @Test("of several lines, or before a statement, get lines of their own")
    func blocks() throws {
        try self.expect(
            """
            let a = 1 /* b
               b */
            let c = 2 + /* c
            c */ 3
            fn f(): /* d */
              /* e */ /* f */ return 1
            """,
            becomes: """
                let a = 1

                /* b
                   b */
                let c = 2
                    +
                        /* c
                c */
                        3

                fn f(): /* d */
                    /* e */
                    /* f */
                    return 1
                """
        )
        try self.expect("/* a */ let a = 1", becomes: "/* a */\nlet a = 1")
    }

    @Test("inside a lambda's block stay with its statements")
    func lambdas() throws {
        try self.expect(
            """
            let f = x => { # start
              let y = 1 # one

              # two
              y
              # three
            }
            let g = x => { x } # four
            let h = x => {
              # five
            }
            """,
            becomes: """
                let f = x => {  # start
                    let y = 1  # one

                    # two
                    y
                    # three
                }

                let g = x => { x }  # four

                let h = x => {
                    # five
                }
                """
        )
    }

    @Test("may hold what looks like a declaration loop")
    func loopText() throws {
        let source = "/*\nfor i in 1..3:\n    x\n*/\nlet a = 1"
        try self.expect(source, becomes: source)
    }
}
