import VPL

/// The partial trends of a window where conditions look at more than one event.
///
/// An event that a step takes comes after all groups of the step before, and of the step itself if it is Kleene, for which the
/// conditions hold: what these are of together is what its own group begins with.
struct TrendGraph: Sendable {
    var levels: [TrendLevel]
    /// The events that steps took, in order, where it is asked which are part of complete trends.
    var records: [Record] = []
    var eventCount: UInt32 = 0
    var groupCount = 0
    /// How many groups were not made because there were so many.
    var dropped: UInt64 = 0

    /// How many groups a window may have.
    static let groupsMax = 100_000

    /// That a step took an event, or that a negation ended all trends.
    struct Record: Sendable {
        /// Nil for a negation.
        let event: Event?
        let number: UInt32
        let step: Int
        /// Whether it could begin a trend's events of the step.
        let isFirst: Bool
        /// The group that it began; below zero if none.
        let group: Int
    }

    /// What came to a group with an event.
    private struct Target {
        let context: [UInt32]
        var count: UInt64 = 0
        var amounts: [Double]
        /// The group whose values go over to it.
        let source: (level: Int, group: Int)?
        let slots: [Int]
    }

    init(_ trends: CompiledTrends, _ layout: TrendLayout) {
        let width = layout.weightBase == nil ? 0 : 1 + layout.sums.count
        self.levels = trends.steps.indices.map { number in
            TrendLevel(
                width: width,
                slotCount: trends.slotCount,
                contextWidth: trends.steps[number].context.count,
                columnCount: trends.columns[number].count,
                indexes: trends.indexes[number]
            )
        }
    }

    /// The next event. Its steps take it from the last to the first, so that none comes after itself.
    mutating func beginEvent() { self.eventCount += 1 }

    // MARK: - Steps

    /// A step takes an event for which its conditions hold. False if there is nothing before it that the event could follow.
    ///
    /// - Parameter isFirst: Whether it may be the first that the step takes.
    mutating func take(
        _ number: Int,
        _ event: Event,
        isFirst: Bool,
        _ program: TrendProgram,
        _ words: UnsafeMutablePointer<UInt64>,
        _ evaluator: inout Evaluator
    ) -> Bool {
        let step = program.trends.steps[number]
        var targets: [Target] = []
        let isSingle = step.isOfOwnEvent(number)
        let own = step.context.isEmpty ? [] : [self.eventCount]
        let width = self.levels[number].width
        if isSingle || number == 0 {
            targets.append(Target(context: own, amounts: Array(repeating: 0, count: width), source: nil, slots: []))
        }
        if number == 0, isFirst {
            targets[0].count = 1
            if width > 0 { targets[0].amounts[0] = 1 }
        }
        if isFirst, number > 0 {
            self.follow(step.entry, from: number - 1, to: number, isSingle, &targets, &evaluator)
        }
        if step.isKleene { self.follow(step.again, from: number, to: number, isSingle, &targets, &evaluator) }
        targets.removeAll { $0.count == 0 }
        if targets.isEmpty { return false }
        let isLast = number == program.trends.steps.count - 1
        var group = -1
        for var target in targets {
            program.addOwn(event, of: number, to: &target.amounts)
            if isLast { program.complete(target.count, target.amounts, words) }
            guard !isLast || step.isKleene else { continue }
            group = self.add(target, to: number, event, program, &evaluator)
        }
        if !program.layout.surveys.isEmpty {
            self.records.append(
                Record(event: event, number: self.eventCount, step: number, isFirst: isFirst, group: group)
            )
        }
        return true
    }

    /// Adds up the groups of a level that the event comes after.
    private func follow(
        _ edge: CompiledTrends.Edge,
        from source: Int,
        to number: Int,
        _ isSingle: Bool,
        _ targets: inout [Target],
        _ evaluator: inout Evaluator
    ) {
        let level = self.levels[source]
        if isSingle, edge.tests.isEmpty {
            targets[0].count = TrendLayout.sum(targets[0].count, level.totalCount)
            for place in 0..<level.width { targets[0].amounts[place] += level.totalAmounts[place] }
            return
        }
        if isSingle {
            if !self.lookUp(edge, level, &targets[0], &evaluator) {
                self.addUp(TrendScan(edge, level, isEntry: source < number), level, &targets[0], &evaluator)
            }
            return
        }
        var places: [[UInt32]: Int] = [:]
        for (place, target) in targets.enumerated() { places[target.context] = place }
        let width = self.levels[number].contextWidth
        TrendScan(edge, level, isEntry: source < number).forEach(&evaluator) { group in
            let context = edge.context(level.context(of: group), event: self.eventCount, width)
            let place = places[context] ?? targets.count
            if place == targets.count {
                places[context] = place
                targets.append(
                    Target(
                        context: context,
                        amounts: Array(repeating: 0, count: level.width),
                        source: (source, group),
                        slots: edge.carriedSlots
                    )
                )
            }
            targets[place].count = TrendLayout.sum(targets[place].count, level.counts[group])
            for amount in 0..<level.width {
                targets[place].amounts[amount] += level.amounts[group * level.width + amount]
            }
        }
    }

