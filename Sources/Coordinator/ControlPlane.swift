import ClusterAPI
import ClusterState
import HTTPTypes
import Logging
import NIOCore
import Raft
import RaftCore
import RaftSessions
import Synchronization

/// The coordinator's own part of the work, shared by its routes and loops: access to the replicated state, and what
/// is known of the workers besides it.
final class ControlPlane: Sendable {
    let node: RaftNode<ClusterMachine>
    let reports: WorkerReports
    let workers: WorkerClient
    let relay = HeartbeatRelay()
    let turns = ReplicaTurns()
    /// Placements that deploys under way have chosen workers for, and that may not be in the state yet.
    let placing = Atomic<UInt64>(0)
    let rates = EventRates()
    let troubles = StartTroubles()
    let progress = LastProgress()
    let telemetry = Telemetry()
    let sessions = SessionTable()
    let losses = SessionLosses()
    let lastSweep = LastSweep()
    let secrets: ConnectorSecrets
    let security: CoordinatorSecurity
    let configuration: CoordinatorConfiguration
    let logger: Logger
    /// Wakes the reconciler before its time.
    let attention: Attention

    /// Numbers the requests that this process brings to the leader.
    let session: ProcessSession

    static let proposalTimeout = Duration.seconds(5)
    static let readTimeout = Duration.seconds(2)

    init(
        node: RaftNode<ClusterMachine>,
        workers: WorkerClient,
        secrets: ConnectorSecrets,
        security: CoordinatorSecurity,
        configuration: CoordinatorConfiguration
    ) {
        self.node = node
        self.reports = WorkerReports()
        self.workers = workers
        self.secrets = secrets
        self.security = security
        self.configuration = configuration
        self.logger = configuration.logger
        self.attention = Attention()
        self.session = ProcessSession { () async throws -> SessionID in try await SessionOpening.ask(node) }
    }

    var isLeader: Bool { self.node.leadership.isOwn }
    var term: Term { self.node.status.consensus.term }

    /// The state with everything acknowledged so far in it. Throws what `ReadError.consequence` says if this member
    /// can't tell.
    func state(_ mode: ReadMode = .index) async throws -> ClusterState {
        do throws(ReadError) {
            return try await self.node.read(mode, timeout: Self.readTimeout).machine.state
        } catch {
            throw error.consequence
        }
    }

    /// Puts a command into the log and waits until it is applied: once, however often the request is tried.
    ///
    /// Throws `Unsettled` where the request may be tried again, and `Answered` where it need not be.
    /// - Parameter answer: kept with a named request, unless the command is refused.
    func propose(
        _ command: Command,
        for attempt: Attempt? = nil,
        answering answer: KeptAnswer? = nil
    ) async throws -> StateResponse {
        let submission = Submission(.command(command), token: attempt?.nextToken(), answer: answer)
        let receipt = try await self.submit(submission, for: attempt)
        return self.applied(receipt, concernsPlacements: command.concernsPlacements)
    }

    /// A command has been applied.
    func applied(_ receipt: Outcome.Receipt, concernsPlacements: Bool) -> StateResponse {
        if concernsPlacements { self.attention.call() }
        return receipt.response
    }

    func submit(_ submission: Submission, for attempt: Attempt?) async throws -> Outcome.Receipt {
        let timeout = try self.timeout(for: attempt)
        let result: Result<ClusterMachine.Response, ProposalError>
        do throws(ProposalError) {
            result = .success(try await self.node.propose(submission.encoded(), timeout: timeout))
        } catch {
            result = .failure(error)
        }
        return try self.settle(result, for: attempt)
    }

    /// How long to wait for a proposal.
    func timeout(for attempt: Attempt?) throws(Unsettled) -> Duration {
        var timeout = Self.proposalTimeout
        if let attempt { timeout = min(timeout, attempt.deadline - .now) }
        guard timeout > .zero else { throw .nothingDone }
        return timeout
    }

    /// What the end of a proposal means to the request it was made for; see `propose`.
    func settle(
        _ result: Result<ClusterMachine.Response, ProposalError>,
        for attempt: Attempt?
    ) throws -> Outcome.Receipt {
        switch result {
        case .success(let response): return try self.settle(response, for: attempt)
        case .failure(.notAccepted):
            throw Unsettled.nothingDone
        case .failure(.overloaded):
            throw APIError.overloaded
        case .failure(.tooLarge):
            throw APIError(.contentTooLarge, "What the request asks for does not fit one entry of the log")
        case .failure(.outcomeUnknown), .failure(.changeRefused):
            attempt?.note(nil)
            throw Unsettled.undecided
        }
    }

    private func settle(_ response: ClusterMachine.Response, for attempt: Attempt?) throws -> Outcome.Receipt {
        switch response.outcome {
        case .applied(let receipt):
            attempt?.note(receipt, at: response.index)
            if receipt.isRepeated, let answer = receipt.answer { throw Answered(answer: answer) }
            return receipt
        case .rejected(.unknownSession), .rejected(.sessionFull):
            throw Unsettled.sessionLost
        case .rejected(.alreadyAnswered):
            // The member that sent the request has given it up, having said that its outcome is unknown.
            throw APIError.outcomeUnknown
        case .rejected(.keyConflict):
            throw APIError.keyReused
        case .unreadable(let failure):
            self.logger.critical("an entry of this version is not understood", metadata: ["why": "\(failure)"])
            throw APIError.unexpected
        }
    }
}

extension ReadError {
    /// What it means to the request that the read was made for.
    var consequence: any Error { self == .overloaded ? APIError.overloaded : Unsettled.nothingDone }
}

extension Command {
    /// Whether the reconciler may have something to do afterwards. What connectors and keys there are starts and stops
    /// nothing.
    var concernsPlacements: Bool {
        switch self {
        case .putConnector, .deleteConnector, .putKey, .revokeKey, .setScalingPolicy, .putSettings: false
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
