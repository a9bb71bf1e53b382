import Testing

@testable import Worker

@Suite struct ProcessorSharesTests {
    private static let window: UInt64 = 250_000_000

    private static func usage(ran: Double, waited: Double = 0) -> ProcessorShares.Usage {
        ProcessorShares.Usage(ran: UInt64(ran * Double(Self.window)), waited: UInt64(waited * Double(Self.window)))
    }

    /// Lets each engine run as much as it wants and may, for so many windows; whoever gets less than it wants waits.
    private static func run(_ shares: inout ProcessorShares, wants: [Int: Double], processors: Double, windows: Int) {
        for _ in 0..<windows {
            let asked = wants.map { ($0.key, min($0.value, shares.shares[$0.key] ?? 1)) }
            let total = asked.reduce(0) { $0 + $1.1 }
            let engines = asked.map { thread, share in
                let ran = share * min(1, processors / total)
                return (thread, Self.usage(ran: ran, waited: share - ran))
            }
            shares.update(
                Dictionary(uniqueKeysWithValues: engines),
                others: Self.usage(ran: 0),
                window: Self.window
            )
        }
    }

    @Test func `one that takes much more than others which wait is slowed down, and they are not`() {
        var shares = ProcessorShares(shareMax: 1)
        Self.run(&shares, wants: [1: 1, 2: 0.2], processors: 0.6, windows: 40)
        #expect(shares.shares[2] == 1)
        // What the other needs is left to it.
        #expect((0.2...0.55).contains(shares.shares[1] ?? 1))
    }

    @Test func `where nobody waits, everyone takes what there is`() {
        var shares = ProcessorShares(shareMax: 1)
        Self.run(&shares, wants: [1: 1, 2: 0.2], processors: 2, windows: 40)
        #expect(shares.shares == [1: 1, 2: 1])
    }

    @Test func `those that take the same are left alone, however long they wait`() {
        var shares = ProcessorShares(shareMax: 1)
        Self.run(&shares, wants: [1: 1, 2: 1, 3: 1], processors: 1, windows: 40)
        #expect(shares.shares == [1: 1, 2: 1, 3: 1])
    }

    @Test func `what was taken comes back when the others are gone, and a gone one is forgotten`() {
        var shares = ProcessorShares(shareMax: 1)
        Self.run(&shares, wants: [1: 1, 2: 0.2], processors: 0.5, windows: 40)
        Self.run(&shares, wants: [1: 1], processors: 0.5, windows: 40)
        #expect(shares.shares == [1: 1])
    }

    @Test func `no share is larger than the largest, nor so small that a pipeline stands still`() {
        var shares = ProcessorShares(shareMax: 0.5)
        Self.run(&shares, wants: [1: 1], processors: 8, windows: 10)
        #expect(shares.shares == [1: 0.5])
        for _ in 0..<100 {
            shares.update(
                [1: Self.usage(ran: 0.5), 2: Self.usage(ran: 0.03)],
                others: Self.usage(ran: 1, waited: 5),
                window: Self.window
            )
        }
        #expect(shares.shares == [1: 0.1, 2: 0.5])
    }
}
