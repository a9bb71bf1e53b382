import Logging
import NIOCore
import NIOPosix
import Raft
import RaftCore
import RaftStorage
import RaftTestSupport
import RaftTransport
import Synchronization

/// Members in one process, each with a disk directory and a port of its own. Members stop and start again.
final class TestCluster: Sendable {
    typealias Node = RaftNode<AppendList>

    let listeners: [PeerListener]
    private let directories: [TemporaryDirectory]
    private let genesis: Genesis
    private let settings: Settings
    private let nodes = Mutex<[NodeID: Node]>([:])

    /// `patience`: the shortest election timeout. Tests run side by side in a debug build, so it is longer than the
    /// product's: what is tested here is not how members behave on a machine that is too busy.
    init(size: Int, patience: Duration = .seconds(1)) async throws {
        self.settings = {
            var settings = Settings()
            settings.electionTimeoutMin = patience
            settings.electionTimeoutMax = patience * 2
            return settings
        }()
        var listeners: [PeerListener] = []
        for _ in 0..<size { listeners.append(try await PeerListener.open()) }
        self.listeners = listeners
        self.directories = try (0..<size).map { _ in try TemporaryDirectory() }
        self.genesis = try Genesis(peers: listeners.map(\.address))
    }

    /// With every member started.
    static func started(size: Int, patience: Duration = .seconds(1)) async throws -> TestCluster {
        let cluster = try await TestCluster(size: size, patience: patience)
        for member in cluster.members { try await cluster.start(member) }
        return cluster
    }

    var members: [NodeID] { self.genesis.membership.futureVoters }
    var running: [Node] { self.nodes.withLock { $0.sorted { $0.key < $1.key }.map(\.value) } }

    func node(_ member: NodeID) -> Node? { self.nodes.withLock { $0[member] } }

    @discardableResult
    func start(_ member: NodeID, machine: AppendList = AppendList()) async throws -> Node {
        let place = Int(member.rawValue) - 1
        let database = try RaftDatabase(
            directory: self.directories[place].path,
            member: member,
            of: self.genesis,
            mapBytes: 1 << 28
        )
        let recovered = try database.recover()
        var addresses: [NodeID: PeerAddress] = [:]
        for other in self.members where other != member {
            addresses[other] = self.listeners[Int(other.rawValue) - 1].address
        }
        let identity = PeerIdentity(
            cluster: self.genesis.cluster,
            node: member,
            incarnation: database.incarnation,
            key: Array("key".utf8)
        )
        let node = try await Node.start(
            RaftConfiguration(
                identity: identity,
                addresses: addresses,
                settings: self.settings,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ),
            machine: machine,
            database: database,
            recovered: recovered,
            on: MultiThreadedEventLoopGroup.singleton.next(),
            call: { call in
                call.answer(ByteBuffer(string: "\(member) to \(call.from): \(String(buffer: call.body))"))
            }
        )
        self.nodes.withLock { $0[member] = node }
        self.listeners[place].serve(node.transport)
        return node
    }

    func stop(_ member: NodeID) async {
        let listener = self.listeners[Int(member.rawValue) - 1]
        listener.serve(nil)
        await self.nodes.withLock { $0.removeValue(forKey: member) }?.shutdown()
        listener.cut()
    }

    func stopAll() async {
        for member in self.members { await self.stop(member) }
        for listener in self.listeners { await listener.close() }
    }

    /// The running member that leads, once there is one that has committed something of its own term.
    func leader() async throws -> Node? {
        var found: Node?
        _ = try await eventually(within: .seconds(20)) {
            for node in self.running where node.status.consensus.role == .leader {
                do {
                    _ = try await node.read(timeout: .seconds(1))
                    found = node
                    return true
                } catch is ReadError {
                    continue
                }
            }
            return false
        }
        return found
    }

    /// Proposes at whichever member leads until the command is acknowledged. A command whose outcome is unknown is not
    /// repeated: nil says that it may be in the log or not.
    func append(_ text: String) async throws -> Int? {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            for node in self.running {
                do throws(ProposalError) {
                    return try await node.propose(Array(text.utf8), timeout: .seconds(5))
                } catch {
                    if error == .outcomeUnknown { return nil }
                }
            }
            await Task.yield()
        }
        return nil
    }

    /// Whether all running members come to hold the same list.
    func agrees(on items: [String]) async -> Bool {
        await eventually {
            for node in self.running where await node.local().machine.items != items { return false }
            return true
        }
    }
}
