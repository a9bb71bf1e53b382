/// The operations that have a place, as bits.
///
/// Operations are numbered by their calls, and with answers they are placed almost in that order. So their bits are
/// a run of ones, a few words of mixture and a run of zeros, and the key keeps only the mixture:
/// `11111111 11111111 10110000 00000000` in words of eight is `(start: 2, words: [10110000])`.
/// Operations without an answer may never be placed; they would break the run of ones and have bits of their own.
struct PlacedSet {
    struct Key: Hashable {
        var start: Int
        var words: [UInt64]
    }

    /// The bit of each operation, among the answered or the unanswered ones.
    private let bit: [(isAnswered: Bool, place: Int)]
    private var answered: [UInt64]
    private var unanswered: [UInt64]

    init(isAnswered: [Bool]) {
        var counts = (answered: 0, unanswered: 0)
        var bits: [(isAnswered: Bool, place: Int)] = []
        for one in isAnswered {
            bits.append((one, one ? counts.answered : counts.unanswered))
            if one { counts.answered += 1 } else { counts.unanswered += 1 }
        }
        self.bit = bits
        self.answered = Array(repeating: 0, count: (counts.answered + 63) / 64)
        self.unanswered = Array(repeating: 0, count: (counts.unanswered + 63) / 64)
    }

    func contains(_ operation: Int) -> Bool {
        let (isAnswered, place) = self.bit[operation]
        return (isAnswered ? self.answered : self.unanswered)[place / 64] >> UInt64(place % 64) & 1 == 1
    }

    mutating func insert(_ operation: Int) { self.toggle(operation) }
    mutating func remove(_ operation: Int) { self.toggle(operation) }

    private mutating func toggle(_ operation: Int) {
        let (isAnswered, place) = self.bit[operation]
        let mask = UInt64(1) << UInt64(place % 64)
        if isAnswered { self.answered[place / 64] ^= mask } else { self.unanswered[place / 64] ^= mask }
    }

    /// Equal for equal sets only: the words of the unanswered, of which there is always the same number, come last.
    var key: Key {
        let start = self.answered.firstIndex { $0 != .max } ?? self.answered.count
        let end = self.answered.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
        return Key(start: start, words: self.answered[start..<max(start, end)] + self.unanswered)
    }
}
