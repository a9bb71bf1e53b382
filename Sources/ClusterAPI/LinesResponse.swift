/// A worker's answer to a batch of JSON lines. What is no event is counted and passed over.
public struct LinesResponse: Hashable, JSONBody {
    public var accepted: Int
    public var rejected: Int
    /// Flat: `event_type` beside the fields. Only with `?output=true`.
    public var outputEvents: [[String: JSONValue]]

    public init(accepted: Int, rejected: Int, outputEvents: [[String: JSONValue]]) {
        self.accepted = accepted
        self.rejected = rejected
        self.outputEvents = outputEvents
    }

    public init(json: JSONValue) throws(BodyError) {
        let members = try json.members()
        self.init(
            accepted: try members.number("accepted"),
            rejected: try members.number("rejected"),
            outputEvents: try members.objects("output_events")
        )
    }

    public var json: JSONValue {
        .object([
            "accepted": .integer(Int64(self.accepted)),
            "rejected": .integer(Int64(self.rejected)),
            "output_events": .array(self.outputEvents.map { .object($0) }),
        ])
    }
}
