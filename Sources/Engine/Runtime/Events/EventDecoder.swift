/// Events from JSON objects, as they come from brokers, HTTP and JSON Lines files.
///
/// The type is `event_type`, or else `type`. The fields are the members of the object under `data` or `fields`; without
/// either, all members other than the type. `timestamp` is RFC 3339 text or milliseconds since 1970; in the flat form it
/// also stays a field.
public enum EventDecoder {
    /// The event in a payload.
    ///
    /// - Parameters:
    ///   - defaultType: The type of an object that names none; where that is nil too, the payload is refused.
    ///   - arrival: The time of an object without a timestamp.
    ///   - cuts: Counts what is cut of the event.
    public static func decode(
        _ bytes: Span<UInt8>,
        defaultType: String?,
        arrival: Int64,
        cuts: inout EventCuts
    ) throws(EventDecodingError) -> Event {
        guard bytes.count <= EventLimits.payloadBytesMax else {
            throw EventDecodingError(code: .tooLarge, message: "the payload is larger than 1 MiB", offset: 0)
        }
        var reader = JSONReader()
        defer { cuts += reader.cuts }
        var members = try reader.topLevelObject(bytes)
        guard let type = Self.takeType(from: &members) ?? defaultType else {
            throw EventDecodingError(code: .missingType, message: "the object has no `event_type`", offset: 0)
        }
        let timestamp = members["timestamp"].flatMap(Self.time) ?? arrival
        for envelope in ["data", "fields"] {
            if case .map(let fields) = members[envelope] {
                return Event(type: type, timestamp: timestamp, fields: fields.cut(&cuts))
            }
        }
        return Event(type: type, timestamp: timestamp, fields: members.cut(&cuts))
    }

    /// The event in a payload, whatever had to be cut of it.
    public static func decode(
        _ bytes: [UInt8],
        defaultType: String?,
        arrival: Int64
    ) throws(EventDecodingError) -> Event {
        var cuts = EventCuts()
        return try Self.decode(bytes.span, defaultType: defaultType, arrival: arrival, cuts: &cuts)
    }

    private static func takeType(from members: inout Fields) -> String? {
        for key in ["event_type", "type"] {
            if case .string(let type) = members[key] {
                members[key] = nil
                return type
            }
        }
        return nil
    }

    private static func time(_ value: Value) -> Int64? {
        switch value {
        case .string(let text): return Timestamp.nanoseconds(ofRFC3339: text)
        case .int(let milliseconds):
            let (nanoseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
            return overflow ? nil : nanoseconds
        case .null, .bool, .float, .timestamp, .duration, .array, .map: return nil
        }
    }
}

extension Fields {
    fileprivate func cut(_ cuts: inout EventCuts) -> Fields {
        guard self.count > EventLimits.fieldsMax else { return self }
        cuts.events += 1
        return Fields(self.entries.prefix(EventLimits.fieldsMax).lazy.map { ($0.name, $0.value) })
    }
}
