/// What clients asked of a set of objects, and what they were told, in real time.
///
/// A recorder notes each call before it is sent and each answer after it came. Times come from one clock, whose unit does
/// not matter. Where two moments are equal, calls count as before returns: such operations overlap.
public struct History<Key: Hashable & Sendable, Operation: Hashable & Sendable, Result: Hashable & Sendable>: Sendable {
    /// One operation of one client on one object.
    public struct Event: Hashable, Sendable {
        /// Named in counterexamples. The verdict does not depend on it.
        public var client: Int
        public var key: Key
        public var operation: Operation
        /// When the call was about to be sent.
        public var called: UInt64
        public var outcome: Outcome

        @inlinable
        init(client: Int, key: Key, operation: Operation, called: UInt64) {
            self.client = client
            self.key = key
            self.operation = operation
            self.called = called
            self.outcome = .unknown
        }
    }

    /// What is known of an operation's end.
    public enum Outcome: Hashable, Sendable {
        /// No answer, or none that says what happened: the operation takes place once, at any time after its call, or
        /// never.
        case unknown
        /// It did nothing and never will.
        case failed
        case returned(Result, at: UInt64)
    }

    @usableFromInline var recorded: [Event] = []

    /// In the order in which they were recorded.
    @inlinable public var events: [Event] { self.recorded }

    public init() {}

    /// Notes a call, whose outcome is unknown for now. Returns its number.
    @inlinable
    public mutating func call(_ operation: Operation, on key: Key, by client: Int, at time: UInt64) -> Int {
        self.recorded.append(Event(client: client, key: key, operation: operation, called: time))
        return self.recorded.count - 1
    }

    /// Notes what the call of this number gave.
    @inlinable
    public mutating func complete(_ number: Int, with result: Result, at time: UInt64) {
        precondition(self.recorded[number].called <= time, "an operation cannot return before it is called")
        self.recorded[number].outcome = .returned(result, at: time)
    }

    /// Notes that the call of this number certainly did nothing.
    @inlinable
    public mutating func fail(_ number: Int) { self.recorded[number].outcome = .failed }

    /// The numbers of the events of each key that may have happened; keys in the order of their first event.
    var partitions: [(key: Key, events: [Int])] {
        var places: [Key: Int] = [:]
        var partitions: [(key: Key, events: [Int])] = []
        for (number, event) in self.events.enumerated() where event.outcome != .failed {
            if let place = places[event.key] {
                partitions[place].events.append(number)
            } else {
                places[event.key] = partitions.count
                partitions.append((event.key, [number]))
            }
        }
        return partitions
    }
}

extension History.Event {
    /// What came of it, if that is known.
    public var result: Result? {
        if case .returned(let result, _) = self.outcome { result } else { nil }
    }

    /// When its answer came, if one did.
    public var returned: UInt64? {
        if case .returned(_, let time) = self.outcome { time } else { nil }
    }
}
