import Engine
import Testing
import VPL

/// Which contexts there are, and what goes between them.
@Suite("The graph of contexts")
struct ContextGraphTests {
    private static func firstError(_ diagnostics: [Diagnostic]) -> Diagnostic? { diagnostics.first { $0.isError } }

    @Test("contexts that read each other in a circle are refused where the circle closes")
    func circle() throws {
        let (plan, diagnostics) = Plan.load(
            """
            context One
            context Two
            stream S = A.context(One).emit(v: v)
            stream T = S.context(Two).emit(v: v)
            stream U = T
                .context(One)
                .emit(v: v)
            """
        )
        #expect(plan == nil)
        let error = try #require(Self.firstError(diagnostics))
        #expect(error.code == "E034")
        #expect(error.kind == .order)
        #expect(error.message == "contexts read each other in a circle: One → Two → One")
        #expect(error.hint == "`U` of `One` reads what `T` of `Two` gives")
        #expect((error.line, error.column, error.length) == (6, 14, 3))
    }

    @Test("a circle through the default context and an event of `emit` is one too")
    func hiddenCircle() throws {
        let (plan, diagnostics) = Plan.load(
            """
            context One
            fn alarm():
                emit Alarm(v: v)
            fn raise():
                alarm()
            stream S = A.process(raise())
            stream T = Alarm.context(One).emit as Reply (v: v)
            stream U = Reply.emit(v: v)
            """
        )
        #expect(plan == nil)
        let error = try #require(Self.firstError(diagnostics))
        #expect(error.message == "contexts read each other in a circle: default → One → default")
        #expect((error.line, error.column) == (8, 8))
    }

    @Test("three in a circle, behind others that are in none")
    func longCircle() throws {
        let (plan, diagnostics) = Plan.load(
            """
            context One
            context Two
            context Three
            context Four
            stream R = A.emit(v: v)
            stream S = merge(R, X).context(One).emit(v: v)
            stream T = S.context(Two).emit(v: v)
            stream X = T.context(Three).emit(v: v)
            stream Y = X.context(Four).emit(v: v)
            """
        )
        #expect(plan == nil)
        let error = try #require(Self.firstError(diagnostics))
        #expect(error.message == "contexts read each other in a circle: Three → One → Two → Three")
        #expect(error.hint == "`X` of `Three` reads what `T` of `Two` gives")
    }

    @Test("functions that a stream does not call make no circle")
    func functions() throws {
        let plan = try Run.plan(
            """
            context One
            context Two
            fn first():
                emit P(v: v)
            fn second():
                emit Q(v: v)
            stream S = A.process(first())
            stream T = P.context(One).process(second())
            stream U = Q.context(Two).emit(v: v)
            """
        )
        let graph = plan.contextGraph
        #expect(graph.contexts.map(\.name) == ["default", "One", "Two"])
        #expect(graph.edges.map { "\($0.source) \($0.target) \($0.types)" } == ["0 1 [\"P\"]", "1 2 [\"Q\"]"])
    }

    @Test("contexts come after those that they read; those without streams do not count")
    func order() throws {
        let plan = try Run.plan(
            """
            context Empty
            context Late (cores: [1, 0])
            context Early
            stream T = S.context(Late).emit(v: v)
            stream S = A.context(Early).emit as Other (v: v)
            stream V = merge(Other, B).context(Late).emit(v: v)
            """
        )
        let graph = plan.contextGraph
        #expect(plan.contextCount == 2)
        #expect(graph.contexts.map(\.name) == ["Early", "Late"])
        #expect(graph.contexts.map(\.core) == [nil, 1])
        #expect(graph.contexts.map(\.streams) == [["S"], ["T", "V"]])
        #expect(graph.contexts.map(\.typesRead) == [["A"], ["B", "Other", "S"]])
        #expect(graph.edges.map(\.types) == [["Other", "S"]])
    }
}
