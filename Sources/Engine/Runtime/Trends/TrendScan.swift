import VPL

/// Goes over the groups of a level and finds those after which an event may come.
struct TrendScan {
    private let edge: CompiledTrends.Edge
    private let level: TrendLevel
    /// Whether the event would be the first that its step takes.
    private let isEntry: Bool

    init(_ edge: CompiledTrends.Edge, _ level: TrendLevel, isEntry: Bool) {
        self.edge = edge
        self.level = level
        self.isEntry = isEntry
    }

    /// Calls `body` with each such group, for the evaluator's event.
    @inline(__always)
    func forEach(_ evaluator: inout Evaluator, _ body: (Int) -> Void) {
        evaluator.isFirstOfStep = self.isEntry
        if self.compareColumns(&evaluator, body) { return }
        var tester = self.tester(&evaluator)
        defer { tester.leave(&evaluator) }
        for group in self.level.live where self.level.counts[group] > 0 {
            if tester.holds(group, &evaluator) { body(group) }
        }
    }

    func tester(_ evaluator: inout Evaluator) -> Tester { Tester(self.edge, self.level, self.isEntry, &evaluator) }

    /// Tests single groups by evaluating the conditions.
    struct Tester {
        private let edge: CompiledTrends.Edge
        private let slotCount: Int
        private var values: [Value?]

        init(_ edge: CompiledTrends.Edge, _ level: TrendLevel, _ isEntry: Bool, _ evaluator: inout Evaluator) {
            self.edge = edge
            self.slotCount = level.slotCount
            self.values = level.values
            evaluator.isFirstOfStep = isEntry
            swap(&evaluator.captures, &self.values)
        }

        func holds(_ group: Int, _ evaluator: inout Evaluator) -> Bool {
            evaluator.captureBase = group * self.slotCount
            return self.edge.tests.allSatisfy { evaluator.holds($0.condition) }
        }

        mutating func leave(_ evaluator: inout Evaluator) { swap(&evaluator.captures, &self.values) }
    }

    /// The same, where all conditions compare numbers: they go over columns. False if they do not.
    @inline(__always)
    private func compareColumns(_ evaluator: inout Evaluator, _ body: (Int) -> Void) -> Bool {
        var numbers: [Double] = []
        for test in self.edge.tests {
            guard let comparison = test.comparison, !self.level.isOdd[comparison.column],
                let number = evaluator.evaluate(comparison.ofEvent).plainNumber, !number.isNaN
            else { return false }
            numbers.append(number)
        }
        let live = self.level.live
        withUnsafeTemporaryAllocation(of: Bool.self, capacity: live.count) { passes in
            passes.initialize(repeating: true)
            for (test, number) in zip(self.edge.tests, numbers) {
                guard let comparison = test.comparison else { continue }
                self.level.columns[comparison.column].withUnsafeBufferPointer { column in
                    let column = UnsafeBufferPointer(rebasing: column[live])
                    Self.compare(comparison.symbol, number, column, passes)
                }
            }
            self.level.counts.withUnsafeBufferPointer { counts in
                for place in 0..<live.count where passes[place] && counts[live.lowerBound + place] > 0 {
                    body(live.lowerBound + place)
                }
            }
        }
        return true
    }

    private static func compare(
        _ symbol: BinaryOperator,
        _ number: Double,
        _ column: UnsafeBufferPointer<Double>,
        _ passes: UnsafeMutableBufferPointer<Bool>
    ) {
        @inline(__always)
        func keep(_ test: (Double) -> Bool) {
            for place in 0..<column.count { passes[place] = passes[place] && test(column[place]) }
        }
        switch symbol {
        case .less: keep { number < $0 }
        case .lessOrEqual: keep { number <= $0 }
        case .greater: keep { number > $0 }
        case .greaterOrEqual: keep { number >= $0 }
        case .equal: keep { number == $0 }
        case .notEqual: keep { number != $0 }
        default: keep { _ in false }
        }
    }
}
