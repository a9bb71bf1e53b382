import VPL

/// What an event is going to do to the runs of its partition. Nothing is changed: the rules of `take` are gone through
/// beside it, with a copy of the evaluator, and a test holds the two against each other.
/// Only where conditions call functions that change global variables may the two come to different ends.
extension SequenceState {
    /// So many runs are told of for one event.
    static let runsShownMax = 20

    /// What an explanation needs beside the runs.
    private struct Look {
        let event: Event
        let interest: Interest
        let conditions: [NodeID: Expression]
        /// The partition's time once the event has come.
        let now: Int64
        var evaluator: Evaluator
    }

    func explanation(
        of event: Event,
        _ evaluator: Evaluator,
        _ conditions: [NodeID: Expression]
    ) -> (key: String?, notes: [TraceNote], runsWaiting: Int) {
        let key = self.sequence.key.map { event.fields[$0].partitionText }
        // Of patterns with AND and OR only the open runs are told.
        guard self.sequence.tree == nil, let interest = self.interests[event.type] else { return (key, [], 0) }
        let partition = self.lists.partition(of: ExactText(key ?? ""))
        let time = partition.map { self.lists[$0].time } ?? .min
        var look = Look(
            event: event,
            interest: interest,
            conditions: conditions,
            now: max(time, event.timestamp),
            evaluator: evaluator
        )
        look.evaluator.event = event
        look.evaluator.captures = self.values
        var notes: [TraceNote] = []
        var idle: [Int32] = []
        var ends = 0
        let runs = partition.map { self.runs(of: $0, at: 0..<self.lists.positionCount) } ?? []
        for run in runs {
            guard let note = self.fate(of: run, &look) else {
                idle.append(run)
                continue
            }
            if self.ends(note) { ends += 1 }
            notes.append(note)
        }
        let shown = idle.prefix(max(0, Self.runsShownMax - notes.count))
        let untold = max(0, notes.count - Self.runsShownMax)
        notes = Array(notes.prefix(Self.runsShownMax)) + shown.map { self.wait(of: $0, &look) }
        notes.sort { ($0.run ?? 0) < ($1.run ?? 0) }
        if untold > 0 {
            notes.append(TraceNote(kind: .moved, text: "\(untold) further runs move, are complete or end"))
        }
        if let note = self.start(beside: runs.count, of: &look, ending: ends) { notes.append(note) }
        return (key, notes, idle.count - shown.count)
    }

    private func ends(_ note: TraceNote) -> Bool {
        switch note.kind {
        case .expired, .ended: true
        case .completed: note.step.map { $0 > self.lists.positionCount } ?? true
        default: false
        }
    }

    /// What becomes of a run; nil for one that waits on.
    private func fate(of run: Int32, _ look: inout Look) -> TraceNote? {
        let (number, start) = (self.table[run].number, self.table[run].start)
        if let within = self.sequence.within, start.isBefore(look.now, minus: within) {
            if self.isWaiting(run) {
                let text = "is complete: its time is over, and nothing came that ends it"
                return TraceNote(kind: .completed, run: number, text: text)
            }
            let text = "expires: it began at \(start.shownAsTime), more than \(within.shownAsSpan) before"
            return TraceNote(kind: .expired, run: number, text: "\(text) \(look.now.shownAsTime)")
        }
        let position = Int(self.table[run].position)
        look.evaluator.captureBase = Int(run) * self.sequence.slotCount
        for negation in look.interest.negations where negation.positions?.contains(position) ?? true {
            look.evaluator.stepReached = Int32(position)
            if let condition = negation.condition, !look.evaluator.holds(condition) { continue }
            let text = CompiledSequence.outline(of: negation, look.conditions)
            return TraceNote(kind: .ended, run: number, text: "is ended by \(text)")
        }
        guard look.interest.positions.contains(position) else { return nil }
        let taker = self.sequence.stepsAwaited(at: position).first { step in
            guard self.typesOfSteps[step] == look.interest.type else { return false }
            look.evaluator.isFirstOfStep = step > position
            return self.sequence.steps[step].conditions.allSatisfy { look.evaluator.holds($0) }
        }
        guard let taker else { return nil }
        return self.move(of: number, from: position, to: taker, look.conditions)
    }

