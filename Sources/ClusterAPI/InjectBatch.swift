/// Body of `POST ~/pipeline-groups/{id}/inject-batch`: a text of events, or the events themselves.
public struct InjectBatchRequest: Hashable, JSONBody {
    public var eventsText: String?
    public var events: [EventBody]?

    public init(eventsText: String) { self.eventsText = eventsText }
    public init(events: [EventBody]) { self.events = events }

    public init(json: JSONValue) throws(BodyError) {
        let members = try json.members()
        if members["events"] != nil {
            self.init(events: try members.bodies("events"))
        } else {
            self.init(eventsText: try members.string("events_text"))
        }
    }

    /// Goes through a body without holding all of its events at once. Returns the text of events if that is what it has.
    public static func read(
        _ bytes: [UInt8],
        _ event: (EventBody) throws(BodyError) -> Void
    ) throws(BodyError) -> String? {
        var reader = JSONReader(bytes)
        var text: String?
        var hasEvents = false
        try reader.members { name, reader throws(BodyError) in
            switch name {
            case "events" where !hasEvents && reader.seesArray():
                hasEvents = true
                try reader.elements { reader throws(BodyError) in try event(EventBody(json: try reader.value())) }
            case "events" where hasEvents: throw BodyError(message: "field `events` comes twice")
            case "events", "events_text":
                let value = try reader.value()
                if name == "events_text", case .string(let found) = value {
                    text = found
                } else if value != .null {
                    throw BodyError(message: "field `\(name)` has the wrong type")
                }
            default: _ = try reader.value()
            }
        }
        try reader.end()
        if hasEvents { return nil }
        guard let text else { throw BodyError(message: "missing field `events_text` or `events`") }
        return text
    }

    public var json: JSONValue {
        var members: [String: JSONValue] = [:]
        if let text = self.eventsText { members["events_text"] = .string(text) }
        if let events = self.events { members["events"] = .array(events.map(\.json)) }
        return .object(members)
    }
}

/// Answer of `inject-batch`. Failures of single pipelines are told inside a 200.
public struct InjectBatchResponse: Hashable, JSONBody {
    public var eventsSent: Int
    public var eventsFailed: Int
    public var outputEvents: [[String: JSONValue]]
    public var errors: [String]
    public var processingTimeMicroseconds: UInt64

    public init(
        eventsSent: Int,
        eventsFailed: Int,
        outputEvents: [[String: JSONValue]],
        errors: [String],
        processingTimeMicroseconds: UInt64
    ) {
        self.eventsSent = eventsSent
        self.eventsFailed = eventsFailed
        self.outputEvents = outputEvents
        self.errors = errors
        self.processingTimeMicroseconds = processingTimeMicroseconds
    }

    public init(json: JSONValue) throws(BodyError) {
        let members = try json.members()
        self.init(
            eventsSent: try members.number("events_sent"),
            eventsFailed: try members.number("events_failed"),
            outputEvents: try members.objects("output_events"),
            errors: try members.strings("errors"),
            processingTimeMicroseconds: try members.number("processing_time_us")
        )
    }

    public var json: JSONValue {
        .object([
            "errors": .array(self.errors.map { .string($0) }),
            "events_failed": .integer(Int64(self.eventsFailed)),
            "events_sent": .integer(Int64(self.eventsSent)),
            "output_events": .array(self.outputEvents.map { .object($0) }),
            "processing_time_us": .integer(Int64(clamping: self.processingTimeMicroseconds)),
        ])
    }
}
