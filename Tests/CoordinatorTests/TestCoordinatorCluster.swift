import ClusterAPI
import Coordinator
import Logging
import RaftCore
import RaftStorage
import RaftTestSupport
import Synchronization

/// Three coordinators in one process, each with a disk directory and a doorway through which the others reach it.
final class TestCoordinatorCluster: Sendable {
    /// Where each member is reached: those that the cluster begins with, then the newcomers.
    private let doorways: Mutex<[Doorway]>
    private let directories: Mutex<[TemporaryDirectory]>
    private let genesis: Genesis
    private let adjust: @Sendable (inout CoordinatorConfiguration) -> Void
    private let coordinators = Mutex<[NodeID: TestCoordinator]>([:])

    private init(scheme: String, _ adjust: @escaping @Sendable (inout CoordinatorConfiguration) -> Void) async throws {
        self.adjust = adjust
        var doorways: [Doorway] = []
        for _ in 0..<3 { doorways.append(try await Doorway.open()) }
        self.doorways = Mutex(doorways)
        self.directories = Mutex(try doorways.map { _ in try TemporaryDirectory() })
        self.genesis = try Genesis(peers: try doorways.map { try PeerAddress("\(scheme)://127.0.0.1:\($0.port)") })
    }

    /// Runs `body` against three members of which one leads.
    static func run(
        scheme: String = "http",
        adjust: @escaping @Sendable (inout CoordinatorConfiguration) -> Void = { _ in },
        _ body: (TestCoordinatorCluster) async throws -> Void
    ) async throws {
        let cluster = try await TestCoordinatorCluster(scheme: scheme, adjust)
        let result: Result<Void, any Error>
        do {
            for member in cluster.members { try await cluster.start(member) }
            if scheme == "http" { _ = try await cluster.leader() }
            try await body(cluster)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for coordinator in cluster.coordinators.withLock({ $0 }).values { await coordinator.stop() }
        for doorway in cluster.doorways.withLock({ $0 }) { await doorway.close() }
        try result.get()
    }

    var members: [NodeID] { self.genesis.membership.futureVoters }
    var running: [NodeID: TestCoordinator] { self.coordinators.withLock { $0 } }

    func start(_ member: NodeID) async throws {
        let coordinator = try await self.start(in: Int(member.rawValue) - 1, as: .genesis(self.genesis, member: member))
        self.coordinators.withLock { $0[member] = coordinator }
    }

    /// Gets a place ready for a coordinator that is not of those the cluster begins with.
    func newPlace() async throws -> Int {
        let doorway = try await Doorway.open()
        let directory = try TemporaryDirectory()
        self.directories.withLock { $0.append(directory) }
        return self.doorways.withLock { doorways in
            doorways.append(doorway)
            return doorways.count - 1
        }
    }

    func address(of place: Int) throws -> PeerAddress {
        try PeerAddress("127.0.0.1:\(self.doorways.withLock { $0[place].port })")
    }

    /// Starts a coordinator that asks the running ones to be taken in; it is `member` from then on.
    func join(
        in place: Int,
        votes: Bool = true,
        replacing replaced: NodeID? = nil,
        as member: NodeID
    ) async throws {
        let joining = Joining(
            coordinators: try self.running.values.map { try PeerAddress("127.0.0.1:\($0.port)") },
            address: try self.address(of: place),
            votes: votes,
            replaces: replaced
        )
        let coordinator = try await self.start(in: place, as: .joining(joining))
        self.coordinators.withLock { $0[member] = coordinator }
    }

    private func start(in place: Int, as origin: Origin) async throws -> TestCoordinator {
        let directory = self.directories.withLock { $0[place] }
        var configuration = CoordinatorConfiguration(
            bind: "127.0.0.1",
            port: 0,
            apiKey: TestCoordinator.key,
            origin: origin,
            isClustered: true,
            dataDirectory: directory.path,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        // Tests run side by side in a debug build.
        configuration.raft.electionTimeoutMin = .milliseconds(600)
        configuration.raft.electionTimeoutMax = .milliseconds(1_200)
        self.adjust(&configuration)
        let coordinator = try await TestCoordinator.start(configuration, in: directory)
        self.doorways.withLock { $0[place] }.lead(to: coordinator.port)
        return coordinator
    }

    /// Cuts the member off, then ends it.
    func stop(_ member: NodeID) async {
        self.doorways.withLock { $0[Int(member.rawValue) - 1] }.shut()
        await self.coordinators.withLock { $0.removeValue(forKey: member) }?.stop()
    }

    /// Takes a member's disk away and gives it an empty one.
    func wipe(_ member: NodeID) throws {
        let directory = try TemporaryDirectory()
        self.directories.withLock { $0[Int(member.rawValue) - 1] = directory }
    }

    /// The others get no word to the member any more, and no answer from it.
    func mute(_ member: NodeID) { self.doorways.withLock { $0[Int(member.rawValue) - 1] }.mute() }

    struct NoLeader: Error {}

    /// The member that leads in the eyes of all that run.
    func leader() async throws -> NodeID {
        var found: NodeID?
        _ = try await eventually(within: .seconds(30)) {
            var views: [UInt32?] = []
            for coordinator in self.running.values {
                let status = try await coordinator.get("\(TestCoordinator.prefix)/raft").decoded(RaftStatus.self)
                views.append(status.leaderID)
            }
            guard let leader = views.first ?? nil, views.allSatisfy({ $0 == leader }) else { return false }
            found = NodeID(leader)
            return self.running[NodeID(leader)] != nil
        }
        guard let found else { throw NoLeader() }
        return found
    }

    func follower(of leader: NodeID) throws -> TestCoordinator {
        guard let follower = self.running.first(where: { $0.key != leader })?.value else { throw NoLeader() }
        return follower
    }
}
