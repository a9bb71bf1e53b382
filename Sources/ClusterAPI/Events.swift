/// One event from outside: body of `inject` at a coordinator and of `events` at a worker.
public struct EventBody: Hashable, JSONBody {
    public var eventType: String
    public var fields: [String: JSONValue]

    public init(eventType: String, fields: [String: JSONValue] = [:]) {
        self.eventType = eventType
        self.fields = fields
    }

    public init(json: JSONValue) throws(BodyError) {
        let members = try json.members()
        self.init(eventType: try members.string("event_type"), fields: try members.object("fields"))
    }

    public var json: JSONValue {
        .object(["event_type": .string(self.eventType), "fields": .object(self.fields)])
    }
}

/// A worker's answer to one event: what left the pipeline while it was processed.
public struct EventResponse: Hashable, JSONBody {
    public var accepted: Bool
    public var outputEvents: [EventBody]

    public init(accepted: Bool, outputEvents: [EventBody]) {
        self.accepted = accepted
        self.outputEvents = outputEvents
    }

    public init(json: JSONValue) throws(BodyError) {
        let members = try json.members()
        self.init(accepted: try members.bool("accepted"), outputEvents: try members.bodies("output_events"))
    }

    public var json: JSONValue {
        .object(["accepted": .bool(self.accepted), "output_events": .array(self.outputEvents.map(\.json))])
    }
}

/// Body of `events-batch` at a worker.
public struct EventsBatchRequest: Hashable, JSONBody {
    public var events: [EventBody]
    public init(events: [EventBody]) { self.events = events }

    public init(json: JSONValue) throws(BodyError) {
        self.init(events: try json.members().bodies("events"))
    }

    public var json: JSONValue { .object(["events": .array(self.events.map(\.json))]) }
}

/// A worker's answer to a batch. Output events are flat: `event_type` beside the fields.
public struct EventsBatchResponse: Hashable, JSONBody {
    public var accepted: Int
    public var outputEvents: [[String: JSONValue]]
    public var processingTimeMicroseconds: UInt64

    public init(accepted: Int, outputEvents: [[String: JSONValue]], processingTimeMicroseconds: UInt64) {
        self.accepted = accepted
        self.outputEvents = outputEvents
        self.processingTimeMicroseconds = processingTimeMicroseconds
    }

    public init(json: JSONValue) throws(BodyError) {
        let members = try json.members()
        self.init(
            accepted: try members.number("accepted"),
            outputEvents: try members.objects("output_events"),
            processingTimeMicroseconds: try members.number("processing_time_us")
        )
    }

    public var json: JSONValue {
        .object([
            "accepted": .integer(Int64(self.accepted)),
            "output_events": .array(self.outputEvents.map { .object($0) }),
            "processing_time_us": .integer(Int64(clamping: self.processingTimeMicroseconds)),
        ])
    }
}

/// Answer of `POST ~/pipeline-groups/{id}/inject`.
public struct InjectResponse: Hashable, JSONBody {
    /// The pipeline that got the event, by its replica's name.
    public var routedTo: String
    public var workerID: String
    public var workerResponse: EventResponse

    public init(routedTo: String, workerID: String, workerResponse: EventResponse) {
        self.routedTo = routedTo
        self.workerID = workerID
        self.workerResponse = workerResponse
    }

    public init(json: JSONValue) throws(BodyError) {
        let members = try json.members()
        self.init(
            routedTo: try members.string("routed_to"),
            workerID: try members.string("worker_id"),
            workerResponse: try EventResponse(json: .object(members.object("worker_response")))
        )
    }

    public var json: JSONValue {
        .object([
            "routed_to": .string(self.routedTo),
            "worker_id": .string(self.workerID),
            "worker_response": self.workerResponse.json,
        ])
    }
}
