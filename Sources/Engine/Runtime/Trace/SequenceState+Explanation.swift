import VPL

/// What an event is going to do to the runs of its partition. Nothing is changed: the rules of `take` are gone through
/// beside it, with a copy of the evaluator, and a test holds the two against each other.
/// Only where conditions call functions that change global variables may the two come to different ends.
extension SequenceState {
    /// So many runs are told of for one event.
    static let runsShownMax = 20

    /// What an explanation needs beside the runs.
    struct Look {
        let event: Event
        let interest: Interest
        let conditions: [NodeID: Expression]
        /// The partition's time once the event has come.
        let now: Int64
        /// Nothing came for the partition for so long that only runs that wait for their deadline are left.
        let isForgotten: Bool
        var evaluator: Evaluator
    }

    /// What is told of an event, and what the matcher has yet to confirm.
    struct Explanation {
        var key: String?
        var notes: [TraceNote] = []
        var runsWaiting = 0
    }

    func explanation(
        of event: Event,
        _ evaluator: Evaluator,
        _ conditions: [NodeID: Expression]
    ) -> Explanation {
        let key = self.sequence.key.map { event.fields[$0].partitionText }
        var explanation = Explanation(key: key)
        guard let interest = self.interests[event.type] else { return explanation }
        let partition = self.lists.partition(of: ExactText(key ?? ""))
        let isForgotten = partition.map { self.isForgotten($0) } ?? false
        let time = isForgotten ? .min : partition.map { self.lists[$0].time } ?? .min
        var look = Look(
            event: event,
            interest: interest,
            conditions: conditions,
            now: max(time, event.timestamp),
            isForgotten: isForgotten,
            evaluator: evaluator
        )
        look.evaluator.event = event
        look.evaluator.captures = self.values
        if self.sequence.tree != nil {
            self.explainTrees(in: partition, &look, &explanation)
            return explanation
        }
        let runs = partition.map { self.runs(of: $0, at: 0..<self.lists.positionCount) } ?? []
        var fates: [(run: Int32, note: TraceNote?)] = []
        var ends = 0
        for run in runs {
            let note = self.fate(of: run, &look)
            if let note, self.ends(note) { ends += 1 }
            fates.append((run, note))
        }
        explanation.tell(fates) { self.wait(of: $0, &look) }
        if let note = self.start(beside: runs.count, of: &look, ending: ends) { explanation.notes.append(note) }
        return explanation
    }

    /// As `advance` decides it.
    private func isForgotten(_ partition: Int32) -> Bool {
        guard let patience = self.sequence.patience else { return false }
        let known = self.lists[partition].time
        return known != .min && known.isBefore(self.time, minus: patience)
    }

    private func ends(_ note: TraceNote) -> Bool {
        switch note.kind {
        case .expired, .ended: true
        case .completed: note.step.map { $0 > self.lists.positionCount } ?? true
        default: false
        }
    }

    /// What time alone does to a run; nil if nothing.
    func ageing(of run: Int32, _ look: Look) -> TraceNote? {
        guard let within = self.sequence.within else { return nil }
        let (number, start) = (self.table[run].number, self.table[run].start)
        let isWaiting = self.isWaiting(run)
        if look.isForgotten, !isWaiting {
            let patience = (self.sequence.patience ?? .max).shownAsSpan
            let text = "expires: nothing came for its key while the stream's time went on by more than \(patience)"
            return TraceNote(kind: .expired, run: number, text: text)
        }
        guard start.isBefore(look.now, minus: within) else { return nil }
        if isWaiting {
            let text = "is complete: its time is over, and nothing came that ends it"
            return TraceNote(kind: .completed, run: number, text: text)
        }
        let text = "expires: it began at \(start.shownAsTime), more than \(within.shownAsSpan) before"
        return TraceNote(kind: .expired, run: number, text: "\(text) \(look.now.shownAsTime)")
    }

    /// What becomes of a run; nil for one that waits on.
    private func fate(of run: Int32, _ look: inout Look) -> TraceNote? {
        if let note = self.ageing(of: run, look) { return note }
        let number = self.table[run].number
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
        let awaited = self.sequence.stepsAwaited(at: position).filter { self.typesOfSteps[$0] == look.interest.type }
        var reasons: [ConditionReason] = []
        for step in awaited { reasons += self.reasons(against: step, of: run, isFirst: step > position, &look) }
        look.evaluator.captureBase = Int(run) * self.sequence.slotCount
        look.evaluator.stepReached = Int32(position)
        let negations = look.interest.negations.filter { $0.positions?.contains(position) ?? true }
        for condition in negations.compactMap(\.condition) {
            reasons += look.evaluator.reasons(against: condition, look.conditions)
        }
        let text = self.wait(at: position, look.conditions)
        return TraceNote(
            kind: .waiting,
            run: self.table[run].number,
            text: !awaited.isEmpty || !reasons.isEmpty ? text : "\(text), not for \(look.event.type)",
            reasons: reasons
        )
    }

