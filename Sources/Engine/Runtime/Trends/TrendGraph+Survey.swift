import VPL

/// Which events are part of complete trends: they are gone through from the last to the first. What steps took is compared
/// again, so that nobody has to remember which event came after which groups.
extension TrendGraph {
    /// Writes the results of surveys to a window's words.
    func survey(_ program: TrendProgram, _ words: UnsafeMutablePointer<UInt64>, _ evaluator: inout Evaluator) {
        guard !program.layout.surveys.isEmpty else { return }
        if program.trends.kind == .bindings {
            var bindings = BindingSurvey(self, program)
            for record in self.records.reversed() {
                guard let event = record.event else { continue }
                evaluator.event = event
                if bindings.isPart(record, &evaluator) { program.fold(event, of: record.step, words) }
            }
        } else {
            var neighbours = NeighbourSurvey(self, program)
            for record in self.records.reversed() {
                guard let event = record.event else {
                    neighbours.forget()
                    continue
                }
                if neighbours.isPart(record, event, &evaluator) { program.fold(event, of: record.step, words) }
            }
        }
    }
}

extension TrendProgram {
    /// Adds an event that is part of a complete trend to what is asked of such.
    fileprivate func fold(_ event: Event, of step: Int, _ words: UnsafeMutablePointer<UInt64>) {
        for survey in self.layout.surveys where survey.step == step {
            let place = words + survey.base + self.layout.stepCount - 1
            if survey.function == .count {
                place.pointee &+= 1
            } else if let number = event.fields[self.layout.arguments[survey.argument]].number {
                survey.fold(number.bitPattern, into: place)
            }
        }
    }
}

/// Where conditions look at neighbours only: an event is part of a complete trend if the last step took it, or if an event
/// came after it that is part of one.
private struct NeighbourSurvey {
    private let graph: TrendGraph
    private let program: TrendProgram
    /// By step, the events that are part of complete trends and came to it from the step before, or stayed at it.
    private var entries: [Followers]
    private var again: [Followers]

    /// Events that are part of complete trends.
    private struct Followers {
        var events: [Event] = []
        /// For each condition what it asks of them, as numbers.
        var numbers: [[Double]]
        /// Whether all of them are numbers.
        var isPlain = true
        /// Of the only condition's numbers, the one that fulfils it if any does.
        var best = Double.nan
    }

    init(_ graph: TrendGraph, _ program: TrendProgram) {
        self.graph = graph
        self.program = program
        self.entries = program.trends.steps.map { Followers(numbers: $0.entry.tests.map { _ in [] }) }
        self.again = program.trends.steps.map { Followers(numbers: $0.again.tests.map { _ in [] }) }
    }

    /// What came before a negation is not followed by what came after it.
    mutating func forget() { self = NeighbourSurvey(self.graph, self.program) }

    mutating func isPart(_ record: TrendGraph.Record, _ event: Event, _ evaluator: inout Evaluator) -> Bool {
        let steps = self.program.trends.steps
        let step = steps[record.step]
        var isPart = record.step == steps.count - 1
        // A group without a place of its own has no conditions to fulfil.
        if !isPart, record.group >= 0 || step.context.isEmpty {
            let source = self.graph.levels[record.step]
            isPart =
                Self.isFollowed(
                    record.group,
                    source,
                    by: self.entries[record.step + 1],
                    steps[record.step + 1].entry,
                    true,
                    &evaluator
                )
                || step.isKleene
                    && Self.isFollowed(record.group, source, by: self.again[record.step], step.again, false, &evaluator)
        }
        guard isPart else { return false }
        evaluator.event = event
        if record.isFirst { Self.add(event, to: &self.entries[record.step], step.entry, &evaluator) }
        if step.isKleene { Self.add(event, to: &self.again[record.step], step.again, &evaluator) }
        return true
    }

