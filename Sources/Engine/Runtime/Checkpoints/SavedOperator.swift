/// What one operator of a stream remembers, written in a way that does not depend on how the program is run: by
/// `Pipeline`, by `BatchPipeline`, or on several shards.
struct SavedOperator: Sendable {
    let stream: String
    /// Which of the stream's operators it is, such as `window` or `distinct 2`.
    let name: String
    /// What the operator does, as far as that decides what it remembers.
    let definition: String
    /// Numbers of the operator as a whole.
    var numbers: [(name: String, value: Int64)] = []
    /// What the values of the entries stand for, in their order.
    var columns: [String] = []
    private(set) var entryCount = 0
    /// For each key, or otherwise thing by itself: the key's value and, sized, what is remembered.
    private(set) var entries = StateWriter()

    init(_ place: OperatorPlace) {
        self.stream = place.stream
        self.name = place.name
        self.definition = place.definition
        self.columns = place.columns
    }

    func number(_ name: String) -> Int64 { self.numbers.first { $0.name == name }?.value ?? 0 }

    mutating func addEntry(_ key: Value?, _ body: (inout StateWriter) -> Void) {
        self.entryCount += 1
        self.entries.write(key)
        self.entries.writeSized(body)
    }

    /// Gives each entry's key, and its content to be read to the end, to `body`.
    func forEachEntry(
        _ body: (Value?, inout StateReader) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        var reader = StateReader(self.entries.bytes)
        for _ in 0..<self.entryCount {
            let key = try reader.value()
            var content = StateReader(try reader.sized())
            try body(key, &content)
            try content.finish()
        }
    }

    /// With the entries of only some keys.
    func keeping(_ isKept: (Value?) -> Bool) throws(CheckpointError) -> SavedOperator {
        var part = self
        part.entryCount = 0
        part.entries = StateWriter()
        var reader = StateReader(self.entries.bytes)
        for _ in 0..<self.entryCount {
            let start = reader.position
            let key = try reader.value()
            _ = try reader.sized()
            guard isKept(key) else { continue }
            part.entryCount += 1
            part.entries.append(self.entries.bytes[start..<reader.position])
        }
        return part
    }

    /// Adds what the same operator remembers of other keys.
    mutating func merge(_ other: SavedOperator) {
        self.entryCount += other.entryCount
        self.entries.append(other.entries.bytes)
        for (place, number) in other.numbers.enumerated() {
            self.numbers[place].value =
                number.name == Self.time
                ? max(self.numbers[place].value, number.value) : self.numbers[place].value &+ number.value
        }
    }

    /// The name of the number that is a time: of those of several shards the latest counts, other numbers are added up.
    static let time = "time"

    // MARK: - Bytes

    func write(to writer: inout StateWriter) {
        writer.write(self.stream)
        writer.write(self.name)
        writer.write(self.definition)
        writer.write(count: self.numbers.count)
        for (name, value) in self.numbers {
            writer.write(name)
            writer.write(value)
        }
        writer.write(count: self.columns.count)
        for column in self.columns { writer.write(column) }
        writer.write(count: self.entryCount)
        writer.append(self.entries.bytes)
    }

    init(from reader: inout StateReader) throws(CheckpointError) {
        self.stream = try reader.text()
        self.name = try reader.text()
        self.definition = try reader.text()
        for _ in 0..<(try reader.count(ofSize: 2)) {
            let (name, value) = (try reader.text(), try reader.signed())
            guard name == Self.time || 0...1 << 62 ~= value else { throw .malformed("a number is too large") }
            self.numbers.append((name, value))
        }
        for _ in 0..<(try reader.count()) { self.columns.append(try reader.text()) }
        self.entryCount = try reader.count(ofSize: 2)
        self.entries.append(try reader.slice(reader.left))
        // What they hold is looked at when it is restored, but there are as many as it says.
        try self.forEachBoundary()
    }

    private func forEachBoundary() throws(CheckpointError) {
        var reader = StateReader(self.entries.bytes)
        for _ in 0..<self.entryCount {
            _ = try reader.value()
            _ = try reader.sized()
        }
        try reader.finish()
    }
}
