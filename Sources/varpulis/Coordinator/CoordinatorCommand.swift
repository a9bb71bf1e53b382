import ArgumentParser
import Coordinator
import Logging
import RaftCore
import RaftStorage

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

            Without --raft it is a cluster of one. Without --api-key it listens on loopback only.
            """
    )

    @Option(name: [.short, .long], help: "The port for everything: HTTP and other coordinators.")
    var port = 9_100
    @Option(help: "The IP address to listen on.")
    var bind = "127.0.0.1"
    @Option(help: "The key that clients, workers and coordinators show (or VARPULIS_API_KEY).")
    var apiKey: String?
    @Option(help: "Seconds between a worker's heartbeats (or VARPULIS_HEARTBEAT_INTERVAL; default 5).")
    var heartbeatInterval: Int?
    @Option(help: "Seconds of silence after which a worker is unhealthy (or VARPULIS_HEARTBEAT_TIMEOUT; default 15).")
    var heartbeatTimeout: Int?

    @Flag(help: "Take part in a cluster of coordinators (or VARPULIS_RAFT=true).")
    var raft = false
    @Option(help: "This coordinator's place in --raft-peers, from 1 (or VARPULIS_RAFT_NODE_ID).")
    var raftNodeID: Int?
    @Option(help: "All coordinators, this one included, separated by commas (or VARPULIS_RAFT_PEERS).")
    var raftPeers: String?
    @Option(help: "Where the replicated state is kept (or VARPULIS_RAFT_DATA_DIR; default ./varpulis-data).")
    var raftDataDir: String?
    @Option(help: "Tells apart two clusters with the same peers.")
    var raftClusterName = ""
    @Option(help: "Milliseconds between a leader's heartbeats.")
    var raftHeartbeat = 50
    @Option(help: "Milliseconds of a leader's silence, at least, before an election.")
    var raftElectionMin = 300
    @Option(help: "Milliseconds of a leader's silence, at most, before an election.")
    var raftElectionMax = 600
    @Option(help: "How much to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    func run() async throws {
        let configuration = try self.makeConfiguration()
        configuration.logger.info(
            "coordinator",
            metadata: [
                "node": "\(configuration.node)", "of": "\(configuration.genesis.peers.count)",
                "data": "\(configuration.dataDirectory)", "cluster": "\(configuration.genesis.cluster)",
            ]
        )
        try await CoordinatorServer.run(configuration)
    }

    private func makeConfiguration() throws -> CoordinatorConfiguration {
        guard let level = Logger.Level(rawValue: self.logLevel) else {
            throw ValidationError("--log-level is not a level: \(self.logLevel)")
        }
        var logger = Logger(label: "varpulis.coordinator") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        let key = self.apiKey ?? ProcessEnvironment["VARPULIS_API_KEY"]
        if key == "" { throw ValidationError("The API key is empty.") }
        guard let address = IPAddress(self.bind) else {
            throw ValidationError("--bind takes an IP address, not a name: \(self.bind)")
        }
        if key == nil && !address.isLoopback {
            throw ValidationError(
                "Without --api-key a coordinator listens on loopback only. Give it a key, or --bind 127.0.0.1."
            )
        }
        let isClustered = self.raft || ProcessEnvironment["VARPULIS_RAFT"] == "true"
        let members = try isClustered ? self.clusterMembers() : self.soleMember()
        var configuration = CoordinatorConfiguration(
            bind: self.bind,
            port: self.port,
            apiKey: key,
            genesis: members.genesis,
            node: members.node,
            isClustered: isClustered,
            dataDirectory: self.dataDirectory(members.node, isClustered),
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
        return settings
    }

    private func clusterMembers() throws -> (genesis: Genesis, node: NodeID) {
        guard let list = self.raftPeers ?? ProcessEnvironment["VARPULIS_RAFT_PEERS"] else {
            throw ValidationError("--raft needs --raft-peers: the addresses of all coordinators.")
        }
        let number = self.raftNodeID ?? ProcessEnvironment["VARPULIS_RAFT_NODE_ID"].flatMap { Int($0) }
        guard let number else {
            throw ValidationError("--raft needs --raft-node-id: the place of this coordinator in --raft-peers, from 1.")
        }
        let peers = try list.split(separator: ",").map { part in
            do { return try PeerAddress(part.trimmingPrefix(while: \.isWhitespace).description) } catch {
                throw ValidationError("\(error)")
            }
        }
        guard (1...max(1, peers.count)).contains(number), !peers.isEmpty else {
            throw ValidationError("--raft-node-id \(number) has no place in --raft-peers, which has \(peers.count).")
        }
        do {
            return (try Genesis(peers: peers, name: self.raftClusterName), NodeID(UInt32(number)))
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private func soleMember() throws -> (genesis: Genesis, node: NodeID) {
        if self.raftNodeID != nil || self.raftPeers != nil {
            throw ValidationError("--raft-node-id and --raft-peers are for clusters: add --raft.")
        }
        // Its address is nobody's business, and may change from start to start.
        return (try Genesis(peers: [PeerAddress("sole-member:1")], name: self.raftClusterName), NodeID(1))
    }

    /// Several members may share the directory on one machine, so each has its own below it.
    private func dataDirectory(_ node: NodeID, _ isClustered: Bool) -> String {
        let base = self.raftDataDir ?? ProcessEnvironment["VARPULIS_RAFT_DATA_DIR"] ?? "./varpulis-data"
        return isClustered ? "\(base)/node-\(node)" : "\(base)/sole"
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
