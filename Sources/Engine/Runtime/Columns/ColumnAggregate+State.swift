import VPL

/// The sums of a `ColumnAggregate` at one moment: copies of its flat memory.
struct ColumnSums: SavedState {
    private let codes: [ColumnAggregate.CallCode]
    private let words: [UInt64]
    private let stateWords: Int
    private let held: [Value]
    private let heldCount: Int
    private let partitions: [ColumnAggregate.Partition]
    private let firstTags: [UInt8]
    private let firstKeys: [Value?]
    private let keys: KeyTexts

    init(_ aggregate: ColumnAggregate) {
        self.codes = aggregate.codes.copy
        self.words = aggregate.words.copy
        self.stateWords = aggregate.stateWords
        self.held = aggregate.held
        self.heldCount = aggregate.heldCount
        self.partitions = aggregate.partitions.copy
        self.firstTags = aggregate.firstTags.copy
        self.firstKeys = aggregate.firstKeys
        self.keys = aggregate.keys.texts
    }

    func save(to saved: inout SavedOperator) {
        for (number, partition) in self.partitions.enumerated() where partition.count > 0 {
            let isText = self.firstTags[number] == Cell.string
            SavedSums(
                key: isText ? .string(self.keys.text(number)) : self.firstKeys[number],
                count: partition.count,
                start: partition.start,
                timestamp: partition.timestamp,
                accumulators: self.codes.map { self.accumulator($0, number) }
            ).save(to: &saved)
        }
    }

    private func accumulator(_ code: ColumnAggregate.CallCode, _ number: Int) -> Accumulator {
        let base = number * self.stateWords + code.offset
        func word(_ offset: Int) -> UInt64 { self.words[base + offset] }
        func float(_ offset: Int) -> Double { Double(bitPattern: word(offset)) }
        switch code.function {
        case .count: return .count(Int64(bitPattern: word(0)))
        case .sum: return .sum(float(0))
        case .average: return .average(sum: float(0), count: Int64(bitPattern: word(1)))
        case .least: return .least(float(0).isNaN ? nil : float(0))
        case .greatest: return .greatest(float(0).isNaN ? nil : float(0))
        case .deviation:
            return .deviation(count: Int64(bitPattern: word(0)), mean: float(1), squares: float(2))
        case .exponential: return .exponential(word(1) == 0 ? nil : float(0), weight: code.weight)
        case .hold:
            let value = self.held[number * self.heldCount + code.offset]
            return code.isFirst ? .first(value) : .last(value)
        }
    }
}

/// The texts of the keys of a `KeyTable` at one moment.
struct KeyTexts: Sendable {
    private let entries: [KeyTable.Entry]
    private let bytes: [UInt8]

    var count: Int { self.entries.count }

    fileprivate init(_ keys: KeyTable) {
        self.entries = keys.entries.copy
        self.bytes = keys.bytes.copy
    }

    func text(_ number: Int) -> String {
        let entry = self.entries[number]
        return String(decoding: self.bytes[entry.offset..<entry.offset + entry.count], as: UTF8.self)
    }
}

extension KeyTable {
    /// Keys are only ever added: a copy is good until there are more.
    var texts: KeyTexts {
        if let copied = self.copiedTexts, copied.count == self.count { return copied }
        let texts = KeyTexts(self)
        self.copiedTexts = texts
        return texts
    }
}

extension ColumnAggregate {
    /// Fills a new one.
    func restore(_ saved: SavedOperator) throws(CheckpointError) {
        let fresh = self.aggregate.calls.map { Accumulator($0) }
        try saved.forEachEntry { (key, reader) throws(CheckpointError) in
            let sums = try SavedSums(key: key, &reader, like: fresh, in: self.window)
            let number = self.keys.number(ofAny: key)
            guard number == self.partitions.count else { throw .malformed("a key is there twice") }
            self.begin()
            self.partitions.base[number] = Partition(count: sums.count, start: sums.start, timestamp: sums.timestamp)
            self.firstTags.base[number] = Cell.tag(of: key)
            if Cell.tag(of: key) != Cell.string { self.firstKeys[number] = key }
            for (place, accumulator) in sums.accumulators.enumerated() { self.set(accumulator, place, number) }
        }
    }

    private func set(_ accumulator: Accumulator, _ place: Int, _ number: Int) {
        let code = self.codes.base[place]
        let words = self.words.base + number * self.stateWords + code.offset
        switch accumulator {
        case .count(let count): words[0] = UInt64(bitPattern: count)
        case .distinct: preconditionFailure("distinct values are not summed up in columns")
        case .sum(let sum): words[0] = sum.bitPattern
        case .average(let sum, let count): (words[0], words[1]) = (sum.bitPattern, UInt64(bitPattern: count))
        case .least(let number), .greatest(let number): words[0] = (number ?? .nan).bitPattern
        case .deviation(let count, let mean, let squares):
            (words[0], words[1], words[2]) = (UInt64(bitPattern: count), mean.bitPattern, squares.bitPattern)
        case .first(let value): self.held[number * self.heldCount + code.offset] = value ?? .null
        case .last(let value): self.held[number * self.heldCount + code.offset] = value
        case .exponential(let average, _): (words[0], words[1]) = (average?.bitPattern ?? 0, average == nil ? 0 : 1)
        }
    }
}

extension Cell {
    static func tag(of value: Value?) -> UInt8 {
        switch value {
        case nil: Self.missing
        case .null: Self.null
        case .bool: Self.bool
        case .int: Self.int
        case .float: Self.float
        case .string: Self.string
        case .timestamp: Self.timestamp
        case .duration: Self.duration
        case .array, .map: Self.boxed
        }
    }

    /// What the word of a cell with the value is, unless that is a text, an array or a map.
    static func word(of value: Value?) -> UInt64 {
        switch value {
        case .bool(let bool): bool ? 1 : 0
        case .int(let int): UInt64(bitPattern: int)
        case .float(let float): float.bitPattern
        case .timestamp(let time): UInt64(bitPattern: time)
        case .duration(let span): span
        case nil, .null, .string, .array, .map: 0
        }
    }

    /// The value of a cell.
    ///
    /// - Parameter other: What it is if it is a text, an array or a map.
    static func value(_ tag: UInt8, _ word: UInt64, orElse other: () -> Value) -> Value? {
        switch tag {
        case Self.missing: nil
        case Self.null: .null
        case Self.bool: .bool(word != 0)
        case Self.int: .int(Int64(bitPattern: word))
        case Self.float: .float(Double(bitPattern: word))
        case Self.timestamp: .timestamp(Int64(bitPattern: word))
        case Self.duration: .duration(word)
        default: other()
        }
    }
}
