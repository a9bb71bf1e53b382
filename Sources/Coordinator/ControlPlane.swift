import ClusterAPI
import ClusterState
import HTTPTypes
import Logging
import NIOCore
import Raft
import RaftCore
import Synchronization

/// The coordinator's own part of the work, shared by its routes and loops: access to the replicated state, and what
/// is known of the workers besides it.
final class ControlPlane: Sendable {
    let node: RaftNode<ClusterMachine>
    let reports: WorkerReports
    let workers: WorkerClient
    let relay = HeartbeatRelay()
    let lastSweep = LastSweep()
    let secrets: ConnectorSecrets
    let configuration: CoordinatorConfiguration
    let logger: Logger
    /// Wakes the reconciler before its time.
    let attention: Attention

    static let proposalTimeout = Duration.seconds(5)
    static let readTimeout = Duration.seconds(2)

    init(
        node: RaftNode<ClusterMachine>,
        workers: WorkerClient,
        secrets: ConnectorSecrets,
        configuration: CoordinatorConfiguration
    ) {
        self.node = node
        self.reports = WorkerReports()
        self.workers = workers
        self.secrets = secrets
        self.configuration = configuration
        self.logger = configuration.logger
        self.attention = Attention()
    }

    var isLeader: Bool { self.node.status.consensus.role == .leader }

    /// The state with everything acknowledged so far in it. Throws `TryAgain` if this member does not lead.
    func state() async throws -> ClusterState {
        do throws(ReadError) {
            return try await self.node.read(timeout: Self.readTimeout).machine.state
        } catch {
            throw TryAgain()
        }
    }

    /// Puts a command into the log and waits until it is applied. Throws `TryAgain` if it certainly is in no log.
    func propose(_ command: Command) async throws -> StateResponse {
        let result: Result<ClusterMachine.Outcome, ProposalError>
        do throws(ProposalError) {
            result = .success(try await self.node.propose(command.encoded(), timeout: Self.proposalTimeout))
        } catch {
            result = .failure(error)
        }
        return try self.settle(command, result)
    }

    /// What the end of a proposal means to whoever asked for it; see `propose`.
    func settle(_ command: Command, _ result: Result<ClusterMachine.Outcome, ProposalError>) throws -> StateResponse {
        switch result {
        case .success(.answered(let response)):
            if command.concernsPlacements { self.attention.call() }
            return response
        case .success(.undecodable(let failure)):
            self.logger.critical("a command of this version is not understood", metadata: ["why": "\(failure)"])
            throw APIError.unexpected
        case .failure(.notAccepted):
            throw TryAgain()
        case .failure(.overloaded):
            throw APIError(.serviceUnavailable, .overloaded, "Too many writes are waiting", retryAfterSeconds: 1)
        case .failure(.tooLarge):
            throw APIError(.contentTooLarge, "What the request asks for does not fit one entry of the log")
        case .failure(.outcomeUnknown):
            throw APIError.outcomeUnknown
        case .failure(.changeRefused):
            throw APIError.unexpected  // commands change no membership
        }
    }
}

extension Command {
    /// Whether the reconciler may have something to do afterwards. What connectors there are starts and stops nothing.
    fileprivate var concernsPlacements: Bool {
        switch self {
        case .putConnector, .deleteConnector: false
        default: true
        }
    }
}

/// What the last pass over the workers found.
final class LastSweep: Sendable {
    private let stored = Mutex<Health.Sweep?>(nil)
    var value: Health.Sweep? {
        get { self.stored.withLock { $0 } }
        set { self.stored.withLock { $0 = newValue } }
    }
}
