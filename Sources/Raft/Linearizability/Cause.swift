/// Where exactly the history of one object stops being linearizable.
///
/// A search that fails has used every answer from the start, so it may get stuck before the answer that is to blame.
/// Instead: the beginning of a history, up to some answer and with all later ones unknown, is linearizable or not, and
/// once it is not, no longer one is. Halving finds the first answer that makes the difference.
struct Cause<Key: Hashable & Sendable, Model: SequentialModel> {
    typealias Event = History<Key, Model.Operation, Model.Result>.Event

    private let events: [Event]
    private let model: Model
    /// The events with answers, in the order of these.
    private let answered: [Int]
    /// An order of as many answers as have one, the events with only those answers, and what it leads to.
    private var order: [Int] = []
    private var explained: [Event] = []
    private var state: Model.State
    private var misfit: Int

    /// `events` have no order; a search got as far as the answer of `stuck`. Where a further search gives up, the cause
    /// is less exact, but still one.
    init(of events: [Event], stuckAt stuck: Int, _ checker: LinearizabilityChecker<Model>, isOver: () -> Bool) {
        self.events = events
        self.model = checker.model
        self.answered = events.indices.filter { events[$0].returned != nil }.sorted {
            (events[$0].returned ?? 0, events[$0].called, $0) < (events[$1].returned ?? 0, events[$1].called, $1)
        }
        self.state = checker.model.initial
        self.misfit = self.answered.last ?? stuck
        // How many answers certainly have an order, and how many certainly have none.
        var fine = self.answered.firstIndex(of: stuck) ?? 0
        var broken = self.answered.count
        var middle = fine
        search: while true {
            let beginning = self.beginning(answers: middle)
            var search = Search(beginning, checker.model)
            switch search.run(attemptsMax: checker.attemptsMax, isOver: isOver) {
            case .found:
                fine = middle
                (self.order, self.explained, self.state) = (search.order, beginning, search.state)
            case .impossible: (broken, self.misfit) = (middle, self.answered[middle - 1])
            case .gaveUp: break search
            }
            if fine + 1 >= broken { break }
            middle = (fine + broken) / 2
        }
    }

    private func beginning(answers: Int) -> [Event] {
        var events = self.events
        for number in self.answered[answers...] { events[number].outcome = .unknown }
        return events
    }

    /// `numbers` are those of the events in the whole history.
    func counterexample(key: Key, numbers: [Int]) -> Counterexample<Key> {
        Counterexample(
            key: key,
            order: self.order.map { numbers[$0] },
            misfit: numbers[self.misfit],
            description: self.words(key)
        )
    }

    private func words(_ key: Key) -> String {
        let shown = self.order.suffix(20)
        let held = self.model.describe(self.state)
        var lines = ["key \(key): no order of its operations gives the answers that the clients got."]
        switch self.order.count {
        case 0: lines.append("It holds \(held), and already the first answer does not fit:")
        case shown.count: lines.append("Up to here there is one:")
        default: lines.append("Up to here there is one, of \(self.order.count) operations; the last of them:")
        }
        lines += shown.map { self.line(self.explained[$0]) }
        if !shown.isEmpty {
            lines.append("Then it holds \(held), and this answer does not fit, nor does it in any other order:")
        }
        lines.append(self.line(self.events[self.misfit]))
        return lines.joined(separator: "\n")
    }

    private func line(_ event: Event) -> String {
        let end = event.returned.map { "\($0)" } ?? "?"
        return
            "  client \(event.client) [\(event.called), \(end)] \(self.model.describe(event.operation, event.result))"
    }
}