    private func move(
        of run: UInt64,
        from position: Int,
        to taker: Int,
        _ conditions: [NodeID: Expression]
    ) -> TraceNote {
        let step = self.sequence.outline(ofStep: taker, conditions)
        let name = "step \(taker + 1), \(step.text(withCondition: false)),"
        if taker >= self.completePosition, !self.sequence.waitsForDeadline {
            let goesOn = taker < self.lists.positionCount
            let rest = goesOn ? "a match, and the run waits for more" : "the run is complete"
            return TraceNote(kind: .completed, run: run, step: taker + 1, text: "\(name) takes it: \(rest)")
        }
        let kind: TraceNote.Kind = taker == position ? .repeated : .moved
        return TraceNote(
            kind: kind,
            run: run,
            step: taker + 1,
            text: "\(name) takes it; \(self.wait(at: taker, conditions))"
        )
    }

    /// What a run at the position waits for.
    private func wait(at position: Int, _ conditions: [NodeID: Expression]) -> String {
        var steps = self.sequence.stepsAwaited(at: position).map { step in
            self.sequence.outline(ofStep: step, conditions).text(isMore: step == position)
        }
        if self.sequence.waitsForDeadline, position >= self.completePosition { steps.append("the end of its time") }
        return "the run waits for \(steps.joined(separator: ", or "))"
    }

    /// Why a run waits on.
    private func wait(of run: Int32, _ look: inout Look) -> TraceNote {
        let position = Int(self.table[run].position)
        look.evaluator.captureBase = Int(run) * self.sequence.slotCount
        var reasons: [ConditionReason] = []
        for step in self.sequence.stepsAwaited(at: position) where self.typesOfSteps[step] == look.interest.type {
            look.evaluator.isFirstOfStep = step > position
            for condition in self.sequence.steps[step].conditions {
                reasons += look.evaluator.reasons(against: condition, look.conditions)
            }
        }
        look.evaluator.stepReached = Int32(position)
        let negations = look.interest.negations.filter { $0.positions?.contains(position) ?? true }
        for condition in negations.compactMap(\.condition) {
            reasons += look.evaluator.reasons(against: condition, look.conditions)
        }
        let isAwaited = self.sequence.stepsAwaited(at: position).contains {
            self.typesOfSteps[$0] == look.interest.type
        }
        let text = self.wait(at: position, look.conditions)
        return TraceNote(
            kind: .waiting,
            run: self.table[run].number,
            text: isAwaited || !reasons.isEmpty ? text : "\(text), not for \(look.event.type)",
            reasons: reasons
        )
    }

    /// Whether the event begins a run, or why not; nil where there is nothing to say.
    ///
    /// - Parameter ends: How many of the partition's runs the event ends.
    private func start(beside runCount: Int, of look: inout Look, ending ends: Int) -> TraceNote? {
        let starters = self.sequence.starters.filter { self.typesOfSteps[$0] == look.interest.type }
        guard !starters.isEmpty else {
            let firsts = self.sequence.starters.map { self.sequence.outline(ofStep: $0, look.conditions).text() }
            let text = "no run is open; one begins with \(firsts.joined(separator: ", or "))"
            return runCount == 0 ? TraceNote(kind: .idle, text: text) : nil
        }
        look.evaluator.captureBase = 0
        look.evaluator.isFirstOfStep = true
        let starter = starters.first { step in
            self.sequence.steps[step].conditions.allSatisfy { look.evaluator.holds($0) }
        }
        guard let starter else {
            let conditions = starters.flatMap { self.sequence.steps[$0].conditions }
            let reasons = conditions.flatMap { look.evaluator.reasons(against: $0, look.conditions) }
            return TraceNote(kind: .notStarted, text: "no run begins with it", reasons: reasons)
        }
        let number = self.table.startedCount + 1
        guard starter < self.lists.positionCount else {
            return TraceNote(kind: .completed, run: number, step: starter + 1, text: "is a match by itself")
        }
        let openRuns = runCount - ends
        guard openRuns < self.budget.runsPerKey else {
            let text = "no run begins with it: \(openRuns) are open, as many as there may be"
            return TraceNote(kind: .notStarted, text: text)
        }
        if let within = self.sequence.within, look.event.timestamp.isBefore(look.now, minus: within) {
            let text =
                "no run begins with it: it is more than \(within.shownAsSpan) older than an event that came before"
            return TraceNote(kind: .notStarted, text: text)
        }
        let text = "begins with it; \(self.wait(at: starter, look.conditions))"
        return TraceNote(kind: .started, run: number, step: starter + 1, text: text)
    }
}
