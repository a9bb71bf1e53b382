/// How surely a message is to arrive. Delivery exactly once needs more than the protocol's QoS 2, so it is not offered.
public enum MQTTQoS: Int, Sendable, Comparable {
    case atMostOnce = 0
    case atLeastOnce = 1

    public static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What a client wants to receive.
public struct MQTTSubscription: Sendable, Hashable {
    /// A topic, in which `+` stands for one level and a final `#` for all that follow.
    public var topicFilter: String
    public var qos: MQTTQoS

    public init(topicFilter: String, qos: MQTTQoS) {
        self.topicFilter = topicFilter
        self.qos = qos
    }
}

/// Where a client connects, as whom, and its limits. The protocol is MQTT 5.
public struct MQTTConfiguration: Sendable {
    /// What the broker keeps of a client that is away.
    public enum Session: Sendable, Equatable {
        /// Nothing: each connection begins anew.
        case clean
        /// Its subscriptions and the QoS 1 messages for it, for this long.
        case persistent(expiry: Duration)
    }

    /// Who decides that a connection is opened.
    public enum Opening: Sendable, Equatable {
        /// The client: it connects at once, and again whenever the connection is lost.
        case byItself
        /// Its owner, with `MQTTClient.connect`, once for each connection.
        case whenTold
    }

    public var host: String
    public var port: UInt16
    /// The name of the session at the broker. A second connection of the same name throws the first one out.
    public var clientID: String
    public var username: String?
    public var password: String?
    public var session: Session
    public var opening = Opening.byItself
    /// Made again on every connection.
    public var subscriptions: [MQTTSubscription]
    /// After this long without traffic a ping is sent; a broker silent for one and a half times as long is given up.
    public var keepAlive: Duration = .seconds(60)
    /// How long reaching the broker may take, and then how long its answer to the connect packet may take.
    public var connectTimeout: Duration = .seconds(5)
    /// Messages read before the consumer is called; also what the broker may send ahead of our acknowledgements.
    public var batchMessagesMax = 1024
    /// Payload bytes read before the consumer is called, whatever their number.
    public var batchBytesMax = 4 << 20
    /// Messages accepted by `publish` and not yet settled.
    public var outgoingMessagesMax = 10_000
    /// The broker drops messages to this client that are larger.
    public var packetBytesMax = 2 << 20

    public init(
        host: String,
        port: UInt16 = 1883,
        clientID: String,
        username: String? = nil,
        password: String? = nil,
        session: Session = .clean,
        subscriptions: [MQTTSubscription] = []
    ) {
        self.host = host
        self.port = port
        self.clientID = clientID
        self.username = username
        self.password = password
        self.session = session
        self.subscriptions = subscriptions
    }
}

extension MQTTConfiguration {
    /// Seconds the broker keeps the session; 0 for none.
    var sessionExpirySeconds: UInt32 {
        switch self.session {
        case .clean:
            return 0
        case .persistent(let expiry):
            return UInt32(clamping: expiry.components.seconds)
        }
    }

    /// Refuses what a client could not carry out: libmosquitto's strings end at the first zero byte, its limits are
    /// 16 bits.
    public func validate() throws(MQTTError) {
        let texts = [self.host, self.clientID, self.username ?? "-", self.password ?? "-"]
        guard texts.allSatisfy({ !$0.utf8.contains(0) }) else {
            throw MQTTError(.invalid, "A zero byte is not allowed in a host, a client id or credentials.")
        }
        guard !self.host.isEmpty, !self.clientID.isEmpty, self.clientID.utf8.count <= 65_535 else {
            throw MQTTError(.invalid, "A client needs a host, and an id of 1 to 65535 bytes.")
        }
        guard self.password == nil || self.username != nil else {
            throw MQTTError(.invalid, "A password needs a username.")
        }
        for subscription in self.subscriptions
        where !MQTTTopic.isFilter(subscription.topicFilter) {
            throw MQTTError(.invalid, "Not a topic filter: '\(subscription.topicFilter)'.")
        }
        guard (1...65_535).contains(self.batchMessagesMax), (1...30_000).contains(self.outgoingMessagesMax) else {
            throw MQTTError(.invalid, "Batches hold 1 to 65535 messages, the outgoing queue 1 to 30000.")
        }
        guard self.packetBytesMax >= 1024, self.batchBytesMax > 0, self.keepAlive >= .seconds(5) else {
            throw MQTTError(.invalid, "A packet limit is at least 1024 bytes, a keep-alive at least 5 seconds.")
        }
    }
}
