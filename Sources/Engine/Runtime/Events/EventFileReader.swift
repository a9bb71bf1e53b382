/// Reads event files, line by line: `.evt` notation and JSON Lines, which may be mixed.
///
///     BATCH 100                       the following events happen 100 ms after 1970 began
///     Tick { symbol: "AB", price: 3 }
///     @10s Tick { symbol: "AB" }      this one 10 s after
///     Point(1, 2)                     fields field_0 and field_1
///     {"event_type": "Tick", "data": {"symbol": "AB"}}
public struct EventFileReader: Sendable {
    /// The number of the line read last.
    public internal(set) var line = 0
    /// What was cut of the events read so far.
    public internal(set) var cuts = EventCuts()
    /// Set by the last `BATCH`, in nanoseconds.
    var offset: Int64 = 0
    var hasBatch = false
    /// What comes up to the next newline is the rest of a line that was too long and is refused already.
    public var isInRefusedLine = false

    public init() {}

    /// Live input: the time of events that have none, until a `BATCH` sets one.
    public mutating func setArrival(_ nanoseconds: Int64) {
        if !self.hasBatch { self.offset = nanoseconds }
    }

    /// Reads the next line, given without its newline. Blank lines, comments and directives hold no event.
    public mutating func read(_ bytes: Span<UInt8>) throws(EventFileError) -> Event? {
        self.line += 1
        guard bytes.count <= EventLimits.payloadBytesMax else {
            throw EventFileError(line: self.line, code: .tooLarge, message: "the line is longer than 1 MiB")
        }
        var reader = EventLineReader(line: self.line)
        defer { self.cuts += reader.cuts }
        reader.skipSpace(bytes)
        if reader.isAtEnd(bytes) || reader.sees("#", bytes) || reader.sees("//", bytes) { return nil }
        guard Self.isUTF8(bytes) else {
            throw EventFileError(line: self.line, code: .notUTF8, message: "the line is not UTF-8")
        }
        if let offset = try reader.batch(bytes) {
            self.offset = offset
            self.hasBatch = true
            return nil
        }
        let timestamp = try reader.lineOffset(bytes) ?? self.offset
        if reader.sees("{", bytes) {
            do {
                return try EventDecoder.decode(
                    bytes.extracting(reader.position..<bytes.count),
                    defaultType: nil,
                    arrival: timestamp,
                    cuts: &self.cuts
                )
            } catch {
                throw EventFileError(line: self.line, code: error.code, message: error.message)
            }
        }
        return try reader.event(bytes, at: timestamp)
    }

    private static func isUTF8(_ bytes: Span<UInt8>) -> Bool { (try? UTF8Span(validating: bytes)) != nil }

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
    public let code: EventDecodingError.Code
    public let message: String
}
