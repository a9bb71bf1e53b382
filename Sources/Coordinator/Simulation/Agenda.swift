import ClusterState
import HeapModule

/// What is still to happen, in order of time; what happens at one moment, in the order in which it was planned.
struct Agenda {
    private struct Item: Comparable {
        var time: Moment
        var sequence: UInt64
        var event: Event
        static func == (a: Item, b: Item) -> Bool { a.sequence == b.sequence }
        static func < (a: Item, b: Item) -> Bool { a.time < b.time || (a.time == b.time && a.sequence < b.sequence) }
    }

    private var heap = Heap<Item>()
    private var sequence: UInt64 = 0

    mutating func plan(_ event: Event, at time: Moment) {
        self.sequence += 1
        self.heap.insert(Item(time: time, sequence: self.sequence, event: event))
    }

    /// Takes out what is to happen next.
    mutating func next() -> (time: Moment, event: Event)? {
        self.heap.popMin().map { ($0.time, $0.event) }
    }
}

/// Everything that may happen in the world. What concerns a process names its boot: a later process at the same place
/// knows nothing of it.
enum Event {
    indirect case deliver(from: Party, to: Party, Message)
    /// A packet arrives at the broker, or at the worker, over that connection.
    case up(connection: UInt64, UpPacket)
    case down(connection: UInt64, DownPacket)
    /// The broker finds out that nobody is at the connection's other end.
    case droppedAtBroker(connection: UInt64)
    case coordinator(Int, boot: UInt64, CoordinatorTask)
    case worker(Int, boot: UInt64, WorkerTask)
    /// The operators begin something.
    case operate
    /// An operator has waited long enough for an answer.
    case retry(subject: Int, try: UInt64)
    case fault
    case ambush(FaultKind, worker: Int)
    case restart(Party)
}

/// What a coordinator has planned for itself.
enum CoordinatorTask {
    case raftTimer(plan: UInt64)
    case synced
    /// A pass of the reconciler is due.
    case pace
    /// Heartbeats that have gathered go to the leader.
    case relay
    /// A worker was called and has not answered.
    case callTimeout(UInt64)
    /// The leader was sent heartbeats and has not answered.
    case relayTimeout(UInt64)
    /// A worker whose session has broken off is looked for again.
    case probe(WorkerID)
}

/// What a worker has planned for itself.
enum WorkerTask {
    case requestTimeout(UInt64)
    case register
    /// A regular heartbeat, of the registration with that number.
    case heartbeat(registration: UInt64)
    /// Changes that came close together have become one heartbeat.
    case gapOver(registration: UInt64)
    /// The pipeline with that serial number wants to publish something.
    case publish(serial: UInt64)
    /// The ownership of that pipeline has asked for a call at this time.
    case ownership(serial: UInt64, attempt: UInt64)
    /// Its lease may have run out.
    case lease(serial: UInt64)
    /// A coordinator was asked about its assignment and has not answered.
    case questionTimeout(UInt64)
}
