/// The search for an order of one object's operations (Wing and Gong, 1993; Lowe, 2017).
///
/// Any operation called before the first remaining return may be the next one. One that fits is placed, and the search
/// goes on with the rest; where none fits, the last placement is taken back. What makes this quick enough is that
/// a set of placed operations together with the state they lead to is never gone into twice.
///
/// An operation that fits and changes nothing, such as a read, is placed at once, and nothing else is tried in its stead:
/// whatever could be done without it can be done after it.
///
/// An operation without an answer may be placed anywhere after its call, and need not be. Trying it everywhere would make
/// thousands of states out of a few lost answers, so it is placed only where it matters:
/// - after all others that fit;
/// - if it changes the state;
/// - of equal ones, in the order of their calls, since one does as well as the other;
/// - and what is placed right after it must lead elsewhere than it would have without.
struct Search<Key: Hashable & Sendable, Model: SequentialModel> {
    typealias Event = History<Key, Model.Operation, Model.Result>.Event

    enum End {
        case found
        /// `stuckAt` returns first of all that could never be placed.
        case impossible(stuckAt: Int)
        case gaveUp
    }

    private struct Placement {
        var operation: Int
        /// Where to go on if it is taken back.
        var cursor: Remaining.Cursor
        /// Nothing else needs to be tried in its place.
        var isForced: Bool
        /// The state before it.
        var state: Model.State
    }

    private enum Attempt {
        case placed
        /// It does not fit, or leads nowhere new.
        case refused
        /// As before, and it shows that nothing else will do either.
        case deadEnd
    }

    private struct Configuration: Hashable {
        var placed: PlacedSet.Key
        var state: Model.State
    }

    private let model: Model
    private let operations: [Model.Operation]
    private let results: [Model.Result?]
    /// For an operation without an answer: the equal one called before it.
    private var twin: [Int?]
    /// Operations in order of their calls.
    private let byCall: [Int]
    private var remaining: Remaining
    private var placed: PlacedSet
    /// Whether it can matter that two operations without an answer are placed one right after the other.
    private let mayChain: Bool
    private var stack: [Placement] = []
    /// What the object holds after all that is placed.
    private(set) var state: Model.State
    private var attempts = 0
    private var seen: Set<Configuration> = []
    /// The latest return that no placement could be found for, by rank.
    private var farthest: (rank: Int, operation: Int)?

    /// The events that are placed, by number, in their order.
    var order: [Int] { self.stack.map { self.byCall[$0.operation] } }

    init(_ events: [Event], _ model: Model) {
        // Operations are numbered by their calls from here on, so that what is placed is nearly a prefix.
        self.byCall = events.indices.sorted { (events[$0].called, $0) < (events[$1].called, $1) }
        let events = self.byCall.map { events[$0] }
        self.model = model
        self.operations = events.map(\.operation)
        self.results = events.map(\.result)
        self.remaining = Remaining(events.map { ($0.called, $0.returned) })
        self.placed = PlacedSet(isAnswered: self.remaining.isAnswered)
        self.state = model.initial
        self.twin = Array(repeating: nil, count: events.count)
        var latest: [Model.Operation: Int] = [:]
        for number in events.indices where !self.remaining.isAnswered[number] {
            self.twin[number] = latest.updateValue(number, forKey: events[number].operation)
        }
        self.mayChain = latest.keys.contains { !model.isBlind($0) }
    }

    mutating func run(attemptsMax: Int, isOver: () -> Bool) -> End {
        if self.remaining.count == 0 { return .found }
        var cursor = self.remaining.candidates
        while true {
            var attempt = Attempt.deadEnd
            if let operation = self.remaining.candidate(&cursor) {
                self.attempts += 1
                if self.attempts > attemptsMax || (self.attempts % 1_024 == 0 && isOver()) { return .gaveUp }
                attempt = self.place(operation, cursor)
            } else {
                self.noteObstacle()
            }
            switch attempt {
            case .placed:
                if self.remaining.count == 0 { return .found }
                cursor = self.remaining.candidates
            case .refused: continue
            case .deadEnd:
                guard let earlier = self.takeBack() else { return self.impossible }
                cursor = earlier
            }
        }
    }

    /// Places the operation if it fits and leads to somewhere new.
    private mutating func place(_ operation: Int, _ cursor: Remaining.Cursor) -> Attempt {
        let (action, result) = (self.operations[operation], self.results[operation])
        guard let next = self.model.step(self.state, action, result) else { return .refused }
        let isAnswered = self.remaining.isAnswered[operation]
        let isForced = isAnswered && next == self.state
        if let last = self.stack.last, !self.remaining.isAnswered[last.operation],
            self.model.step(last.state, action, result) == next
        {
            return isForced ? .deadEnd : .refused
        }
        if !isAnswered && !self.hasUse(operation, leadingTo: next) { return .refused }
        self.placed.insert(operation)
        guard self.seen.insert(Configuration(placed: self.placed.key, state: next)).inserted else {
            self.placed.remove(operation)
            return isForced ? .deadEnd : .refused
        }
        self.remaining.remove(operation)
        self.stack.append(Placement(operation: operation, cursor: cursor, isForced: isForced, state: self.state))
        self.state = next
        return .placed
    }

    /// Whether an operation without an answer makes a difference here: to the state, and to what can come right after it.
    private func hasUse(_ operation: Int, leadingTo next: Model.State) -> Bool {
        if next == self.state { return false }
        if let twin = self.twin[operation], !self.placed.contains(twin) { return false }
        var cursor = self.remaining.candidates
        while let other = self.remaining.candidate(&cursor), self.remaining.isAnswered[other] || self.mayChain {
            if other == operation { continue }
            let (action, result) = (self.operations[other], self.results[other])
            guard let later = self.model.step(next, action, result) else { continue }
            let changes = self.remaining.isAnswered[other] || later != next
            if changes && later != self.model.step(self.state, action, result) { return true }
        }
        return false
    }

    /// Takes back the last choice and what was forced after it. Returns where to go on, if there was a choice.
    private mutating func takeBack() -> Remaining.Cursor? {
        while let last = self.stack.popLast() {
            self.remaining.restore(last.operation)
            self.placed.remove(last.operation)
            self.state = last.state
            if !last.isForced { return last.cursor }
        }
        return nil
    }

    /// Nothing more can come before the first remaining return.
    private mutating func noteObstacle() {
        let obstacle = self.remaining.mostUrgent
        if obstacle.rank > self.farthest?.rank ?? -1 { self.farthest = (obstacle.rank, obstacle.operation) }
    }

    private var impossible: End {
        guard let farthest = self.farthest else { preconditionFailure("a search ends at an obstacle") }
        return .impossible(stuckAt: self.byCall[farthest.operation])
    }
}
