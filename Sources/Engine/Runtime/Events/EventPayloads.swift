/// JSON objects as they came, one after the other, each with the type that it has where it names none.
public struct EventPayloads: Sendable {
    /// Each is followed by zeros, which stop whoever reads over its end.
    private(set) var bytes: [UInt8] = []
    private(set) var places: [Range<Int>] = []
    /// The types of those that name none, nil where those are no events, and up to which number of payloads each goes.
    private(set) var defaultTypes: [(type: String?, end: Int)] = []
    /// The time of those without one, in nanoseconds since 1970.
    public let arrival: Int64

    public init(arrival: Int64) { self.arrival = arrival }

    public var count: Int { self.places.count }

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
