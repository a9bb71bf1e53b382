import Engine
import Testing
import VPL

@Suite("Sliding windows that sum up while they slide")
struct SlidingAggregateTests {
    private static let windows = [
        "5s, sliding: 1s", "3s, sliding: 3s", "1s, sliding: 10s", "60s, sliding: 1s", "500ms, sliding: 1ms",
        "1, sliding: 1", "4, sliding: 1", "5, sliding: 3", "2, sliding: 7", "33, sliding: 2",
    ]
    private static let items = """
        n: count(), c: count(v), d: count_distinct(v), dd: count(distinct(w)), s: sum(v), a: avg(v), l: min(v), g: max(v),
            sd: stddev(v), f: first(v), ff: first(w), z: last(v), e: ema(v, 12), e1: ema(v, 1), e3: ema(v * 0.5, 3),
            x: sum(v * 2) / count() - first(w), k2: last(k), c2: 7 - count(w)
        """
    /// With it in a program, arguments have to be evaluated when a window fires.
    private static let obstacle = "var g = 1\nfn f():\n    g := 2\n"

    private static func value(_ random: inout SeededGenerator, infinities: Bool) -> Value? {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: nil
        case 1: .null
        case 2: .float(.nan)
        case 3: .string("text")
        case 4: .array([1, .float(.nan)])
        case 5: infinities ? .float(Bool.random(using: &random) ? .infinity : -.infinity) : .bool(true)
        case 6...10: .int(Int64.random(in: -3...3, using: &random))
        case 11...14: .float(Double(Int.random(in: -3...3, using: &random)))
        default: .float(Double(Int.random(in: -8000...8000, using: &random)) / 8)
        }
    }

    private static func events(_ seed: UInt64) -> [Event] {
        var random = SeededGenerator(seed: seed)
        var time: Int64 = 0
        return (0..<400).map { _ in
            time += Int64.random(in: -3...5, using: &random) * 500_000_000
            var fields = Fields()
            fields["v"] = Self.value(&random, infinities: seed % 4 == 0)
            fields["w"] = Self.value(&random, infinities: false)
            let keys: [Value?] = [1, "1", 1.0, "a", .null, nil, "", true]
            fields["k"] = keys.randomElement(using: &random) ?? nil
            return Event(type: "E", timestamp: time, fields: fields)
        }
    }

    private static func areAlike(_ left: Value, _ right: Value) -> Bool {
        guard case .float(let left) = left, case .float(let right) = right else {
            return left == right && left.typeName == right.typeName
        }
        if left == right || (left.isNaN && right.isNaN) { return true }
        return (left - right).magnitude <= 1e-9 * max(left.magnitude, right.magnitude, 1)
    }

    @Test("they give what adding up all their events would", arguments: Self.windows, ["", ".partition_by(k)"])
    func recomputation(window: String, key: String) throws {
        let source = "stream S = E\(key).window(\(window)).aggregate(\(Self.items)).emit()"
        #expect(try #require(Plan.load(source).plan).explanation.contains("costs     the same for each event"))
        let other = try #require(Plan.load(Self.obstacle + source).plan)
        #expect(other.explanation.contains("costs     all events of the window for each result"))
        for seed in UInt64(1)...4 {
            let events = Self.events(seed)
            let kept = try run(source, events).emitted
            let recomputed = try run(Self.obstacle + source, events).emitted
            try #require(kept.count == recomputed.count && !kept.isEmpty, "seed \(seed)")
            for (place, (left, right)) in zip(kept, recomputed).enumerated() {
                let isAlike =
                    left.type == right.type && left.timestamp == right.timestamp
                    && left.fields.entries.map(\.name) == right.fields.entries.map(\.name)
                    && zip(left.fields.entries, right.fields.entries).allSatisfy { Self.areAlike($0.value, $1.value) }
                try #require(isAlike, "seed \(seed), result \(place): \(left.fields.text) for \(right.fields.text)")
            }
        }
    }

    @Test("an old event stays behind a young one for as long as that is in the window")
    func disorder() throws {
        let source = "stream S = E.window(5s, sliding: 1s).aggregate(n: count(), f: first(v)).emit(n: n, f: f)"
        let events = [10, 1, 14, 15, 16, 30].map { (seconds: Int64) in
            Event(type: "E", timestamp: seconds * 1_000_000_000, fields: ["v": .int(seconds)])
        }
        let lines = try run(source, events).emitted.map { "\($0.timestamp / 1_000_000_000) \($0.fields.text)" }
        #expect(
            lines == [
                "10 {n: 1, f: 10}", "14 {n: 3, f: 10}", "15 {n: 4, f: 10}", "16 {n: 3, f: 14}", "30 {n: 1, f: 30}",
            ]
        )
    }

    @Test("the key is that of the oldest event in the window")
    func oldestKey() throws {
        let source = "stream S = E.partition_by(k).window(2, sliding: 1).aggregate(n: count()).emit()"
        let events = [1, "1", 1.0].map { (key: Value) in Event(type: "E", timestamp: 0, fields: ["k": key]) }
        let lines = try run(source, events).emitted.map(\.fields.text)
        #expect(lines == ["{n: 2, k: 1, _partition: \"1\"}", "{n: 2, k: \"1\", _partition: \"1\"}"])
    }

    @Test("an infinite number stays in an average however many come after it, until it leaves the window")
    func infinity() throws {
        let events = (0..<9000).map { place in
            Event(type: "E", timestamp: 0, fields: ["v": .float(place == 4000 ? .infinity : 1)])
        }
        let source = "stream S = E.window(3000, sliding: 1).aggregate(e: ema(v, 2), m: max(v)).emit(e: e, m: m)"
        for (place, event) in try run(source, events).emitted.enumerated() {
            let isIn = place + 2999 >= 4000 && place <= 4000
            try #require(event.fields["m"] == .float(isIn ? .infinity : 1), "\(place)")
            guard case .float(let average) = event.fields["e"] else { preconditionFailure("no float") }
            try #require(isIn ? average == .infinity : (average - 1).magnitude < 1e-9, "\(place)")
        }
    }

    @Test(
        "a hundred thousand results over a hundred thousand events",
        arguments: ["100000, sliding: 1", "99999ns, sliding: 1ns"]
    )
    func large(window: String) throws {
        let source = """
            stream S = E.window(\(window)).aggregate(s: sum(v), l: min(v), g: max(v), f: first(v), d: count_distinct(r))
                .where(g >= 99999).emit(s: s, l: l, g: g, f: f, d: d)
            """
        let events = (0..<200_000).map { (place: Int64) in
            Event(type: "E", timestamp: place, fields: ["v": .int(place), "r": .int(place % 7)])
        }
        let results = try run(source, events).emitted
        try #require(results.count == 100_001)
        for (place, result) in results.enumerated() {
            let sum = 100_000 * Double(place) + 99_999 * 50_000
            let latest = place + 99_999
            try #require(result.timestamp == latest && result.fields["s"] == .float(sum), "\(place)")
            try #require(result.fields["l"] == .float(Double(place)) && result.fields["g"] == .float(Double(latest)))
            try #require(result.fields["f"] == .int(Int64(place)) && result.fields["d"] == 7)
        }
    }
}
