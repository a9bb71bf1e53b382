/// A program of streams that read the input and each other, each in one of some contexts, which read each other in no circle.
struct RandomContexts {
    let source: String

    /// Streams of one context read those of the contexts before it. One of them is the default one.
    init(_ random: inout SeededGenerator) {
        let contextCount = Int.random(in: 2...4, using: &random)
        let unnamed = Int.random(in: 0...contextCount, using: &random)
        let isColumnar = Bool.random(using: &random)
        var text = "var seen = 0\nfn tally(v: int) -> int:\n    seen := seen + 1\n    return seen\n"
        text += "fn split(s: str):\n    emit Part(s: s, v: v, k: k)\n    emit Part(s: s, v: v + 1, k: k)\n"
        if isColumnar { text = "" }
        for context in 0..<contextCount where context != unnamed {
            text += "context C\(context) (cores: [\(context % 2)])\n"
        }
        var streams: [(name: String, context: Int)] = []
        for number in 0..<Int.random(in: 2...8, using: &random) {
            let context = Int.random(in: 0..<contextCount, using: &random)
            var readable = streams.filter { $0.context <= context }.map(\.name) + ["A", "B"]
            if !isColumnar, context == contextCount - 1 { readable.append("Part") }
            func source() -> String { readable.randomElement(using: &random) ?? "A" }
            let name = "S\(number)"
            var stream: String
            let joined = Set([source(), source()]).sorted()
            switch Int.random(in: 0..<(isColumnar ? 8 : 11), using: &random) {
            case 0: stream = "merge(\(joined.joined(separator: ", ")))"
            case 1 where joined.count == 2:
                stream = "join(\(joined[0]), \(joined[1])).on(\(joined[0]).k == \(joined[1]).k).window(20s)"
            case 8:
                stream = "\(source()) as a -> \(source()) where v > 2 as b .within(30s).emit(k: a.k, v: b.v)"
            default: stream = source()
            }
            if context != unnamed { stream += "\n    .context(C\(context))" }
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                stream += "\n    " + Self.operation(name, isColumnar: isColumnar, &random)
            }
            stream += "\n    " + Self.end(name, isColumnar: isColumnar, isJoin: stream.hasPrefix("join"), &random)
            text += "stream \(name) = \(stream)\n"
            streams.append((name, context))
            if stream.contains(" as T") { streams.append(("T" + name, context)) }
        }
        self.source = text
    }

    private static func operation(_ name: String, isColumnar: Bool, _ random: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<(isColumnar ? 6 : 10), using: &random) {
        case 0: ".where(v > \(Int.random(in: -2...4, using: &random)))"
        case 1: ".select(k: k, v: v + 1, n: n)"
        case 2: ".print(\"\(name)\", v)"
        case 3: ".tap(seen_\(name): 1)"
        case 4: ".limit(\(Int.random(in: 5...90, using: &random)))"
        case 5: ".distinct(v)"
        case 6: ".where(tally(1) % 3 != 0)"
        case 7: ".log(level: \"info\")"
        case 8: ".emit(k: k, v: v, t: timestamp)"
        default: ".process(split(\"\(name)\"))"
        }
    }

    private static func end(
        _ name: String,
        isColumnar: Bool,
        isJoin: Bool,
        _ random: inout SeededGenerator
    ) -> String {
        // A join has a window of its own already.
        switch Int.random(in: 0..<(isJoin ? 4 : isColumnar ? 7 : 11), using: &random) {
        case 0: ".emit()"
        case 1: ".emit(k: k, v: v, n: n)"
        case 2: ".where(v >= 0)"
        case 3: ".emit as T\(name) (k: k, v: v)"
        case 4: ".partition_by(k).window(3).aggregate(k: last(k), v: count()).emit(k: k, v: v)"
        case 5: ".window(10s).aggregate(v: count(), k: last(k)).emit(v: v, k: k)"
        case 6: ".partition_by(k).aggregate(k: last(k), v: count()).emit(v: v, k: k)"
        case 7: ".partition_by(k).window(session: 4s).aggregate(v: count(), k: last(k)).emit(v: v, k: k)"
        case 8: ".window(10s, sliding: 2s).aggregate(v: count(), k: last(k)).emit(v: v, k: k)"
        case 9: ".window(4).emit(k: k, v: v)"
        default: ".emit(k: k, v: tally(v))"
        }
    }
}
