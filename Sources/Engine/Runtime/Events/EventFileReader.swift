/// Reads event files, line by line: `.evt` notation and JSON Lines, which may be mixed.
///
///     BATCH 100                       the following events happen 100 ms after 1970 began
///     Tick { symbol: "AB", price: 3 }
///     @10s Tick { symbol: "AB" }      this one 10 s after
///     Point(1, 2)                     fields field_0 and field_1
///     {"event_type": "Tick", "data": {"symbol": "AB"}}
public struct EventFileReader: Sendable {
    /// The number of the line read last.
    public private(set) var line = 0
    /// Set by the last `BATCH`, in nanoseconds.
    private var offset: Int64 = 0

    public init() {}

    /// Reads the next line, given without its newline. Blank lines, comments and directives hold no event.
    public mutating func read(_ bytes: Span<UInt8>) throws(EventFileError) -> Event? {
        self.line += 1
        guard bytes.count <= EventLimits.payloadBytesMax else {
            throw EventFileError(line: self.line, message: "the line is longer than 1 MiB")
        }
        var reader = EventLineReader(line: self.line)
        reader.skipSpace(bytes)
        if reader.isAtEnd(bytes) || reader.sees("#", bytes) || reader.sees("//", bytes) { return nil }
        if let offset = try reader.batch(bytes) {
            self.offset = offset
            return nil
        }
        let timestamp = try reader.lineOffset(bytes) ?? self.offset
        if reader.sees("{", bytes) {
            do {
                return try EventDecoder.decode(
                    bytes.extracting(reader.position..<bytes.count),
                    defaultType: nil,
                    arrival: timestamp
                )
            } catch {
                throw EventFileError(line: self.line, message: error.message)
            }
        }
        return try reader.event(bytes, at: timestamp)
    }

    /// Counts a line that holds a JSON object and is read elsewhere. Returns the time of an event without one.
    mutating func passLine() -> Int64 {
        self.line += 1
        return self.offset
    }

    /// Takes back `passLine`.
    mutating func returnLine() { self.line -= 1 }

    /// Reads the next line, given without its newline.
    public mutating func read(_ bytes: [UInt8]) throws(EventFileError) -> Event? { try self.read(bytes.span) }
}

/// A line of an event file that cannot be read.
public struct EventFileError: Error, Hashable, Sendable {
    public let line: Int
    public let message: String
}
