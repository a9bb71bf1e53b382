public import Engine
public import Logging
import NIOCore
public import Security

/// What a worker needs to know before it starts.
public struct WorkerConfiguration: Sendable {
    /// An IP address. Anything but loopback needs an API key.
    public var bind: String
    /// 0 for any that is free.
    public var port: Int
    /// Shown by callers in `x-api-key`: coordinators are told it when the worker registers.
    public var apiKey: String?
    /// Shown by this worker to its coordinators; nil for the same as `apiKey`.
    public var coordinatorKey: String?
    /// Certificates, read again on SIGHUP. With one of its own, the worker speaks TLS.
    public var tls = TLSFiles()
    /// Requests a second that each client address may make to change something, and twice as many at once.
    public var rateLimit: Int?
    /// How slowly requests may come in.
    public var requestLimits = RequestLimits()
    /// Base URLs of coordinators; empty for a worker on its own.
    public var coordinators: [String] = []
    /// Nil for one that is drawn, and kept in the state directory where there is one.
    public var workerID: String?
    /// The base URL under which coordinators reach this worker; nil for the address it listens on.
    public var advertiseAddress: String?
    /// Where pipelines are kept over a restart; nil to forget them.
    public var stateDirectory: String?
    /// The folder in which programs may write files.
    public var workDirectory = "."
    /// Takes the events that could not be delivered; nil for `varpulis-dlq.jsonl` in that folder.
    public var deadLetterFile: String?
    /// The beginning of the client ids under which pipelines are known to brokers.
    public var clientIDPrefix = "varpulis"
    public var pipelinesMax = 100
    /// What operators may ask for when they place pipelines.
    public var labels: [String: String] = [:]
    /// The most that a pipeline may use of one processor.
    public var pipelineShareMax = 1.0
    /// The most that a pipeline may hold in memory; one that holds more is stopped.
    public var pipelineBytesMax = 1 << 30
    /// What a stream of a pipeline may hold in memory, and what happens when it holds that.
    public var streamBudget = StateBudget(bytesPerStream: 512 << 20)
    /// Where metrics are served besides the API's own port; nil for there only.
    public var metricsPort: Int?
    /// How long a worker that is told to end waits for its pipelines to be moved elsewhere.
    public var drainTimeout: Duration = .seconds(10)
    /// How long a deploy waits for its pipeline to run before it answers with the status as it is then.
    public var deployWait: Duration = .seconds(3)
    public var logger: Logger

    public init(bind: String = "127.0.0.1", port: Int = 9000, logger: Logger) {
        self.bind = bind
        self.port = port
        self.logger = logger
    }
}

/// A configuration that cannot work, as a sentence for the one who wrote it.
public struct WorkerConfigurationError: Error, CustomStringConvertible {
    public let description: String
}

extension WorkerConfiguration {
    /// Refuses what would be unsafe or could not work.
    public func validate() throws(WorkerConfigurationError) {
        guard (0...65_535).contains(self.port) else {
            throw WorkerConfigurationError(description: "There is no port \(self.port).")
        }
        if let metricsPort, !(0...65_535).contains(metricsPort) {
            throw WorkerConfigurationError(description: "There is no port \(metricsPort).")
        }
        guard let isLoopback = Self.isLoopback(self.bind) else {
            throw WorkerConfigurationError(description: "--bind takes an IP address, not a name: \(self.bind)")
        }
        if let apiKey = self.apiKey {
            guard !apiKey.isEmpty else { throw WorkerConfigurationError(description: "The API key is empty.") }
        } else if !isLoopback {
            throw WorkerConfigurationError(
                description: "Without --api-key a worker listens on loopback only. Give it a key, or --bind 127.0.0.1."
            )
        }
        do throws(FileError) { try self.tls.validate() } catch {
            throw WorkerConfigurationError(description: error.description)
        }
        for url in self.coordinators + [self.advertiseAddress].compactMap({ $0 })
        where !url.hasPrefix("http://") && !url.hasPrefix("https://") {
            throw WorkerConfigurationError(description: "Not an http or https address: \(url)")
        }
        if let workerID = self.workerID, !Identifier.isValid(workerID) {
            throw WorkerConfigurationError(
                description: "A worker's id is 1 to 128 of A-Z a-z 0-9 . _ -, not \(workerID)."
            )
        }
    }

    /// Nil for a text that is no IP address.
    private static func isLoopback(_ text: String) -> Bool? {
        guard let address = try? SocketAddress(ipAddress: text, port: 0) else { return nil }  // nil says it all
        switch address {
        case .v4: return text.hasPrefix("127.")
        case .v6: return text == "::1"
        case .unixDomainSocket: return nil
        }
    }
}
