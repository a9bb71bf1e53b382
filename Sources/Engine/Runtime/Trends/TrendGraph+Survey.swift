import VPL

/// Which events are part of complete trends.
///
/// The events are gone through from the last to the first. A group is of use from the moment on, going back, at which an
/// event came after it that was part of a complete trend together with it. What no step took is tried again, so that nobody
/// has to remember which event came after which groups.
extension TrendGraph {
    /// Writes the results of surveys to a window's words.
    func survey(_ program: TrendProgram, _ words: UnsafeMutablePointer<UInt64>, _ evaluator: inout Evaluator) {
        guard !program.layout.surveys.isEmpty else { return }
        var isOfUse = self.levels.map { [Bool](repeating: false, count: $0.groupCount) }
        for record in self.records.reversed() {
            evaluator.event = record.event
            guard self.isPart(record, program, &isOfUse, &evaluator) else { continue }
            for survey in program.layout.surveys where survey.step == record.step {
                let place = words + survey.base + program.layout.stepCount - 1
                if survey.function == .count {
                    place.pointee &+= 1
                } else if let number = record.event.fields[program.layout.arguments[survey.argument]].number {
                    survey.fold(number.bitPattern, into: place)
                }
            }
        }
    }

    /// Whether a complete trend has the event at the step. Notes which groups are of use because of it.
    private func isPart(
        _ record: Record,
        _ program: TrendProgram,
        _ isOfUse: inout [[Bool]],
        _ evaluator: inout Evaluator
    ) -> Bool {
        let step = program.trends.steps[record.step]
        let isLast = record.step == program.trends.steps.count - 1
        var isPart = isLast
        let isSingle = step.isOfOwnEvent(record.step)
        if isSingle, !isLast {
            let group =
                step.context.isEmpty
                ? self.levels[record.step].group(of: [], at: record.number)
                : record.group < 0 ? nil : record.group
            isPart = group.map { isOfUse[record.step][$0] } ?? false
        }
        if isSingle, !isPart { return false }
        let entry = record.isFirst && record.step > 0 ? [(step.entry, record.step - 1)] : []
        let again = step.isKleene ? [(step.again, record.step)] : []
        for (edge, source) in entry + again {
            let level = self.levels[source]
            var tester = TrendScan(edge, level, isEntry: source < record.step).tester(&evaluator)
            defer { tester.leave(&evaluator) }
            for group in 0..<level.groupCount
            where level.wasLive(group, at: record.number) && !(isOfUse[source][group] && isPart) {
                var isUseful = isPart
                if !isSingle, !isLast {
                    let width = self.levels[record.step].contextWidth
                    let context = edge.context(level.context(of: group), event: record.number, width)
                    let target = self.levels[record.step].group(of: context, at: record.number)
                    isUseful = target.map { isOfUse[record.step][$0] } ?? false
                }
                guard isUseful, tester.holds(group, &evaluator) else { continue }
                isOfUse[source][group] = true
                isPart = true
            }
        }
        return isPart
    }
}
