import Linearizability
import Testing

/// Thousands of small random histories: the search and the definition must agree on each.
///
/// `SEED=n` in the environment repeats one seed alone.
@Suite("Random histories")
struct RandomHistoryTests {
    private static let seeds: ClosedRange<UInt64> = Seed.chosen.map { $0...$0 } ?? 1...3_000

    @Test("registers: the verdict is the definition's")
    func registers() {
        let values = [nil, 1, 2]
        self.compare(RegisterModel<Int>()) { random in
            let value = Int.random(in: 1...2, using: &random)
            let outcome: RegisterModel<Int>.Result = Int.random(in: 0..<4, using: &random) == 0 ? .refused : .done
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5: return (.read, .value(values[Int.random(in: 0..<3, using: &random)]))
            case 5..<7: return (.write(value), .done)
            case 7: return (.delete, outcome)
            case 8: return (Bool.random(using: &random) ? .create(value) : .update(value), outcome)
            default:
                return (.compareAndSet(expected: values[Int.random(in: 0..<3, using: &random)], new: value), outcome)
            }
        }
    }

    @Test("append lists: the verdict is the definition's")
    func lists() {
        self.compare(AppendListModel<Int>()) { random in
            if Bool.random(using: &random) { return (.append(Int.random(in: 1...2, using: &random)), .appended) }
            let count = Int.random(in: 0...2, using: &random)
            return (.read, .elements((0..<count).map { _ in Int.random(in: 1...2, using: &random) }))
        }
    }

    @Test("counters: the verdict is the definition's")
    func counters() {
        self.compare(CounterModel()) { random in
            if Int.random(in: 0..<3, using: &random) == 0 { return (.read, Int.random(in: 0...3, using: &random)) }
            return (.increment, Int.random(in: 1...3, using: &random))
        }
    }

    /// Compares verdicts over all seeds. A violation must also name the first answer that leaves no order: without it
    /// the history is fine, with it it is not; and the order it gives for the part before must be one.
    private func compare<Model: SequentialModel>(
        _ model: Model,
        _ draw: (inout SplitMix) -> (Model.Operation, Model.Result)
    ) {
        let checker = LinearizabilityChecker(model)
        let naive = NaiveChecker(model: model)
        var fine = 0
        for seed in Self.seeds {
            var random = SplitMix(state: seed)
            let history = Self.history(&random, draw) as Script<Model>.Recorded
            switch checker.check(history) {
            case .linearizable:
                fine += 1
                let isFine = naive.isLinearizable(history.events)
                #expect(isFine, "seed \(seed): passed, but has no order")
            case .violated(let example):
                let isFine = naive.isLinearizable(history.events)
                #expect(!isFine, "seed \(seed): has an order, but \(example)")
                let isExact = Self.isFirstMisfit(example, history.events, naive)
                #expect(isExact, "seed \(seed): \(example)")
            case .gaveUp:
                Issue.record("seed \(seed): gave up")
            }
        }
        guard Seed.chosen == nil else { return }
        // A generator that makes only good histories, or only bad ones, would prove nothing.
        #expect(fine > 300 && fine < 2_700, "\(fine) of \(Self.seeds.count) histories are linearizable")
    }

    private static func history<Operation, Result>(
        _ random: inout SplitMix,
        _ draw: (inout SplitMix) -> (Operation, Result)
    ) -> History<String, Operation, Result> {
        var history = History<String, Operation, Result>()
        for client in 0..<Int.random(in: 1...6, using: &random) {
            let (operation, result) = draw(&random)
            let called = UInt64.random(in: 0...20, using: &random)
            let number = history.call(operation, on: "k", by: client, at: called)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<2: continue
            case 2 where client > 0: history.fail(number)
            default: history.complete(number, with: result, at: called + UInt64.random(in: 0...10, using: &random))
            }
        }
        return history
    }

    private static func isFirstMisfit<Model: SequentialModel>(
        _ example: Counterexample<String>,
        _ events: [NaiveChecker<Model>.Event],
        _ naive: NaiveChecker<Model>
    ) -> Bool {
        guard let end = events[example.misfit].returned else { return false }
        // At one moment returns come in the order of their calls.
        func isBefore(_ event: NaiveChecker<Model>.Event, _ number: Int) -> Bool {
            guard let returned = event.returned else { return false }
            return (returned, event.called, number) < (end, events[example.misfit].called, example.misfit)
        }
        var before = events
        for (number, event) in events.enumerated() where number != example.misfit && !isBefore(event, number) {
            if event.outcome != .failed { before[number].outcome = .unknown }
        }
        var with = before
        with.removeAll { $0.called > end }
        before[example.misfit].outcome = .unknown
        before.removeAll { $0.called > end }
        let explained = events.indices.filter { isBefore(events[$0], $0) }
        return naive.isLinearizable(before) && !naive.isLinearizable(with)
            && Set(explained).isSubset(of: example.order)
    }
}
