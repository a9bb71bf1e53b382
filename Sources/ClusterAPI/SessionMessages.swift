/// What a worker says over its session with a coordinator: a JSON object that `type` tells apart.
public enum WorkerMessage: Hashable, Sendable, Codable {
    /// Comes first, and once.
    case identify(Identification)
    case heartbeat(HeartbeatRequest)

    private enum Kind: String, Codable {
        case identify = "Identify"
        case heartbeat = "Heartbeat"
    }

    public init(from decoder: any Decoder) throws {
        switch try decoder.container(keyedBy: MessageKey.self).decode(Kind.self, forKey: .type) {
        case .identify: self = .identify(try Identification(from: decoder))
        case .heartbeat: self = .heartbeat(try HeartbeatRequest(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: MessageKey.self)
        switch self {
        case .identify(let identification):
            try container.encode(Kind.identify, forKey: .type)
            try identification.encode(to: encoder)
        case .heartbeat(let heartbeat):
            try container.encode(Kind.heartbeat, forKey: .type)
            try heartbeat.encode(to: encoder)
        }
    }
}

/// What a coordinator says over a worker's session.
public enum CoordinatorMessage: Hashable, Sendable, Codable {
    /// The worker is known. Said again whenever the terms have changed.
    case identifyAck(SessionTerms)
    case heartbeatAck(HeartbeatResponse)
    case error(SessionError)

    private enum Kind: String, Codable {
        case identifyAck = "IdentifyAck"
        case heartbeatAck = "HeartbeatAck"
        case error = "Error"
    }

    public init(from decoder: any Decoder) throws {
        switch try decoder.container(keyedBy: MessageKey.self).decode(Kind.self, forKey: .type) {
        case .identifyAck: self = .identifyAck(try SessionTerms(from: decoder))
        case .heartbeatAck: self = .heartbeatAck(try HeartbeatResponse(from: decoder))
        case .error: self = .error(try SessionError(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: MessageKey.self)
        switch self {
        case .identifyAck(let terms):
            try container.encode(Kind.identifyAck, forKey: .type)
            try terms.encode(to: encoder)
        case .heartbeatAck(let answer):
            try container.encode(Kind.heartbeatAck, forKey: .type)
            try answer.encode(to: encoder)
        case .error(let error):
            try container.encode(Kind.error, forKey: .type)
            try error.encode(to: encoder)
        }
    }
}

private enum MessageKey: String, CodingKey {
    case type
}

/// Who opens a session. The worker has registered over REST before.
public struct Identification: Hashable, Sendable, Codable {
    public var workerID: String
    /// Absent where none is needed.
    public var apiKey: String?
    /// The process that speaks; without it, the one that is registered.
    public var incarnation: UInt64?

    public init(workerID: String, apiKey: String?, incarnation: UInt64? = nil) {
        self.workerID = workerID
        self.apiKey = apiKey
        self.incarnation = incarnation
    }

    enum CodingKeys: String, CodingKey {
        case workerID = "worker_id"
        case apiKey = "api_key"
        case incarnation
    }
}

/// What a worker is to keep to.
public struct SessionTerms: Hashable, Sendable, Codable {
    /// Whole seconds, at least one, for those that do not know the milliseconds.
    public var heartbeatIntervalSeconds: UInt32
    public var heartbeatIntervalMilliseconds: UInt32?
    /// For how long after it was sent a heartbeat that was confirmed lets the worker publish what no broker fences.
    public var leaseMilliseconds: UInt32?
    /// The base URLs of the cluster's coordinators; absent where they are nobody's business.
    public var coordinators: [String]?

    public init(
        heartbeatIntervalMilliseconds: UInt32,
        leaseMilliseconds: UInt32? = nil,
        coordinators: [String]? = nil
    ) {
        self.heartbeatIntervalSeconds = max(1, heartbeatIntervalMilliseconds / 1_000)
        self.heartbeatIntervalMilliseconds = heartbeatIntervalMilliseconds
        self.leaseMilliseconds = leaseMilliseconds
        self.coordinators = coordinators
    }

    /// How often to send a heartbeat; at least every hour and at most every 100 ms, whatever the terms say.
    public var heartbeatInterval: Duration {
        let milliseconds =
            self.heartbeatIntervalMilliseconds.map(UInt64.init) ?? UInt64(self.heartbeatIntervalSeconds) * 1_000
        return .milliseconds(min(max(milliseconds, 100), 3_600_000))
    }

    enum CodingKeys: String, CodingKey {
        case heartbeatIntervalSeconds = "heartbeat_interval_secs"
        case heartbeatIntervalMilliseconds = "heartbeat_interval_ms"
        case leaseMilliseconds = "lease_ms"
        case coordinators
    }
}

/// Why the last message was refused.
public struct SessionError: Hashable, Sendable, Codable {
    public var message: String
    /// `worker_not_found` if the worker is to register; absent where programs need not tell.
    public var code: ErrorCode?

    public init(_ message: String, code: ErrorCode? = nil) {
        self.message = message
        self.code = code
    }
}
