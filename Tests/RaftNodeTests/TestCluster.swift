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

    /// Where a member lives, while it runs and while it does not.
    private struct Seat {
        let listener: PeerListener
        var directory: TemporaryDirectory
        var node: Node?
    }

    private let genesis: Genesis
    private let settings: Settings
    private let seats: Mutex<[NodeID: Seat]>
    private let log = LogCapture()

    /// `patience`: the shortest election timeout. Tests run side by side in a debug build, so it is longer than the
    /// product's: what is tested here is not how members behave on a machine that is too busy.
    init(
        size: Int,
        patience: Duration = .seconds(1),
        configure: (inout Settings) -> Void = { _ in }
    ) async throws {
        var settings = Settings()
        settings.electionTimeoutMin = patience
        settings.electionTimeoutMax = patience * 2
        settings.diskPatience = .seconds(30)  // they share one disk
        configure(&settings)
        self.settings = settings
        var seats: [NodeID: Seat] = [:]
        for place in 1...size {
            let seat = Seat(listener: try await PeerListener.open(), directory: try TemporaryDirectory())
            seats[NodeID(UInt32(place))] = seat
        }
        self.genesis = try Genesis(peers: seats.sorted { $0.key < $1.key }.map(\.value.listener.address))
        self.seats = Mutex(seats)
    }

    /// With every member started.
    static func started(
        size: Int,
        patience: Duration = .seconds(1),
        configure: (inout Settings) -> Void = { _ in }
    ) async throws -> TestCluster {
        let cluster = try await TestCluster(size: size, patience: patience, configure: configure)
        for member in cluster.members { try await cluster.start(member) }
        return cluster
    }

    /// The members the cluster began with.
    var members: [NodeID] { self.genesis.membership.futureVoters }
    var running: [Node] {
        self.seats.withLock { seats in seats.sorted { $0.key < $1.key }.compactMap(\.value.node) }
    }

    func node(_ member: NodeID) -> Node? { self.seats.withLock { $0[member]?.node } }
    func listener(_ member: NodeID) -> PeerListener? { self.seats.withLock { $0[member]?.listener } }

    /// What the members logged, at `warning` and above.
    var complaints: [String] { self.log.lines }

    /// An address and a disk for a member that is to join.
    func prepare(_ member: NodeID) async throws -> PeerAddress {
        let seat = Seat(listener: try await PeerListener.open(), directory: try TemporaryDirectory())
        self.seats.withLock { $0[member] = seat }
        return seat.listener.address
    }

    /// Takes a member's disk away and gives it an empty one.
    func wipe(_ member: NodeID) throws {
        let directory = try TemporaryDirectory()
        self.seats.withLock { $0[member]?.directory = directory }
    }

    @discardableResult
    func start(
        _ member: NodeID,
        machine: AppendList = AppendList(),
        patience: Duration? = nil,
        limits: (inout RaftConfiguration.Limits) -> Void = { _ in }
    ) async throws -> Node {
        guard let seat = self.seats.withLock({ $0[member] }) else { throw NoSeat() }
        let database = try self.open(member, seat.directory.path)
        let recovered = try database.recover()
        let identity = PeerIdentity(
            cluster: self.genesis.cluster,
            node: member,
            incarnation: database.incarnation,
            key: Array("key".utf8)
        )
        var configuration = RaftConfiguration(
            identity: identity,
            addresses: [:],
            settings: self.settings,
            logger: self.log.logger
        )
        limits(&configuration.limits)
        if let patience {
            configuration.settings.electionTimeoutMin = patience
            configuration.settings.electionTimeoutMax = patience * 2
        }
        let node = try await Node.start(
            configuration,
            machine: machine,
            database: database,
            recovered: recovered,
            on: MultiThreadedEventLoopGroup.singleton.next(),
            call: { call in
                call.answer(ByteBuffer(string: "\(member) to \(call.from): \(String(buffer: call.body))"))
            }
        )
        self.seats.withLock { $0[member]?.node = node }
        seat.listener.serve(node.transport)
        return node
    }

    private struct NoSeat: Error {}

    private func open(_ member: NodeID, _ directory: String) throws -> RaftDatabase {
        if self.genesis.membership.isVoter(member) {
            return try RaftDatabase(
                directory: directory,
                member: member,
                of: self.genesis,
                mapBytes: 1 << 28,
                snapshotMapBytes: 1 << 28
            )
        }
        return try RaftDatabase(
            directory: directory,
            member: member,
            joining: self.genesis.cluster,
            mapBytes: 1 << 28,
            snapshotMapBytes: 1 << 28
        )
    }

    func stop(_ member: NodeID, handingOver: Bool = false) async {
        let (listener, node) = self.seats.withLock { seats in
            defer { seats[member]?.node = nil }
            return (seats[member]?.listener, seats[member]?.node)
        }
        if !handingOver { listener?.serve(nil) }
        await node?.shutdown(handingOver: handingOver)
        listener?.serve(nil)
        listener?.cut()
    }

    func stopAll() async {
        let seats = self.seats.withLock { $0 }
        for member in seats.keys { await self.stop(member) }
        for seat in seats.values { await seat.listener.close() }
    }

    /// The running member that leads, once there is one that has committed something of its own term.
    func leader() async throws -> Node? {
        var found: Node?
        _ = try await eventually(within: .seconds(60)) {
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

    /// Whether the leader comes to see that it has not heard from that member for a while: it cuts its log without
    /// regard for it from then on.
    func misses(_ member: NodeID) async throws -> Bool {
        guard let leader = try await self.leader() else { return false }
        return await eventually {
            let follower = leader.status.consensus.followers.first { $0.id == member }
            let silence = NIODeadline.now().uptimeNanoseconds - (follower?.lastReply.nanoseconds ?? 0)
            return .nanoseconds(Int64(silence)) > self.settings.electionTimeoutMax
        }
    }

    /// Proposes at whichever member leads until the command is acknowledged. A command whose outcome is unknown is not
    /// repeated: nil says that it may be in the log or not.
    func append(_ text: String) async throws -> Int? {
        let deadline = ContinuousClock.now + .seconds(60)
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
