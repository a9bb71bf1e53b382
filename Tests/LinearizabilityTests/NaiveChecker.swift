import Linearizability

/// Linearizability by its definition: some of the operations without an answer, together with all others, in some order
/// that agrees with real time and with the model. Tries every choice and every order.
struct NaiveChecker<Model: SequentialModel> {
    typealias Event = History<String, Model.Operation, Model.Result>.Event
    let model: Model

    func isLinearizable(_ events: [Event]) -> Bool {
        let unknown = events.filter { $0.returned == nil && $0.outcome != .failed }
        let known = events.filter { $0.returned != nil }
        return (0..<1 << unknown.count).contains { choice in
            let chosen = unknown.indices.filter { choice >> $0 & 1 == 1 }.map { unknown[$0] }
            return self.hasOrder(known + chosen)
        }
    }

    private func hasOrder(_ events: [Event]) -> Bool {
        Permutations.of(events.count).contains { order in
            self.agreesWithTime(order, events) && self.agreesWithModel(order, events)
        }
    }

    private func agreesWithTime(_ order: [Int], _ events: [Event]) -> Bool {
        for (place, later) in order.enumerated() {
            for earlier in order[..<place] {
                if let returned = events[later].returned, returned < events[earlier].called { return false }
            }
        }
        return true
    }

    private func agreesWithModel(_ order: [Int], _ events: [Event]) -> Bool {
        var state = self.model.initial
        for number in order {
            guard let next = self.model.step(state, events[number].operation, events[number].result) else {
                return false
            }
            state = next
        }
        return true
    }
}

enum Permutations {
    /// All orders of the numbers below `count`.
    static func of(_ count: Int) -> [[Int]] { self.all[count] }

    private static let all: [[[Int]]] = (0...6).map { Self.make($0) }

    private static func make(_ count: Int) -> [[Int]] {
        if count == 0 { return [[]] }
        return Self.make(count - 1).flatMap { shorter in
            (0..<count).map { place in
                var order = shorter
                order.insert(count - 1, at: place)
                return order
            }
        }
    }
}
