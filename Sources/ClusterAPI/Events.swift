/// One event from outside: body of `inject` at a coordinator and of `events` at a worker.
public struct EventBody: Hashable, Sendable, Codable {
    public var eventType: String
    public var fields: [String: JSONValue]

    public init(eventType: String, fields: [String: JSONValue] = [:]) {
        self.eventType = eventType
        self.fields = fields
    }

    enum CodingKeys: String, CodingKey {
        case eventType = "event_type"
        case fields
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.eventType = try container.decode(String.self, forKey: .eventType)
        self.fields = try container.decodeIfPresent([String: JSONValue].self, forKey: .fields) ?? [:]
    }
}

/// A worker's answer to one event: what left the pipeline while it was processed.
public struct EventResponse: Hashable, Sendable, Codable {
    public var accepted: Bool
    public var outputEvents: [EventBody]

    public init(accepted: Bool, outputEvents: [EventBody]) {
        self.accepted = accepted
        self.outputEvents = outputEvents
    }

    enum CodingKeys: String, CodingKey {
        case accepted
        case outputEvents = "output_events"
    }
}

/// Body of `events-batch` at a worker.
public struct EventsBatchRequest: Hashable, Sendable, Codable {
    public var events: [EventBody]
    public init(events: [EventBody]) { self.events = events }
}

/// A worker's answer to a batch. Output events are flat: `event_type` beside the fields.
public struct EventsBatchResponse: Hashable, Sendable, Codable {
    public var accepted: Int
    public var outputEvents: [[String: JSONValue]]
    public var processingTimeMicroseconds: UInt64

    public init(accepted: Int, outputEvents: [[String: JSONValue]], processingTimeMicroseconds: UInt64) {
        self.accepted = accepted
        self.outputEvents = outputEvents
        self.processingTimeMicroseconds = processingTimeMicroseconds
    }

    enum CodingKeys: String, CodingKey {
        case accepted
        case outputEvents = "output_events"
        case processingTimeMicroseconds = "processing_time_us"
    }
}

/// Answer of `POST ~/pipeline-groups/{id}/inject`.
public struct InjectResponse: Hashable, Sendable, Codable {
    /// The pipeline that got the event, by its replica's name.
    public var routedTo: String
    public var workerID: String
    public var workerResponse: EventResponse

    public init(routedTo: String, workerID: String, workerResponse: EventResponse) {
        self.routedTo = routedTo
        self.workerID = workerID
        self.workerResponse = workerResponse
    }

    enum CodingKeys: String, CodingKey {
        case routedTo = "routed_to"
        case workerID = "worker_id"
        case workerResponse = "worker_response"
    }
}

/// Body of `POST ~/pipeline-groups/{id}/inject-batch`: a text of events, or the events themselves.
public struct InjectBatchRequest: Hashable, Sendable, Codable {
    public var eventsText: String?
    public var events: [EventBody]?

    public init(eventsText: String) { self.eventsText = eventsText }
    public init(events: [EventBody]) { self.events = events }

    enum CodingKeys: String, CodingKey {
        case eventsText = "events_text"
        case events
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.eventsText = try container.decodeIfPresent(String.self, forKey: .eventsText)
        self.events = try container.decodeIfPresent([EventBody].self, forKey: .events)
        guard self.eventsText != nil || self.events != nil else {
            throw DecodingError.keyNotFound(
                CodingKeys.eventsText,
                DecodingError.Context(codingPath: container.codingPath, debugDescription: "no events")
            )
        }
    }
}

/// Answer of `inject-batch`. Failures of single pipelines are told inside a 200.
public struct InjectBatchResponse: Hashable, Sendable, Codable {
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

    enum CodingKeys: String, CodingKey {
        case eventsSent = "events_sent"
        case eventsFailed = "events_failed"
        case outputEvents = "output_events"
        case errors
        case processingTimeMicroseconds = "processing_time_us"
    }
}
