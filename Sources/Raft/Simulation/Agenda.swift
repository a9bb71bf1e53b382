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

    private struct Item: Sendable {
        var time: UInt64
        var sequence: UInt64
        var event: Event

        func isBefore(_ other: Item) -> Bool {
            self.time < other.time || (self.time == other.time && self.sequence < other.sequence)
        }
    }

    /// A binary heap: an item at place n comes before those at 2n + 1 and 2n + 2. (The package's heap serves both ends,
    /// which costs twice as much.)
    private var heap: [Item] = []
    private var sequence: UInt64 = 0

    /// `time` in microseconds.
    mutating func plan(_ event: Event, at time: UInt64) {
        self.sequence += 1
        self.heap.append(Item(time: time, sequence: self.sequence, event: event))
        var place = self.heap.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard self.heap[place].isBefore(self.heap[parent]) else { return }
            self.heap.swapAt(place, parent)
            place = parent
        }
    }

    var isEmpty: Bool { self.heap.isEmpty }

    /// Takes out what is to happen next. There must be something.
    mutating func removeNext() -> (time: UInt64, event: Event) {
        self.heap.swapAt(0, self.heap.count - 1)
        let item = self.heap.removeLast()
        var place = 0
        while 2 * place + 1 < self.heap.count {
            var child = 2 * place + 1
            if child + 1 < self.heap.count && self.heap[child + 1].isBefore(self.heap[child]) { child += 1 }
            guard self.heap[child].isBefore(self.heap[place]) else { break }
            self.heap.swapAt(place, child)
            place = child
        }
        return (item.time, item.event)
    }
}
