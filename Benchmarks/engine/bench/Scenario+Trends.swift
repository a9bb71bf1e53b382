import Floor

/// Trends: every choice of readings between a Start and a Stop of a device counts, and the closure is not bounded. What an
/// event costs must not depend on how many readings there are.
extension Scenario {
    static let trends = [
        Scenario(
            name: "trend",
            program: Self.trendProgram(within: "1s"),
            floor: .trend,
            makeTicks: { Ticks(episodes: $0, readings: 24, devices: 1000, atOnce: 39) },
            readsFrames: true,
            hasShards: true
        ),
        Scenario(
            name: "trend-200",
            program: Self.trendProgram(within: "1s"),
            floor: .trend,
            makeTicks: { Ticks(episodes: $0, readings: 200, devices: 100, atOnce: 5) }
        ),
        // A window has ten batches, with a Start and a Stop in each.
        Scenario(
            name: "trend-10000",
            program: Self.trendProgram(within: "10s"),
            floor: .longTrend,
            makeTicks: { Ticks(episodes: $0, readings: 1022, devices: 5, atOnce: 1, blocksOfDevice: 10) }
        ),
    ]

    private static func trendProgram(within: String) -> String {
        """
        stream Trends = Start as a -> all Reading where price > 10.0 as b -> Stop as c
            .within(\(within))
            .partition_by(symbol)
            .trend_aggregate(n: count_trends(), readings: count_events(b), total: sum_trends(b.price))
            .emit(symbol: symbol, n: n, readings: readings, total: total)
        """
    }
}

extension FloorLoops {
    static let trend = FloorLoops(fromJSON: floor_trend_json, fromTicks: floor_trend, parse: floor_trend_parse)
    static let longTrend = FloorLoops(
        fromJSON: floor_trend_long_json,
        fromTicks: floor_trend_long,
        parse: floor_trend_parse
    )
}

extension Ticks {
    /// Episodes of devices. In each 1,024 events some devices have one each, by turns.
    ///
    /// - Parameter blocksOfDevice: So many times 1,024 events are of the same devices.
    init(episodes count: Int, readings: Int, devices: Int, atOnce: Int, blocksOfDevice: Int = 1) {
        var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        var text: [UInt8] = []
        text.reserveCapacity(count * 96)
        var number = 0
        var block = 0
        while number < count {
            // What is left over are readings of the first device.
            var left = [Int](repeating: readings + 2, count: atOnce)
            left[0] += 1024 - atOnce * (readings + 2)
            let lengths = left
            let firstDevice = block / blocksOfDevice * atOnce
            for _ in 0..<1024 where number < count {
                var place = Int.random(in: 0..<atOnce, using: &random)
                while left[place] == 0 { place = (place + 1) % atOnce }
                let type = left[place] == lengths[place] ? "Start" : left[place] == 1 ? "Stop" : "Reading"
                left[place] -= 1
                let cents = String(100 + Int.random(in: 0..<100, using: &random)).dropFirst()
                text.append(
                    contentsOf: """
                        {"event_type":"\(type)","timestamp":\(1_700_000_000_000 + number),\
                        "data":{"symbol":"D\(1000 + (firstDevice + place) % devices)",\
                        "price":\(Int.random(in: 0..<200, using: &random)).\(cents)}}

                        """.utf8
                )
                number += 1
            }
            block += 1
        }
        self.init(count: count, text: text)
    }
}
