/// A program that is measured.
struct Scenario: Sendable {
    let name: String
    let program: String
    /// Nil where there is none: then the figures only show what things cost.
    var floor: FloorLoops?
    /// Makes other events than ticks, so many.
    var makeTicks: (@Sendable (Int) -> Ticks)?
    var readsPairs = false
    /// Reads ticks, tocks and tacks of so many symbols.
    var symbols: Int?
    /// How often the events have gone by before those that are measured.
    var warmUpRounds = 0
    /// Whether it is also measured from event files.
    var readsEventFile = false
    /// Whether it is also measured from frames of events.
    var readsFrames = false
    /// Whether it is also measured in shards.
    var hasShards = false

    static let all = Self.ofTicks + Self.sequences + Self.trends

    private static let ofTicks = [
        Scenario(
            name: "filter",
            program: """
                stream Large = Tick
                    .where(price > 180.0)
                    .emit(symbol: symbol, value: price * volume)
                """,
            floor: .filter,
            readsEventFile: true,
            readsFrames: true,
            hasShards: true
        ),
        Scenario(
            name: "aggregate",
            program: """
                stream PerSymbol = Tick
                    .partition_by(symbol)
                    .window(100)
                    .aggregate(mean: avg(price), volume: sum(volume), high: max(price), n: count())
                    .emit(symbol: symbol, mean: mean, volume: volume, high: high, n: n)
                """,
            floor: .aggregate,
            readsFrames: true,
            hasShards: true
        ),
        Scenario(
            name: "join",
            program: """
                stream Spread = join(Tick, Tock)
                    .on(Tick.symbol == Tock.symbol)
                    .window(10s)
                    .where(Tock.price > Tick.price + 190.0)
                    .emit(symbol: Tick.symbol, spread: Tock.price - Tick.price)
                """,
            floor: .join,
            readsPairs: true,
            readsFrames: true,
            hasShards: true
        ),
        Scenario(
            name: "crossover",
            program: """
                stream Fast = Tick.partition_by(symbol).aggregate(e: ema(price, 12))
                stream Slow = Tick.partition_by(symbol).aggregate(e: ema(price, 26))
                stream Cross = join(Fast, Slow)
                    .on(Fast.symbol == Slow.symbol)
                    .window(1m)
                    .where(Fast.e > Slow.e + 20.0)
                    .emit(symbol: Fast.symbol, distance: Fast.e - Slow.e)
                """,
            floor: .crossover
        ),
        // Builtin functions and texts go row by row.
        Scenario(
            name: "functions",
            program: """
                stream Labels = Tick
                    .where(starts_with(symbol, "S11") and round(price) > 100)
                    .emit(label: upper("{symbol} at {venue}"), value: round(sqrt(price * volume)))
                """
        ),
    ]
}