    /// Why a step does not take the event for a run; row 0 is for one that has not begun.
    func reasons(against step: Int, of run: Int32, isFirst: Bool, _ look: inout Look) -> [ConditionReason] {
        look.evaluator.captureBase = Int(run) * self.sequence.slotCount
        look.evaluator.isFirstOfStep = isFirst
        var reasons: [ConditionReason] = []
        for condition in self.sequence.steps[step].conditions {
            reasons += look.evaluator.reasons(against: condition, look.conditions)
        }
        return reasons
    }

    /// Whether the event begins a run, or why not; nil where there is nothing to say. Whether there is room for the run the
    /// matcher knows (`correct`).
    ///
    /// - Parameter ends: How many of the partition's runs the event ends.
    private func start(beside runCount: Int, of look: inout Look, ending ends: Int) -> TraceNote? {
        let starters = self.sequence.starters.filter { self.typesOfSteps[$0] == look.interest.type }
        guard !starters.isEmpty else { return self.idleNote(beside: runCount, look) }
        look.evaluator.captureBase = 0
        look.evaluator.isFirstOfStep = true
        let starter = starters.first { step in
            self.sequence.steps[step].conditions.allSatisfy { look.evaluator.holds($0) }
        }
        guard let starter else {
            let reasons = starters.flatMap { self.reasons(against: $0, of: 0, isFirst: true, &look) }
            return TraceNote(kind: .notStarted, text: "no run begins with it", reasons: reasons)
        }
        let number = self.table.startedCount + 1
        guard starter < self.lists.positionCount else {
            return TraceNote(kind: .completed, run: number, step: starter + 1, text: "is a match by itself")
        }
        if let note = self.refusal(beside: runCount - ends) { return note }
        let isComplete = starter >= self.completePosition
        if !isComplete, let note = self.lateness(look) { return note }
        if isComplete, !self.sequence.waitsForDeadline {
            let text = "begins with it: a match, and the run waits for more"
            return TraceNote(kind: .completed, run: number, step: starter + 1, text: text)
        }
        let text = "begins with it; \(self.wait(at: starter, look.conditions))"
        return TraceNote(kind: .started, run: number, step: starter + 1, text: text)
    }

    /// There is no run, and the event begins none.
    func idleNote(beside runCount: Int, _ look: Look) -> TraceNote? {
        let text = "no run is open; one begins with \(self.sequence.starters(look.conditions))"
        return runCount == 0 ? TraceNote(kind: .idle, text: text) : nil
    }

    func refusal(beside openRuns: Int) -> TraceNote? {
        guard openRuns >= self.budget.runsPerKey else { return nil }
        let text = "no run begins with it: \(openRuns) are open, as many as there may be"
        return TraceNote(kind: .notStarted, text: text)
    }

    func lateness(_ look: Look) -> TraceNote? {
        guard let within = self.sequence.within, look.event.timestamp.isBefore(look.now, minus: within) else {
            return nil
        }
        let text = "no run begins with it: it is more than \(within.shownAsSpan) older than an event that came before"
        return TraceNote(kind: .notStarted, text: text)
    }
}

extension SequenceState.Explanation {
    /// Takes the notes on runs, in the order of their start: those to which something happens first, if there are many.
    ///
    /// - Parameters:
    ///   - fates: With nil for a run that waits on.
    ///   - wait: Why one does.
    mutating func tell(_ fates: [(run: Int32, note: TraceNote?)], _ wait: (Int32) -> TraceNote) {
        let told = fates.compactMap(\.note)
        let idle = fates.filter { $0.note == nil }.map(\.run)
        let shown = idle.prefix(max(0, SequenceState.runsShownMax - told.count))
        let untold = max(0, told.count - SequenceState.runsShownMax)
        self.notes = Array(told.prefix(SequenceState.runsShownMax)) + shown.map(wait)
        self.notes.sort { ($0.run ?? 0) < ($1.run ?? 0) }
        if untold > 0 {
            self.notes.append(TraceNote(kind: .moved, text: "\(untold) further runs move, are complete or end"))
        }
        self.runsWaiting = idle.count - shown.count
    }
}
