/// One record: its type, its time, and its fields in order.
public struct Event: Sendable {
    public var type: String
    /// Nanoseconds since 1970.
    public var timestamp: Int64
    public var fields: Fields
    /// Of a match, while it passes the operations of its stream: the values of its run.
    var captured: [Value?] = []

    public init(type: String, timestamp: Int64, fields: Fields = Fields()) {
        self.type = type
        self.timestamp = timestamp
        self.fields = fields
    }
}
