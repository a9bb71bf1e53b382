import Threads

/// What is on its way from one thread to another: first in, first out, and not more of it than a bound.
///
/// A message counts as the events in it, and one without any as one. A thread that puts in more than there is room for waits;
/// into an empty queue anything may be put, or a message beyond the bound would wait forever.
final class HandOverQueue<Message: Sendable>: Sendable {
    private struct State {
        var waiting: [(message: Message, size: Int)] = []
        /// Of the first message that is not taken.
        var first = 0
        var size = 0
        var isClosed = false
        var counts = HandOverCounts()

        var isEmpty: Bool { self.first == self.waiting.count }

        mutating func append(_ message: Message, _ size: Int) {
            self.waiting.append((message, size))
            self.size += size
            self.counts.mostEvents = max(self.counts.mostEvents, self.size)
        }

        mutating func popFirst() -> Message {
            let (message, size) = self.waiting[self.first]
            self.first += 1
            self.size -= size
            // So that what was taken is not held for longer than a while.
            if self.first == self.waiting.count || self.first > 64 {
                self.waiting.removeFirst(self.first)
                self.first = 0
            }
            return message
        }
    }

    private let bound: Int
    private let state = Monitor(State())

    init(bound: Int) { self.bound = bound }

    /// Waits until there is room. False once the queue is closed: then nobody takes it.
    func put(_ message: Message, events: Int) -> Bool {
        let size = max(1, events)
        let isDone: Bool? = self.state.change { state in
            state.counts.messages += 1
            state.counts.events += UInt64(events)
            return self.put(message, size, into: &state)
        }
        if let isDone { return isDone }
        let clock = ContinuousClock()
        let start = clock.now
        return self.state.wait { state in
            guard let isDone = self.put(message, size, into: &state) else { return nil }
            state.counts.waits += 1
            state.counts.waited += clock.now - start
            return isDone
        }
    }

    /// Nil where there is no room.
    private func put(_ message: Message, _ size: Int, into state: inout State) -> Bool? {
        if state.isClosed { return false }
        guard state.isEmpty || state.size + size <= self.bound else { return nil }
        state.append(message, size)
        return true
    }

    /// Waits for the next message. Nil once the queue is closed.
    func take() -> Message? {
        self.state.wait { state -> Message?? in
            if state.isClosed { return .some(nil) }
            if state.isEmpty { return .none }
            return .some(state.popFirst())
        }
    }

    /// Whoever waits, or comes later, gives up. What was on its way is lost.
    func close() {
        self.state.change { state in
            state.isClosed = true
            state.waiting = []
            state.first = 0
        }
    }

    var counts: HandOverCounts { self.state.withLock { $0.counts } }
}

/// What has gone from one thread to another.
public struct HandOverCounts: Sendable {
    public internal(set) var events: UInt64 = 0
    public internal(set) var messages: UInt64 = 0
    /// How often there was no room, and for how long together.
    public internal(set) var waits: UInt64 = 0
    public internal(set) var waited: Duration = .zero
    /// How many events were on their way at most.
    public internal(set) var mostEvents = 0

    public init() {}

    public static func += (left: inout HandOverCounts, right: HandOverCounts) {
        left.events += right.events
        left.messages += right.messages
        left.waits += right.waits
        left.waited += right.waited
        left.mostEvents = max(left.mostEvents, right.mostEvents)
    }
}
