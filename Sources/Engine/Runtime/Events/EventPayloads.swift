#if canImport(Glibc)
    import Glibc
#endif

/// JSON objects as they came, one after the other, each with the type that it has where it names none.
public struct EventPayloads: Sendable {
    /// Each is followed by zeros, or by others and zeros after the last: they stop whoever reads over its end.
    private(set) var bytes: [UInt8] = []
    private(set) var places: [Range<Int>] = []
    /// The types of those that name none, nil where those are no events, and up to which number of payloads each goes.
    private(set) var defaultTypes: [(type: String?, end: Int)] = []
    /// The time of those without one, in nanoseconds since 1970.
    public let arrival: Int64

    public init(arrival: Int64) { self.arrival = arrival }

    /// The lines of a text, blank ones aside, which must name their types.
    public init(lines bytes: consuming [UInt8], arrival: Int64) {
        self.arrival = arrival
        self.places = Self.lines(in: bytes)
        self.bytes = bytes
        self.finish()
    }

    /// Objects in a text that is JSON as a whole, and where they are in it; they must name their types.
    public init(objectsIn bytes: consuming [UInt8], at places: [Range<Int>], arrival: Int64) {
        self.arrival = arrival
        self.places = places
        self.bytes = bytes
        self.finish()
    }

    private mutating func finish() {
        self.bytes.append(contentsOf: repeatElement(0, count: BatchPipeline.paddingBytes))
        self.defaultTypes = [(nil, self.places.count)]
    }

    private static func lines(in bytes: [UInt8]) -> [Range<Int>] {
        bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return [] }
            var places: [Range<Int>] = []
            var position = 0
            while position < bytes.count {
                let newline = memchr(start + position, 0x0A, bytes.count - position)
                let end = newline.map { UnsafeRawPointer($0) - start } ?? bytes.count
                if bytes[position..<end].contains(where: { $0 > 0x20 }) { places.append(position..<end) }
                position = end + 1
            }
            return places
        }
    }

    public var count: Int { self.places.count }
    /// What they take in memory.
    public var byteCount: Int { self.bytes.count + self.places.count * MemoryLayout<Range<Int>>.stride }

    /// - Parameter defaultType: The type of a payload that names none; nil where that is no event.
    public mutating func append(_ payload: [UInt8], defaultType: String?) {
        let start = self.bytes.count
        self.bytes.append(contentsOf: payload)
        self.places.append(start..<self.bytes.count)
        self.bytes.append(contentsOf: repeatElement(0, count: BatchPipeline.paddingBytes))
        if let last = self.defaultTypes.last, last.type == defaultType { self.defaultTypes.removeLast() }
        self.defaultTypes.append((defaultType, self.places.count))
    }

    /// Calls `body` with each payload, and the type that it has if it names none.
    func forEach(_ body: (Range<Int>, String?) -> Void) {
        var first = 0
        for (type, end) in self.defaultTypes {
            for place in self.places[first..<end] { body(place, type) }
            first = end
        }
    }
}
