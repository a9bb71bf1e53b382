public import ArgumentParser
import Engine
import Foundation
import Logging
import Security
import SecurityFlags
import Worker

/// `varpulis server`: a worker, on its own or in a cluster.
public struct ServerCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "server",
        abstract: "Run a worker: a server that runs stream-processing programs.",
        discussion: """
            On its own it takes programs over HTTP. In a cluster it registers with the coordinators, which tell it what \
            to run; give it all of them, so that it finds another when one dies:

              varpulis server --port 9000 --bind 10.0.0.7 --api-key KEY --state-dir /var/lib/varpulis-worker \\
                --coordinator http://10.0.0.1:9100,http://10.0.0.2:9100,http://10.0.0.3:9100

            Without --api-key it listens on loopback only. Results of console sinks and .print go to standard output, \
            logs to standard error.
            """
    )

    @Option(name: [.short, .long], help: "The port to listen on; 0 for any that is free.")
    var port = 9_000
    @Option(help: "The IP address to listen on.")
    var bind = "127.0.0.1"
    @Option(help: "The key that callers show, and that this worker shows its coordinators (or VARPULIS_API_KEY).")
    var apiKey: String?
    @Option(help: "A file with that key in it, which keeps it out of the process list (or VARPULIS_API_KEY_FILE).")
    var apiKeyFile: String?
    @Option(
        help: """
            A file with the key that this worker shows its coordinators, if it is another one (or \
            VARPULIS_COORDINATOR_API_KEY_FILE, or the key itself in VARPULIS_COORDINATOR_API_KEY).
            """
    )
    var coordinatorAPIKeyFile: String?
    @OptionGroup(title: "TLS") var tls: TLSServerOptions
    @OptionGroup(title: "TLS") var tlsClient: TLSClientOptions
    @Option(
        help: """
            Requests a second that each client address may make to change something, and twice as many at once; 0 for \
            no limit (or VARPULIS_RATE_LIMIT).
            """
    )
    var rateLimit: Int?
    @Option(help: "All coordinators, separated by commas (or VARPULIS_COORDINATOR).")
    var coordinator: String?
    @Option(help: "This worker's name in the cluster (or VARPULIS_WORKER_ID; default: drawn, and kept in --state-dir).")
    var workerID: String?
    @Option(
        name: .customLong("label"),
        help: ArgumentHelp(
            """
            What groups may ask for, or spread over, such as zone=a; may be given several times (or VARPULIS_LABELS, \
            separated by commas).
            """,
            valueName: "key=value"
        )
    )
    var labels: [String] = []
    @Option(
        help: "The address under which coordinators reach this worker (or VARPULIS_ADVERTISE_ADDRESS; default: bind)."
    )
    var advertiseAddress: String?
    @Option(help: "Where pipelines are kept over a restart (or VARPULIS_STATE_DIR; default: they are not).")
    var stateDir: String?
    @Option(help: "The folder in which programs may write files.")
    var workdir = "."
    @Option(help: "Where events go that could not be delivered (default: varpulis-dlq.jsonl in --workdir).")
    var deadLetterFile: String?
    @Option(help: "The beginning of the client ids under which pipelines are known to brokers.")
    var clientIDPrefix = "varpulis"
    @Option(help: "How many pipelines it runs at most.")
    var maxPipelines = 100
    @Option(
        name: .customLong("pipeline-cpu-share"),
        help: """
            The most that one pipeline may use of a processor, from 0.01 to 1. Those that leave too little to others are \
            slowed down in any case.
            """
    )
    var pipelineCPUShare = 1.0
    @Option(help: "The most that one pipeline may hold in memory, in MiB; one that holds more is stopped.")
    var pipelineMemory = 1_024
    @OptionGroup var streamMemory: StreamMemoryOptions
    @Flag(help: "Serve metrics on a port of their own as well; /metrics has them in any case.")
    var metrics = false
    @Option(help: "That port.")
    var metricsPort = 9_090
    @Option(help: "Seconds that a worker that is told to end waits for its pipelines to be moved elsewhere; 0 not to.")
    var drainTimeout = 10
    @Option(help: "How much to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    public init() {}

    public func run() async throws {
        let configuration = try self.workerConfiguration()
        do { try await WorkerServer.run(configuration) } catch let error as FileError {
            FileHandle.standardError.write(Data("Error: \(error)\n".utf8))
            throw ExitCode(78)  // EX_CONFIG
        }
    }

    /// What the flags and the environment say, flags first.
    func workerConfiguration() throws(ValidationError) -> WorkerConfiguration {
        guard let level = Logger.Level(rawValue: self.logLevel) else {
            throw ValidationError("--log-level is not a level: \(self.logLevel)")
        }
        guard self.maxPipelines > 0 else { throw ValidationError("--max-pipelines is at least 1.") }
        var logger = Logger(label: "varpulis.worker") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        var configuration = WorkerConfiguration(bind: self.bind, port: self.port, logger: logger)
        let environment = ProcessInfo.processInfo.environment
        configuration.apiKey = try APIKey.resolve(self.apiKey, file: self.apiKeyFile)
        configuration.coordinatorKey = try APIKey.resolve(
            nil,
            file: self.coordinatorAPIKeyFile,
            name: "coordinator-api-key"
        )
        configuration.tls = self.tls.files
        self.tlsClient.complete(&configuration.tls)
        configuration.rateLimit = try RateLimit.resolve(self.rateLimit, variable: "VARPULIS_RATE_LIMIT")
        configuration.coordinators = (self.coordinator ?? environment["VARPULIS_COORDINATOR"] ?? "")
            .split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
        configuration.workerID = self.workerID ?? environment["VARPULIS_WORKER_ID"]
        configuration.labels = try Self.labels(
            self.labels.isEmpty
                ? (environment["VARPULIS_LABELS"] ?? "").split(separator: ",").map(String.init) : self.labels
        )
        configuration.advertiseAddress = self.advertiseAddress ?? environment["VARPULIS_ADVERTISE_ADDRESS"]
        configuration.stateDirectory = self.stateDir ?? environment["VARPULIS_STATE_DIR"]
        configuration.workDirectory = self.workdir
        configuration.deadLetterFile = self.deadLetterFile
        configuration.clientIDPrefix = self.clientIDPrefix
        configuration.pipelinesMax = self.maxPipelines
        guard (0.01...1).contains(self.pipelineCPUShare) else {
            throw ValidationError("--pipeline-cpu-share is from 0.01 to 1.")
        }
        guard (1...1 << 30).contains(self.pipelineMemory) else {
            throw ValidationError("--pipeline-memory is at least 1.")
        }
        configuration.pipelineShareMax = self.pipelineCPUShare
        configuration.pipelineBytesMax = self.pipelineMemory << 20
        configuration.streamBudget = self.streamMemory.budget(usual: configuration.streamBudget.bytesPerStream)
        configuration.metricsPort = self.metrics ? self.metricsPort : nil
        guard (0...86_400).contains(self.drainTimeout) else {
            throw ValidationError("--drain-timeout is 0 to 86400 seconds.")
        }
        configuration.drainTimeout = .seconds(self.drainTimeout)
        do throws(WorkerConfigurationError) {
            try configuration.validate()
        } catch {
            throw ValidationError(error.description)
        }
        return configuration
    }

    private static func labels(_ texts: [String]) throws(ValidationError) -> [String: String] {
        var labels: [String: String] = [:]
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = parts[0].trimmingCharacters(in: .whitespaces)
            guard parts.count == 2, !key.isEmpty else { throw ValidationError("--label is key=value, not \(text)") }
            guard labels.updateValue(parts[1].trimmingCharacters(in: .whitespaces), forKey: key) == nil else {
                throw ValidationError("--label \(key) is given twice.")
            }
        }
        return labels
    }
}
