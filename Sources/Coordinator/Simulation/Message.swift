import ClusterControl
import ClusterState
import RaftCore
import RaftSessions

/// What goes from one process to another, brokers excepted.
enum Message {
    case raft(Envelope)
    /// Heartbeats that reached a follower, on their way to the leader.
    case relay(number: UInt64, [RelayedHeartbeat])
    case relayTaken(number: UInt64)
    case request(Request)
    case reply(Reply)
    /// A worker's session has broken off.
    case sessionLost(WorkerID, WorkerIncarnation)
    case probe(number: UInt64, from: Int)
    /// Who is at the worker's address; nobody if the connection was refused.
    case probeAnswer(number: UInt64, WorkerIncarnation?)
    case call(WorkerCall)
    case callAnswer(number: UInt64, CallAnswer)
}

// MARK: To coordinators

/// What a worker or an operator asks of a coordinator.
struct Request {
    enum Body {
        case register(WorkerID, WorkerIncarnation)
        case heartbeat(Heartbeat)
        case ask(Question)
        case operate(Operation)
    }

    var number: UInt64
    var from: Party
    /// The coordinator that has passed it on to the leader.
    var via: Int?
    var body: Body
}

struct Heartbeat {
    var worker: WorkerID
    var incarnation: WorkerIncarnation
    var inventory: [ReportedPipeline]
}

/// A heartbeat that a follower has taken.
struct RelayedHeartbeat {
    var request: Request
    var heartbeat: Heartbeat
    /// How long it has waited there, by the follower's clock, in microseconds.
    var age: UInt64
}

/// Does that placement still belong to me, at that epoch?
struct Question {
    var worker: WorkerID
    var incarnation: WorkerIncarnation
    var placement: PlacementKey
    var epoch: Epoch
}

struct Reply {
    enum Body {
        case registered
        /// The heartbeat is taken. That alone confirms nothing.
        case known
        case unknownWorker
        /// The leader has taken the heartbeat, and was the leader after that.
        case confirmed
        /// What the newest state says to the question.
        case verdict(isCurrent: Bool)
        case done(Response, index: UInt64)
        case refused(Refusal)
        /// Nothing is known of what came of it.
        case unavailable
    }

    var number: UInt64
    var to: Party
    var body: Body
}

// MARK: To workers

struct WorkerCall {
    enum Body {
        case deploy(PlacementKey, Epoch, source: String)
        case undeploy(id: String, Epoch)
    }

    var number: UInt64
    var from: Int
    var body: Body
}

enum CallAnswer {
    case deployed(id: String, isRunning: Bool)
    case undeployed
    /// A newer assignment is held.
    case stale
    case full
}