    private static func add(
        _ event: Event,
        to followers: inout Followers,
        _ edge: CompiledTrends.Edge,
        _ evaluator: inout Evaluator
    ) {
        // One is as good as many where there is nothing to fulfil.
        if edge.tests.isEmpty, !followers.events.isEmpty { return }
        followers.events.append(event)
        for (place, test) in edge.tests.enumerated() {
            guard followers.isPlain, let comparison = test.comparison,
                let number = evaluator.evaluate(comparison.ofEvent).plainNumber, !number.isNaN
            else {
                followers.isPlain = false
                return
            }
            followers.numbers[place].append(number)
            let isBetter = comparison.isOfLess ? number < followers.best : number > followers.best
            if followers.best.isNaN || isBetter { followers.best = number }
        }
    }

    private static func isFollowed(
        _ group: Int,
        _ level: TrendLevel,
        by followers: Followers,
        _ edge: CompiledTrends.Edge,
        _ isEntry: Bool,
        _ evaluator: inout Evaluator
    ) -> Bool {
        if edge.tests.isEmpty || followers.events.isEmpty { return !followers.events.isEmpty }
        let comparisons = edge.tests.compactMap(\.comparison)
        if followers.isPlain, comparisons.allSatisfy({ !level.isOdd[$0.column] }) {
            let values = comparisons.map { level.columns[$0.column][group] }
            if comparisons.count == 1, comparisons[0].isOrder { return comparisons[0].holds(followers.best, values[0]) }
            return followers.events.indices.contains { place in
                comparisons.indices.allSatisfy { comparisons[$0].holds(followers.numbers[$0][place], values[$0]) }
            }
        }
        var tester = TrendScan(edge, level, isEntry: isEntry).tester(&evaluator)
        defer { tester.leave(&evaluator) }
        return followers.events.contains { event in
            evaluator.event = event
            return tester.holds(group, &evaluator)
        }
    }
}

/// Where conditions look further back: a group is of use from the moment on, going back, at which an event came after it
/// that was part of a complete trend together with it.
private struct BindingSurvey {
    private let graph: TrendGraph
    private let program: TrendProgram
    /// By step and group.
    private var isOfUse: [[Bool]]

    init(_ graph: TrendGraph, _ program: TrendProgram) {
        self.graph = graph
        self.program = program
        self.isOfUse = graph.levels.map { [Bool](repeating: false, count: $0.groupCount) }
    }

    /// Whether a complete trend has the evaluator's event at the step. Notes which groups are of use because of it.
    mutating func isPart(_ record: TrendGraph.Record, _ evaluator: inout Evaluator) -> Bool {
        let step = self.program.trends.steps[record.step]
        let isLast = record.step == self.program.trends.steps.count - 1
        var isPart = isLast
        let isSingle = step.isOfOwnEvent(record.step)
        if isSingle, !isLast {
            let group =
                step.context.isEmpty
                ? self.graph.levels[record.step].group(of: [], at: record.number)
                : record.group < 0 ? nil : record.group
            isPart = group.map { self.isOfUse[record.step][$0] } ?? false
        }
        if isSingle, !isPart { return false }
        let entry = record.isFirst && record.step > 0 ? [(step.entry, record.step - 1)] : []
        let again = step.isKleene ? [(step.again, record.step)] : []
        for (edge, source) in entry + again {
            let level = self.graph.levels[source]
            var tester = TrendScan(edge, level, isEntry: source < record.step).tester(&evaluator)
            defer { tester.leave(&evaluator) }
            for group in 0..<level.groupCount
            where level.wasLive(group, at: record.number) && !(self.isOfUse[source][group] && isPart) {
                var isUseful = isPart
                if !isSingle, !isLast {
                    let width = self.graph.levels[record.step].contextWidth
                    let context = edge.context(level.context(of: group), event: record.number, width)
                    let target = self.graph.levels[record.step].group(of: context, at: record.number)
                    isUseful = target.map { self.isOfUse[record.step][$0] } ?? false
                }
                guard isUseful, tester.holds(group, &evaluator) else { continue }
                self.isOfUse[source][group] = true
                isPart = true
            }
        }
        return isPart
    }
}