    /// The same for one target, in a loop over plain numbers.
    private func addUp(
        _ scan: TrendScan,
        _ level: TrendLevel,
        _ target: inout Target,
        _ evaluator: inout Evaluator
    ) {
        let width = level.width
        var count = target.count
        level.counts.withUnsafeBufferPointer { counts in
            level.amounts.withUnsafeBufferPointer { amounts in
                target.amounts.withUnsafeMutableBufferPointer { sums in
                    scan.forEach(&evaluator) { group in
                        count = TrendLayout.sum(count, counts[group])
                        for place in 0..<width { sums[place] += amounts[group * width + place] }
                    }
                }
            }
        }
        target.count = count
    }

    /// The same by an index. False if there is none, or the condition is not about numbers.
    private func lookUp(
        _ edge: CompiledTrends.Edge,
        _ level: TrendLevel,
        _ target: inout Target,
        _ evaluator: inout Evaluator
    ) -> Bool {
        guard let index = edge.index, let comparison = edge.tests[0].comparison, !level.isOdd[comparison.column],
            let number = evaluator.evaluate(comparison.ofEvent).plainNumber
        else { return false }
        if number.isNaN { return true }
        level.indexes[index].addUp(
            before: number,
            isIncluded: comparison.isOfSame,
            &target.count,
            &target.amounts
        )
        return true
    }

    /// Adds trends to the group of their context. Returns a group that began with the event, or one below zero.
    private mutating func add(
        _ target: Target,
        to number: Int,
        _ event: Event,
        _ program: TrendProgram,
        _ evaluator: inout Evaluator
    ) -> Int {
        let step = program.trends.steps[number]
        let isOwn = step.context.contains(number)
        if !isOwn, let group = self.levels[number].group(of: target.context) {
            self.levels[number].add(target.count, target.amounts[...], to: group)
            return -1
        }
        guard self.groupCount < program.groupsMax else {
            self.dropped += 1
            return -1
        }
        self.groupCount += 1
        let isFound = !step.isOfOwnEvent(number) || step.context.isEmpty
        let group = self.levels[number].append(target.context, at: self.eventCount, isFound: isFound)
        let base = group * program.trends.slotCount
        if let (source, sourceGroup) = target.source {
            for slot in target.slots {
                let value = self.levels[source].values[sourceGroup * program.trends.slotCount + slot]
                self.levels[number].values[base + slot] = value
            }
        }
        for capture in step.captures { self.levels[number].values[base + capture.slot] = event.fields[capture.field] }
        self.fillColumns(of: group, at: number, program, &evaluator)
        self.levels[number].add(target.count, target.amounts[...], to: group)
        self.levels[number].insertIntoIndexes(group)
        return group
    }

    private mutating func fillColumns(
        of group: Int,
        at number: Int,
        _ program: TrendProgram,
        _ evaluator: inout Evaluator
    ) {
        let columns = program.trends.columns[number]
        if columns.isEmpty { return }
        for (column, node) in columns.enumerated() {
            swap(&evaluator.captures, &self.levels[number].values)
            evaluator.captureBase = group * program.trends.slotCount
            let value = evaluator.evaluate(node)
            swap(&evaluator.captures, &self.levels[number].values)
            self.levels[number].appendToColumn(column, value)
        }
    }

    // MARK: - Negations

    /// Ends the partial trends for which the negation's condition holds.
    mutating func negate(
        _ negation: CompiledTrends.Negation,
        _ program: TrendProgram,
        _ evaluator: inout Evaluator
    ) {
        if negation.condition == nil || !negation.isOfTrends {
            if !program.layout.surveys.isEmpty {
                self.records.append(Record(event: nil, number: self.eventCount, step: -1, isFirst: false, group: -1))
            }
        }
        for number in self.levels.indices {
            guard let condition = negation.condition, negation.isOfTrends else {
                self.levels[number].endAll(at: self.eventCount, isRemembered: !program.layout.surveys.isEmpty)
                continue
            }
            var ended: [Int] = []
            swap(&evaluator.captures, &self.levels[number].values)
            evaluator.stepReached = Int32(number)
            for group in self.levels[number].live where self.levels[number].counts[group] > 0 {
                evaluator.captureBase = group * program.trends.slotCount
                if evaluator.holds(condition) { ended.append(group) }
            }
            swap(&evaluator.captures, &self.levels[number].values)
            self.levels[number].end(ended, at: self.eventCount)
        }
    }

    /// About what it takes in memory.
    var heldBytes: Int {
        self.levels.reduce(0) { $0 + $1.heldBytes }
            + HeldBytes.of(self.records.count, like: self.records.lazy.map { ($0.event?.heldBytes ?? 0) + 32 })
    }
}

extension CompiledTrends.Edge {
    /// What tells the longer trend apart, if the shorter one had `context`.
    func context(_ context: ArraySlice<UInt32>, event: UInt32, _ width: Int) -> [UInt32] {
        var longer = [UInt32](repeating: event, count: width)
        for (to, from) in self.carriedEvents { longer[to] = context[context.startIndex + from] }
        return longer
    }
}
