import Foundation
import Testing

@testable import VPL

/// Programs to try things on: those of the conformance suite whose syntax is right, and one with a bit of everything.
enum ProgramCorpus {
    struct Program: CustomTestStringConvertible, Sendable {
        let name: String
        let source: String

        var testDescription: String { self.name }
    }

    static let programs: [Program] = {
        let cases = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Conformance/Cases")
        var programs = [
            Program(name: "a bit of everything", source: Self.everything), Program(name: "loops", source: Self.loops),
        ]
        for folder in [cases, cases.appending(path: "errors")] {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []  // counted by a test
            for file in files.sorted() where file.hasSuffix(".vpl") {
                guard let source = try? String(contentsOf: folder.appending(path: file), encoding: .utf8) else {
                    continue
                }
                programs.append(Program(name: file, source: source))
            }
        }
        return programs.filter { SyntaxNode.tree(of: $0.source).tree != nil }
    }()

    /// Those without declaration loops, whose tokens are the ones that are written.
    static let plainPrograms = Self.programs.filter { program in
        !program.source.split(separator: "\n").contains { DeclarationLoop(header: Array($0.utf8)[...]) != nil }
    }

    private static let loops = """
        let first = 1
        # about the loop
        for i in 1..=2: # header {i}

            # inside {i}
            for  j in 0..{i}:

                /* before {j}
                a stream */
                stream S{i}_{j} = E{i} .where(k == {j} and t > -{i}) # {i}
                    # the output
                    .emit(tag: "{i}-{j}", v: v, w: {j}s, x: {i}.5 + 1{j})
                # after it
            # and after the loop
            fn f{i}(x: int) -> int:
                if x > {i}:
                    return x
                {i}
            let a{i} = f{i}({i})
              # still inside
        # outside
        for none in 3..3:
            let b = {none}
        for k in -2..=-1:
            let c = {k}

        # the end
        """

    private static let everything = """
        import "other.vpl" as other
        context fast (cores: [0, 1])
        connector C = mqtt (host: "h", tags: [a, "b"], wait: 5s, on: true)
        config old { a: 1, b: "x" c: 5s }
        config:
            a: 1,
            b: [1, 2.5]
        event E extends F:
            a: int?  # first
            b: {str: [Stream<Stream<float>>]}
        event P: x: int y: (int, str)
        type T = [int]
        let g = { "k": [1, 2.5, 5s], b: @2026-01-01T00:00:00+01:00, c: {} } ?? "x{g.k} \\"é\\" \\u{1F600}"
        var n: int = -9223372036854775808
        n := - -n ** 2 ** ~1 << 3 | 4 ^ 5 & 6 % 7 / 8
        fn f(x: int, y: float) -> int: # why
            if x > 1 and not (x in 0..=5) or y not in [1] and x is null:
                return f(x - 1)(2)[1:-1][:2][x:][0] ** 2
            elif x?.y.z == 1e10:
                emit T(a: x)
            else:
                while true: /* w */
                    break
            for i in x..y:
                if i then 1 else 2

                continue
            let h = (a, b) => {
                let c = a  // lambda

                if c > b:
                    c
                else:
                    b
                # last
                c := x => { x + 1 }
            }
            (y)
        stream S: Stream<E> = E.from(C, topic: "t", qos: 1) .where(a > 1 or b[1:2] == c?.d)
            .select(a, b: e => { e })
            .emit as T (a: if a then 1 else if b then 2 else 3, context: fast)
            .window(5m, sliding: 1m).aggregate(n: count(), s: sum(a + 1))
            .having(n > 1)
            .order_by(a desc, b asc, c) .fork(a: .where(x > 1).emit(), b: .print())
            .to(C, topic: "out")
        stream Q = all A as a -> all B where x > a.x and y as b
            # the rest
            -> C where not x .within(5s) .not(D where k == a.k)
            .pattern(p: events => events.filter(e => e.v > 1).len() > 2, q: A -> B xor not C)
        stream M = merge(stream L = A .where(x > 1), B)
            .trend_aggregate(n: count_trends())
        stream J = join(stream L = A .on(L.k == B.k), B)
        stream N = sequence(a: A, b: B where b.x == a.x .within(5s))
        stream W = timer(5s, initial_delay: 1s)
        pattern R = SEQ(A as a, B+ where x > 1, C* as c, D?, NOT E) AND NOT (F OR G as g) within 5m partition by k
        """
}
