import ClusterState

/// A broker: it lets one connection at a time have a session, and keeps what is retained.
struct Broker {
    /// Until when it is down.
    var downUntil: Moment = 0
    /// The connection that has a session.
    var holders: [SessionName: UInt64] = [:]
    var records: [PlacementKey: OwnerRecord] = [:]
    /// The newest epoch of which it has accepted something.
    var newest: [PlacementKey: Epoch] = [:]
}

/// A connection from a pipeline to a broker. Packets in one direction stay in order; if one is lost, so is all after it.
struct Connection {
    enum Purpose {
        /// Has a session: the one with that number in the pipeline's list.
        case session(Int, SessionName)
        /// Looks at an owner record, and takes nothing over.
        case probe(PlacementKey, broker: Int, attempt: UInt64)
    }

    let worker: Int
    let boot: UInt64
    /// The pipeline's.
    let serial: UInt64
    let broker: Int
    let purpose: Purpose
    /// Nothing gets through any more. Both ends find out in time.
    var isBroken = false
    /// One end has found out.
    var isHalfForgotten = false
    /// Before when the next packet does not arrive.
    var nextUp: Moment = 0
    var nextDown: Moment = 0
}

/// What a client sends.
enum UpPacket {
    case connect
    case read(attempt: UInt64)
    case write(OwnerRecord, attempt: UInt64)
    case publish(PlacementKey, Epoch)
    case disconnect
}

/// What a client receives.
enum DownPacket {
    case accepted
    case record(OwnerRecord?, attempt: UInt64)
    case written(attempt: UInt64)
    /// The broker has thrown the client out.
    case closed
    /// No packet: the client has found the connection dead.
    case lost
}
