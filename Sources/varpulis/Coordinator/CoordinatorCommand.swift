import ArgumentParser
import Coordinator
import Logging
import RaftCore
import RaftStorage
import Security
import SecurityFlags

/// `varpulis coordinator`: one member of the control plane.
struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Run a coordinator: a member of the control plane.",
        discussion: """
            Three coordinators survive the loss of one. Start each with the same --raft-peers and its own \
            --raft-node-id, its place in that list:

              varpulis coordinator --port 9100 --raft --raft-node-id 1 \\
                --raft-peers http://10.0.0.1:9100,http://10.0.0.2:9100,http://10.0.0.3:9100 \\
                --bind 10.0.0.1 --api-key KEY --raft-data-dir /var/lib/varpulis

            A further one joins a running cluster, with an empty directory; it may be started with the same flags \
            ever after. With --replace it takes the place of a coordinator whose disk is lost:

              varpulis coordinator --join http://10.0.0.1:9100,http://10.0.0.2:9100 \\
                --bind 10.0.0.4 --api-key KEY --data-dir /var/lib/varpulis

            Without --raft or --join it is a cluster of one. Without --api-key it listens on loopback only.

            Told to end (SIGTERM), a leader first hands over. Exit codes: 0 told to end, 1 failure, 2 wrong usage, \
            70 an internal promise is broken, 74 the disk failed, 78 the cluster does not take it in, or no longer \
            does: what to do then is said.
            """
    )

    @Option(name: [.short, .long], help: "The port for everything: HTTP and other coordinators.")
    var port = 9_100
    @Option(help: "The IP address to listen on.")
    var bind = "127.0.0.1"
    @Option(help: "The key that clients, workers and coordinators show (or VARPULIS_API_KEY).")
    var apiKey: String?
    @Option(help: "A file with that key in it, which keeps it out of the process list (or VARPULIS_API_KEY_FILE).")
    var apiKeyFile: String?
    @Option(
        help: """
            A file of further keys with roles, {"keys": [{"key", "role", "name"}]} (or VARPULIS_API_KEYS). Without \
            --api-key its first key of the role admin takes that one's place. Read again on SIGHUP.
            """
    )
    var apiKeys: String?
    @OptionGroup(title: "TLS") var tls: TLSServerOptions
    @Option(
        help: """
            Requests a second that each client address may make to change something, and twice as many at once; 0 for \
            no limit (or VARPULIS_COORDINATOR_RATE_LIMIT).
            """
    )
    var rateLimit: Int?
    @Option(help: "Seconds between a worker's heartbeats (or VARPULIS_HEARTBEAT_INTERVAL; default 5).")
    var heartbeatInterval: Int?
    @Option(help: "Seconds of silence after which a worker is unhealthy (or VARPULIS_HEARTBEAT_TIMEOUT; default 15).")
    var heartbeatTimeout: Int?

    @OptionGroup var scaling: ScalingOptions

    @Flag(help: "Take part in a cluster of coordinators (or VARPULIS_RAFT=true).")
    var raft = false
    @Option(help: "This coordinator's place in --raft-peers, from 1 (or VARPULIS_RAFT_NODE_ID).")
    var raftNodeID: Int?
    @Option(help: "All coordinators, this one included, separated by commas (or VARPULIS_RAFT_PEERS).")
    var raftPeers: String?
    @Option(
        name: [.customLong("raft-data-dir"), .customLong("data-dir")],
        help: "Where the replicated state is kept (or VARPULIS_RAFT_DATA_DIR; default ./varpulis-data)."
    )
    var raftDataDir: String?
    @Option(
        help: ArgumentHelp(
            "Join the cluster of these coordinators (or VARPULIS_JOIN), unless the directory is of a member already.",
            valueName: "url[,url]"
        )
    )
    var join: String?
    @Option(help: "Where the others reach this one (default: what it listens on). With --join.")
    var advertise: String?
    @Flag(help: "Receive everything, and do not vote. With --join.")
    var learner = false
    @Option(help: "Take the place of that member, whose disk is lost. With --join.")
    var replace: UInt32?
    @Option(help: "Tells apart two clusters with the same peers.")
    var raftClusterName = ""
    @Option(help: "Milliseconds between a leader's heartbeats.")
    var raftHeartbeat = 50
    @Option(help: "Milliseconds of a leader's silence, at least, before an election.")
    var raftElectionMin = 300
    @Option(help: "Milliseconds of a leader's silence, at most, before an election.")
    var raftElectionMax = 600
    @Flag(
        help: """
            Let the leader answer reads with ?consistency=lease without asking the others. Trusts that clocks run at \
            rates within a tenth of each other; the same on all coordinators.
            """
    )
    var raftLeases = false
    @Option(help: "Bytes by which the log grows, at least, between snapshots.")
    var raftSnapshotBytes = Settings().snapshotWeight
    @Option(help: "How much to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    func run() async throws {
        let configuration = try self.makeConfiguration()
        configuration.logger.info(
            "coordinator",
            metadata: [
                "port": "\(configuration.port)", "data": "\(configuration.dataDirectory)",
            ]
        )
        do {
            try await CoordinatorServer.run(configuration)
        } catch let error where error is Expulsion || error is JoinError || error is FileError {
            StandardStream.error.write("Error: \(error)\n")
            throw ExitCode.misconfigured
        }
    }

    private func makeConfiguration() throws -> CoordinatorConfiguration {
        guard let level = Logger.Level(rawValue: self.logLevel) else {
            throw ValidationError("--log-level is not a level: \(self.logLevel)")
        }
        var logger = Logger(label: "varpulis.coordinator") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        let key = try APIKey.resolve(self.apiKey, file: self.apiKeyFile)
        let keyFile = self.apiKeys ?? ProcessEnvironment["VARPULIS_API_KEYS"]
        guard let address = IPAddress(self.bind) else {
            throw ValidationError("--bind takes an IP address, not a name: \(self.bind)")
        }
        if key == nil && keyFile == nil && !address.isLoopback {
            throw ValidationError(
                "Without --api-key a coordinator listens on loopback only. Give it a key, or --bind 127.0.0.1."
            )
        }
        let joinList = self.join ?? ProcessEnvironment["VARPULIS_JOIN"]
        let isClustered = self.raft || ProcessEnvironment["VARPULIS_RAFT"] == "true"
        let origin: Origin
        if let list = joinList {
            origin = .joining(try self.joining(list))
        } else {
            if self.advertise != nil || self.learner || self.replace != nil {
                throw ValidationError("--advertise, --learner and --replace go with --join.")
            }
            origin = try isClustered ? self.clusterMembers() : self.soleMember()
        }
        var configuration = CoordinatorConfiguration(
            bind: self.bind,
            port: self.port,
            apiKey: key,
            origin: origin,
            isClustered: isClustered || joinList != nil,
            dataDirectory: self.dataDirectory(origin, isClustered),
            logger: logger
        )
        configuration.heartbeatInterval = .seconds(
            try Self.seconds(self.heartbeatInterval, "VARPULIS_HEARTBEAT_INTERVAL", default: 5)
        )
        configuration.heartbeatTimeout = .seconds(
            try Self.seconds(self.heartbeatTimeout, "VARPULIS_HEARTBEAT_TIMEOUT", default: 15)
        )
        guard configuration.heartbeatTimeout > configuration.heartbeatInterval else {
            throw ValidationError("--heartbeat-timeout must be longer than --heartbeat-interval.")
        }
        configuration.raft = try self.timing()
        configuration.scaling = try self.scaling.policy
        configuration.keyFile = keyFile
        configuration.rateLimit = try RateLimit.resolve(self.rateLimit, variable: "VARPULIS_COORDINATOR_RATE_LIMIT")
        // Members show each other, and workers, what they show as servers.
        configuration.tls = self.tls.files
        configuration.tls.clientCertificate = configuration.tls.certificate
        configuration.tls.clientKey = configuration.tls.key
        do throws(FileError) { try configuration.validateTLS() } catch { throw ValidationError(error.description) }
        return configuration
    }

    private func timing() throws -> Settings {
        guard self.raftHeartbeat > 0, self.raftElectionMin > 2 * self.raftHeartbeat,
            self.raftElectionMax >= self.raftElectionMin
        else {
            throw ValidationError(
                "An election must take longer than two heartbeats: --raft-heartbeat \(self.raftHeartbeat), "
                    + "--raft-election-min \(self.raftElectionMin), --raft-election-max \(self.raftElectionMax)."
            )
        }
        var settings = Settings()
        settings.heartbeatInterval = .milliseconds(self.raftHeartbeat)
        settings.electionTimeoutMin = .milliseconds(self.raftElectionMin)
        settings.electionTimeoutMax = .milliseconds(self.raftElectionMax)
        guard self.raftSnapshotBytes > 0 else { throw ValidationError("--raft-snapshot-bytes must be positive.") }
        settings.snapshotWeight = self.raftSnapshotBytes
        settings.allowsLeases = self.raftLeases
        return settings
    }

    private func joining(_ list: String) throws -> Joining {
        if self.raftNodeID != nil || self.raftPeers != nil {
            throw ValidationError(
                "--raft-node-id and --raft-peers are for the coordinators that a cluster begins with; one that joins "
                    + "is told both. Leave them out, or leave --join out."
            )
        }
        if self.learner && self.replace != nil {
            throw ValidationError("Who takes a voter's place votes: --replace and --learner exclude each other.")
        }
        if self.advertise == nil && ["0.0.0.0", "::"].contains(self.bind) {
            throw ValidationError("Listening on every address, it needs --advertise: where the others reach it.")
        }
        let host = self.bind.contains(":") ? "[\(self.bind)]" : self.bind
        let scheme = self.tls.files.certificate == nil ? "http" : "https"
        let own = self.advertise ?? "\(scheme)://\(host):\(self.port)"
        guard let address = try Self.addresses(own, of: "--advertise").first else {
            throw ValidationError("--advertise has no address in it.")
        }
        return Joining(
            coordinators: try Self.addresses(list, of: "--join"),
            address: address,
            votes: !self.learner,
            replaces: self.replace.map { NodeID($0) }
        )
    }

    private func clusterMembers() throws -> Origin {
        guard let list = self.raftPeers ?? ProcessEnvironment["VARPULIS_RAFT_PEERS"] else {
            throw ValidationError("--raft needs --raft-peers: the addresses of all coordinators.")
        }
        let number = self.raftNodeID ?? ProcessEnvironment["VARPULIS_RAFT_NODE_ID"].flatMap { Int($0) }
        guard let number else {
            throw ValidationError("--raft needs --raft-node-id: the place of this coordinator in --raft-peers, from 1.")
        }
        let peers = try Self.addresses(list, of: "--raft-peers")
        guard (1...peers.count).contains(number) else {
            throw ValidationError("--raft-node-id \(number) has no place in --raft-peers, which has \(peers.count).")
        }
        do {
            return .genesis(try Genesis(peers: peers, name: self.raftClusterName), member: NodeID(UInt32(number)))
        } catch {
            throw ValidationError("\(error)")
        }
    }

    /// A list with commas in between.
    static func addresses(_ list: String, of flag: String) throws -> [PeerAddress] {
        let addresses = try list.split(separator: ",").map { part in
            do { return try PeerAddress(part.trimmingPrefix(while: \.isWhitespace).description) } catch {
                throw ValidationError("\(flag): \(error)")
            }
        }
        if addresses.isEmpty { throw ValidationError("\(flag) has no address in it.") }
        return addresses
    }

    private func soleMember() throws -> Origin {
        if self.raftNodeID != nil || self.raftPeers != nil {
            throw ValidationError("--raft-node-id and --raft-peers are for clusters: add --raft.")
        }
        // Its address is nobody's business, and may change from start to start.
        return .genesis(
            try Genesis(peers: [PeerAddress("sole-member:1")], name: self.raftClusterName),
            member: NodeID(1)
        )
    }

    /// Several members may share the directory on one machine, so each has its own below it.
    private func dataDirectory(_ origin: Origin, _ isClustered: Bool) -> String {
        let base = self.raftDataDir ?? ProcessEnvironment["VARPULIS_RAFT_DATA_DIR"] ?? "./varpulis-data"
        switch origin {
        case .genesis(_, let member): return isClustered ? "\(base)/node-\(member)" : "\(base)/sole"
        // Its number is still to come.
        case .joining: return "\(base)/member"
        }
    }

    private static func seconds(_ flag: Int?, _ variable: String, default fallback: Int) throws -> Int {
        let value =
            try flag
            ?? ProcessEnvironment[variable].map { text in
                guard let number = Int(text) else { throw ValidationError("\(variable) is not a number: \(text)") }
                return number
            }
        guard (value ?? fallback) > 0 else { throw ValidationError("Heartbeat times must be at least a second.") }
        return value ?? fallback
    }
}
