import Testing
import VPL

@testable import Engine

/// What `explain` says of contexts.
@Suite("Explanations of contexts")
struct ContextExplanationTests {
    @Test("which contexts there are, how each runs, and what goes between them")
    func contexts() throws {
        let (plan, diagnostics) = Plan.load(
            """
            context One (cores: [1])
            context Two
            stream S = A.context(One).where(v > 0).emit(v: v)
            stream T = merge(S, B).context(Two).partition_by(k).window(2).aggregate(s: sum(v))
            stream U = T.context(Two).emit(s: s)
            stream V = S.emit(v: v)
            """
        )
        let explanation = try #require(plan, "\(diagnostics)").explanation
        #expect(
            explanation.contains(
                """

                Contexts, each on a thread of its own where contexts run side by side:
                  One on core 1 runs S over batches of columns
                    hands S over to default, with up to 1000 events on the way
                    hands S over to Two, with up to 1000 events on the way
                  default runs V over batches of columns
                  Two runs T, U one event after the other

                """
            ),
            "\(explanation)"
        )
    }

    @Test("nothing of a program with one context")
    func one() throws {
        let plan = try #require(Plan.load("context One\nstream S = A.context(One).emit(v: v)").plan)
        #expect(!plan.explanation.contains("Contexts"))
    }
}
