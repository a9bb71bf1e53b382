import HeapModule
import RaftCore

/// What is still to happen, in order of time; what happens at one moment, in the order it was planned.
struct Agenda: Sendable {
    enum Event: Sendable {
        indirect case deliver(Envelope)
        case timer(member: Int, plan: UInt64)
        case synced(member: Int, boot: UInt64)
        indirect case captured(member: Int, boot: UInt64, Snapshot, Registers)
        /// A receiver asks for the next chunk, if it still wants it.
        case pull(member: Int, plan: UInt64)
        indirect case chunkRequest(from: NodeID, member: Int, Snapshot.ID, UInt32)
        indirect case chunk(member: Int, from: NodeID, Snapshot.ID, UInt32)
        /// All chunks are there.
        indirect case fetched(member: Int, boot: UInt64, Snapshot)
        /// The connection from that member was closed.
        case lost(member: Int, NodeID, boot: UInt64)
        case client
        case operate
        case fault
        case restart(member: Int)
        case unstall(member: Int)
        case heal(member: Int, other: Int)
    }

    /// When an event happens, and where it lies meanwhile.
    private struct Item: Comparable, Sendable {
        var time: UInt64
        var sequence: UInt64
        var place: Int
        static func == (a: Item, b: Item) -> Bool { a.sequence == b.sequence }
        static func < (a: Item, b: Item) -> Bool { a.time < b.time || (a.time == b.time && a.sequence < b.sequence) }
    }

    private var heap = Heap<Item>()
    /// The events lie still while the heap is put in order. `free` are the places of those that have happened.
    private var events: [Event] = []
    private var free: [Int] = []
    private var sequence: UInt64 = 0

    /// `time` in microseconds.
    mutating func plan(_ event: Event, at time: UInt64) {
        self.sequence += 1
        let place = self.free.popLast() ?? self.events.count
        if place < self.events.count { self.events[place] = event } else { self.events.append(event) }
        self.heap.insert(Item(time: time, sequence: self.sequence, place: place))
    }

    var isEmpty: Bool { self.heap.isEmpty }

    /// Takes out what is to happen next. There must be something.
    mutating func removeNext() -> (time: UInt64, event: Event) {
        let item = self.heap.removeMin()
        var event = Event.client  // nothing is left in the place of what has happened
        swap(&event, &self.events[item.place])
        self.free.append(item.place)
        return (item.time, event)
    }
}
