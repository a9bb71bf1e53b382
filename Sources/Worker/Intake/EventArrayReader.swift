import Engine

/// Finds the events in `{"events":[…]}` without making anything of them: where each begins and ends, and that the whole
/// is JSON in which every item of the array can be an event. The engine reads the items later, straight into its columns.
struct EventArrayReader {
    struct Refusal: Error {
        let message: String
        let offset: Int
    }

    private var scanner: JSONScanner
    private var places: [Range<Int>] = []

    /// Where the events are, in the order in which they stand.
    static func places(in bytes: Span<UInt8>) throws(Refusal) -> [Range<Int>] {
        var reader = Self(scanner: JSONScanner())
        return try reader.read(bytes)
    }

    /// Checks that a text is one event.
    static func checkEvent(_ bytes: Span<UInt8>) throws(Refusal) {
        var scanner = JSONScanner()
        scanner.skipSpace(bytes)
        try Self.event(&scanner, nil, bytes)
        try scanner.end(bytes)
    }

    /// How refusals call an event.
    private static func name(_ place: Int?) -> String { place.map { "events[\($0)]" } ?? "the event" }

    private mutating func read(_ bytes: Span<UInt8>) throws(Refusal) -> [Range<Int>] {
        var hasEvents = false
        try self.scanner.members(bytes) { scanner, name, bytes throws(Refusal) in
            guard scanner.text(name, bytes) == "events" else { return try scanner.value(bytes) }
            hasEvents = true
            self.places = []
            try scanner.items(bytes) { scanner, place, bytes throws(Refusal) in
                let start = scanner.position
                try Self.event(&scanner, place, bytes)
                self.places.append(start..<scanner.position)
            }
        }
        try self.scanner.end(bytes)
        guard hasEvents else { throw Refusal(message: "missing field `events`", offset: 0) }
        return self.places
    }

    private static func event(_ scanner: inout JSONScanner, _ place: Int?, _ bytes: Span<UInt8>) throws(Refusal) {
        let start = scanner.position
        var hasType = false
        guard scanner.sees(UInt8(ascii: "{"), bytes) else {
            throw Refusal(message: "`\(Self.name(place))` is no object", offset: start)
        }
        try scanner.members(bytes) { scanner, name, bytes throws(Refusal) in
            switch scanner.text(name, bytes) {
            case "event_type", "type":
                hasType = hasType || scanner.sees(UInt8(ascii: "\""), bytes)
            case "fields":
                guard scanner.sees(UInt8(ascii: "{"), bytes) else {
                    throw Refusal(message: "`fields` of `\(Self.name(place))` is no object", offset: scanner.position)
                }
            default: break
            }
            try scanner.value(bytes)
        }
        guard hasType else { throw Refusal(message: "`\(Self.name(place))` has no `event_type`", offset: start) }
        guard scanner.position - start <= EventLimits.payloadBytesMax else {
            throw Refusal(message: "`\(Self.name(place))` is larger than 1 MiB", offset: start)
        }
    }
}
