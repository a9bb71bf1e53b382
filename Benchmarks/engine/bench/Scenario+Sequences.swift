/// Sequences by symbol, over ticks, tocks and tacks.
extension Scenario {
    static let sequences: [Scenario] =
        [
            Scenario(name: "sequence", program: pair, floor: .sequence, symbols: 1000, hasShards: true),
            Scenario(
                name: "sequence3",
                program: """
                    stream Triples = Tick as a
                        .where(price > 100.0)
                        -> Tock where price > 100.0 as b
                        -> Tack where price > 100.0 as c
                        .within(10s)
                        .partition_by(symbol)
                        .emit(symbol: a.symbol, first: a.price, second: b.price, third: c.price)
                    """,
                floor: .sequence3,
                symbols: 1000
            ),
            Scenario(name: "kleene", program: kleene, floor: .kleene, symbols: 1000),
            Scenario(
                name: "rising",
                program: """
                    stream Rising = Tick as a
                        -> all Tick where price > b.price as b
                        -> Tick where price < b.price as c
                        .within(10s)
                        .partition_by(symbol)
                        .where(count(b) > 2)
                        .emit(symbol: a.symbol, from: a.price, to: b.price, n: count(b))
                    """,
                floor: .rising,
                symbols: 1000
            ),
            Scenario(
                name: "negation",
                program: """
                    stream Unless = Tick as a
                        .where(price > 100.0)
                        -> Tock where price > 100.0 as b
                        .not(Tack where price > 100.0)
                        .within(10s)
                        .partition_by(symbol)
                        .emit(symbol: a.symbol, first: a.price, second: b.price)
                    """,
                floor: .negation,
                symbols: 1000
            ),
        ]
        + [
            Scenario(
                name: "silence",
                program: """
                    pattern Silent = SEQ(Tick where price > 100.0 as a, NOT Tock where price > 100.0) within 2s \
                    partition by symbol
                    stream Silence = Silent
                        .emit(symbol: a.symbol, first: a.price)
                    """,
                symbols: 1000
            )
        ]
        + [10, 1_000_000].flatMap { symbols in
            let name = symbols == 10 ? "10_keys" : "million_keys"
            return [
                Scenario(name: "sequence_\(name)", program: pair, symbols: symbols),
                Scenario(name: "kleene_\(name)", program: kleene, symbols: symbols),
            ]
        }
        + [
            // Half of the first third of all events wait, for as long as it says.
            Scenario(name: "thousand_runs", program: Self.waiting(for: "6s"), symbols: 1000),
            Scenario(name: "million_runs", program: Self.waiting(for: "6000s"), symbols: 1000, warmUpRounds: 7),
        ]

    private static let pair = """
        stream Pairs = Tick as a
            .where(price > 100.0)
            -> Tock where price > 100.0 as b
            .within(10s)
            .partition_by(symbol)
            .emit(symbol: a.symbol, first: a.price, second: b.price)
        """

    private static let kleene = """
        stream Climbs = Tick as a
            .where(price > 100.0)
            -> all Tock where price > b.price as b
            -> Tack as c
            .within(10s)
            .partition_by(symbol)
            .emit(symbol: a.symbol, last: b.price, n: count(b))
        """

    /// No more than a few of the runs complete.
    private static func waiting(for time: String) -> String {
        """
        stream Rare = Tick as a
            .where(price > 100.0)
            -> Tock where price > 199.98 and volume == 999 as b
            .within(\(time))
            .partition_by(symbol)
            .emit(symbol: a.symbol, first: a.price, second: b.price)
        """
    }
}
