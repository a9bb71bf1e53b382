internal import CMosquitto

/// Why something between this process and a broker did not work.
public struct MQTTError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure. More may be added.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The configuration, a topic or a message cannot be put into MQTT.
        public static let invalid = Code(rawValue: "invalid")
        /// The broker's name does not resolve, or nothing listens there.
        public static let unreachable = Code(rawValue: "unreachable")
        /// The broker answered, and said no.
        public static let refused = Code(rawValue: "refused")
        /// The connection ended before what was asked could be done.
        public static let connectionLost = Code(rawValue: "connection_lost")
        /// The same, and the broker said why: another client has connected with this one's id.
        public static let takenOver = Code(rawValue: "taken_over")
        /// What was asked did not come about in its time.
        public static let timedOut = Code(rawValue: "timed_out")
        /// The outgoing queue has no room.
        public static let queueFull = Code(rawValue: "queue_full")
        /// The client has been closed.
        public static let closed = Code(rawValue: "closed")
        /// The consumer of received messages refused a batch.
        public static let batchRefused = Code(rawValue: "batch_refused")
    }

    public var code: Code
    /// A sentence for people.
    public var message: String
    /// What the broker answered, where it did.
    public var reason: ReasonCode?

    public init(_ code: Code, _ message: String, reason: ReasonCode? = nil) {
        self.code = code
        self.message = message
        self.reason = reason
    }

    public var description: String {
        "\(self.message) (\(self.code.rawValue))"
    }
}

extension MQTTError {
    /// What libmosquitto's result or a broker's reason code says; codes from 128 on are the broker's (MQTT 5, section 2.4).
    static func sentence(for code: CInt) -> String {
        let text = String(cString: code >= 128 ? mosquitto_reason_string(code) : mosquitto_strerror(code))
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    /// A broker has said no: `what` is what it refuses.
    static func refusal(of what: String, _ reason: CInt) -> MQTTError {
        MQTTError(
            .refused,
            "The broker refuses \(what): \(self.sentence(for: reason)).",
            reason: reason < 128 ? nil : UInt8(exactly: reason).map { ReasonCode(rawValue: $0) }
        )
    }

    /// Turns a result of libmosquitto into an error, if it is one.
    static func check(_ result: CInt, _ code: Code, _ doing: @autoclosure () -> String) throws(MQTTError) {
        if result != 0 {
            throw MQTTError(code, "\(doing()): \(self.sentence(for: result))")
        }
    }
}
