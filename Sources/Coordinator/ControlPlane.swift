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
    let lastSweep = LastSweep()
    let secrets: ConnectorSecrets
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
        configuration: CoordinatorConfiguration
    ) {
        self.node = node
        self.reports = WorkerReports()
        self.workers = workers
        self.secrets = secrets
        self.configuration = configuration
        self.logger = configuration.logger
        self.attention = Attention()
        self.session = ProcessSession { () async throws -> SessionID in try await SessionOpening.ask(node) }
    }

    var isLeader: Bool { self.node.status.consensus.role == .leader }

    /// The state with everything acknowledged so far in it. Throws `nothingDone` if this member can't tell.
    func state() async throws -> ClusterState {
        do throws(ReadError) {
            return try await self.node.read(timeout: Self.readTimeout).machine.state
        } catch {
            throw Unsettled.nothingDone
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
        self.attention.call()
        return receipt.response
    }

    func submit(_ submission: Submission, for attempt: Attempt?) async throws -> Outcome.Receipt {
        switch try await self.outcome(of: submission, for: attempt) {
        case .applied(let receipt):
            attempt?.note(receipt)
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
            throw APIError(.internalServerError, "Internal server error")
        }
    }

    private func outcome(of submission: Submission, for attempt: Attempt?) async throws -> Outcome {
        var timeout = Self.proposalTimeout
        if let attempt { timeout = min(timeout, attempt.deadline - .now) }
        guard timeout > .zero else { throw Unsettled.nothingDone }
        do {
            return try await self.node.propose(submission.encoded(), timeout: timeout)
        } catch ProposalError.notAccepted {
            throw Unsettled.nothingDone
        } catch ProposalError.overloaded {
            throw APIError.overloaded
        } catch ProposalError.tooLarge {
            throw APIError(.contentTooLarge, "What the request asks for does not fit one entry of the log")
        } catch {
            attempt?.note(nil)
            throw Unsettled.undecided
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
