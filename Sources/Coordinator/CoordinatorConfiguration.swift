public import Logging
public import Raft
public import RaftCore
public import RaftStorage
public import Security

/// How a coordinator comes to its cluster.
public enum Origin: Sendable {
    /// As one of the members that the cluster begins with, in the order that numbers them.
    case genesis(Genesis, member: NodeID)
    /// As one that the cluster takes in, unless it has done so already.
    case joining(Joining)
}

/// How a coordinator is set up.
public struct CoordinatorConfiguration: Sendable {
    public var bind: String
    public var port: Int
    /// Protects everything but the probes. Without it the coordinator may listen on loopback only.
    public var apiKey: String?
    /// A file of further keys with their roles, read again on SIGHUP.
    public var keyFile: String?
    /// Certificates, read again on SIGHUP. With one of its own, the coordinator and all its peers speak TLS.
    public var tls = TLSFiles()
    /// Requests a second that each client address may make to change something, and twice as many at once.
    public var rateLimit: Int?
    /// How slowly requests may come in.
    public var requestLimits = RequestLimits()
    /// How often workers are asked to report.
    public var heartbeatInterval: Duration = .seconds(5)
    /// A worker silent for longer is unhealthy.
    public var heartbeatTimeout: Duration = .seconds(15)
    public var origin: Origin
    /// Whether `--raft` was given: a cluster of one is otherwise an implementation detail that the API does not show.
    public var isClustered: Bool
    public var dataDirectory: String
    public var raft = Settings()
    /// How much may be under way at once.
    public var limits = RaftConfiguration.Limits()
    public var logger: Logger

    public init(
        bind: String,
        port: Int,
        apiKey: String?,
        origin: Origin,
        isClustered: Bool,
        dataDirectory: String,
        logger: Logger
    ) {
        self.bind = bind
        self.port = port
        self.apiKey = apiKey
        self.origin = origin
        self.isClustered = isClustered
        self.dataDirectory = dataDirectory
        self.logger = logger
    }
}
