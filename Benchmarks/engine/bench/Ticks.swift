import Engine

/// The lines of a file of ticks: 200 symbols or more, prices from 0.00 to 199.99.
struct Ticks {
    let count: Int
    let bytes: [UInt8]
    /// Without the padding.
    let length: Int

    /// - Parameter text: So many lines.
    init(count: Int, text: [UInt8]) {
        self.count = count
        self.length = text.count
        self.bytes = text + Array(repeating: 0, count: BatchPipeline.paddingBytes)
    }

    /// Ticks, tocks and tacks in any order.
    init(count: Int, symbols: Int) {
        var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        var text: [UInt8] = []
        text.reserveCapacity(count * 110)
        let least = symbols > 1000 ? 1_000_000 : 1000
        for number in 0..<count {
            let symbol = least + Int.random(in: 0..<symbols, using: &random)
            let cents = String(100 + Int.random(in: 0..<100, using: &random)).dropFirst()
            let price = "\(Int.random(in: 0..<200, using: &random)).\(cents)"
            let type = ["Tick", "Tock", "Tack"][Int.random(in: 0..<3, using: &random)]
            let line = """
                {"event_type":"\(type)","timestamp":\(1_700_000_000_000 + number),\
                "data":{"symbol":"S\(symbol)","price":\(price),"volume":\(number % 1000),"venue":"X"}}

                """
            text.append(contentsOf: line.utf8)
        }
        self.count = count
        self.length = text.count
        text.append(contentsOf: repeatElement(0, count: BatchPipeline.paddingBytes))
        self.bytes = text
    }

    /// - Parameter second: The type of every other event.
    init(count: Int, second: String = "Tick", isEventFile: Bool = false) {
        var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        var text: [UInt8] = []
        text.reserveCapacity(count * 110)
        for number in 0..<count {
            let symbol = 1000 + Int.random(in: 0..<200, using: &random)
            let cents = String(100 + Int.random(in: 0..<100, using: &random)).dropFirst()
            let price = "\(Int.random(in: 0..<200, using: &random)).\(cents)"
            let line =
                isEventFile
                ? "@\(number / 1000)s Tick { symbol: \"S\(symbol)\", price: \(price), volume: \(number % 1000), venue: \"X\" }\n"
                : """
                {"event_type":"\(number % 2 == 0 ? "Tick" : second)","timestamp":\(1_700_000_000_000 + number),\
                "data":{"symbol":"S\(symbol)","price":\(price),"volume":\(number % 1000),"venue":"X"}}

                """
            text.append(contentsOf: line.utf8)
        }
        self.count = count
        self.length = text.count
        text.append(contentsOf: repeatElement(0, count: BatchPipeline.paddingBytes))
        self.bytes = text
    }

    /// Gives `take` chunks of at most `size` bytes, each from where it stopped in the one before.
    /// The events in a binary form.
    func frames() throws -> [[UInt8]] {
        let lines = self.bytes[..<self.length].split(separator: UInt8(ascii: "\n"))
        return EventFrame.encode(try lines.map { try EventDecoder.decode(Array($0), defaultType: nil, arrival: 0) })
    }

    func forEachChunk(
        of size: Int,
        _ take: (_ chunk: UnsafeBufferPointer<UInt8>, _ isLast: Bool) throws -> Int
    ) rethrows {
        try self.bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            while start < self.length {
                let end = min(self.length, start + size)
                start += try take(UnsafeBufferPointer(rebasing: bytes[start..<end]), end == self.length)
            }
        }
    }
}

extension Ticks {
    /// Gives `take` as many lines at a time as a batch has events.
    func forEachBatch(_ take: (UnsafeBufferPointer<UInt8>) -> Void) {
        self.bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            while start < self.length {
                var end = start
                for _ in 0..<BatchPipeline.rowsMax where end < self.length {
                    while bytes[end] != UInt8(ascii: "\n") { end += 1 }
                    end += 1
                }
                take(UnsafeBufferPointer(rebasing: bytes[start..<end]))
                start = end
            }
        }
    }
}

/// The files that scenarios read, each made when the first one asks for it.
final class Inputs {
    let count: Int
    private(set) lazy var ticks = Ticks(count: self.count)
    /// Ticks and tocks by turns.
    private(set) lazy var pairs = Ticks(count: self.count, second: "Tock")
    private(set) lazy var eventFile = Ticks(count: self.count, isEventFile: true)

    /// Ticks, tocks and tacks of so many symbols. Only those asked for last are kept.
    func triples(symbols: Int) -> Ticks {
        if let kept = self.kept, kept.symbols == symbols { return kept.ticks }
        self.kept = nil
        let ticks = Ticks(count: self.count, symbols: symbols)
        self.kept = (symbols, ticks)
        return ticks
    }

    private var kept: (symbols: Int, ticks: Ticks)?

    init(count: Int) { self.count = count }
}

/// Marsaglia's xorshift: the same ticks in every run.
struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state ^= self.state << 13
        self.state ^= self.state >> 7
        self.state ^= self.state << 17
        return self.state
    }
}
