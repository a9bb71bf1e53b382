import VPL

/// What an event is going to do to the runs of a pattern with `AND` or `OR`. A copy of the state is offered the event: what
/// the nodes of a tree decide between them is not worked out twice.
extension SequenceState {
    func explainTrees(in partition: Int32?, _ look: inout Look, _ explanation: inout Explanation) {
        var twin = self
        let runs = partition.map { self.runs(of: $0, at: 0..<self.lists.positionCount) } ?? []
        var fates: [(run: Int32, note: TraceNote?)] = []
        var ends = 0
        for run in runs {
            let (note, isOver) = self.fateOfTree(of: run, &twin, &look)
            fates.append((run, note))
            if isOver { ends += 1 }
        }
        explanation.tell(fates) { twin.waitOfTree(of: $0, &look) }
        if let note = self.startOfTree(beside: runs.count, ending: ends, in: partition, &twin, &look) {
            explanation.notes.append(note)
        }
    }

    /// What becomes of a run, nil for one that waits on, and whether it ends.
    private func fateOfTree(of run: Int32, _ twin: inout SequenceState, _ look: inout Look) -> (TraceNote?, Bool) {
        if let note = self.ageing(of: run, look) { return (note, true) }
        let number = self.table[run].number
        let (event, type) = (look.event, look.interest.type)
        look.evaluator.captureBase = Int(run) * self.sequence.slotCount
        look.evaluator.stepReached = self.table[run].position
        for negation in look.interest.negations {
            if let condition = negation.condition, !look.evaluator.holds(condition) { continue }
            let text = CompiledSequence.outline(of: negation, look.conditions)
            return (TraceNote(kind: .ended, run: number, text: "is ended by \(text)"), true)
        }
        guard self.typesWanted[Int(run)] & Self.bit(of: type) != 0 else { return (nil, false) }
        twin.negate(node: 0, of: run, by: event, of: type, &look.evaluator)
        guard twin[run, 0].progress != .dead, !twin.isComplete(run) || twin.goesOn(node: 0, of: run) else {
            let text =
                self.isComplete(run)
                ? "takes no more because of a NOT of the pattern" : "is ended by a NOT of the pattern"
            return (TraceNote(kind: .ended, run: number, text: text), true)
        }
        let before = twin.leafPositions(of: run)
        guard twin.offer(event, of: type, to: 0, of: run, isStart: false, &look.evaluator) else { return (nil, false) }
        let takers = twin.takers(of: run, since: before)
        let names = takers.map {
            "step \($0 + 1), \(self.sequence.outline(ofStep: $0, look.conditions).text(withCondition: false))"
        }
        let name = names.isEmpty ? "a step that takes many takes it" : "\(names.joined(separator: ", and ")), takes it"
        let step = takers.count == 1 ? takers[0] + 1 : nil
        guard twin.isComplete(run) else {
            let text = "\(name); \(twin.textOfWaiting(run, look.conditions))"
            let kind: TraceNote.Kind = takers.isEmpty ? .repeated : .moved
            return (TraceNote(kind: kind, run: number, step: step, text: text), false)
        }
        let goesOn = twin.goesOn(node: 0, of: run)
        let rest = goesOn ? "a match, and the run waits for more" : "the run is complete"
        return (TraceNote(kind: .completed, run: number, step: step, text: "\(name): \(rest)"), !goesOn)
    }

    private func waitOfTree(of run: Int32, _ look: inout Look) -> TraceNote {
        let awaited = self.stepsAwaited(by: 0, of: run).filter { self.typesOfSteps[$0] == look.interest.type }
        var reasons: [ConditionReason] = []
        for step in awaited {
            let isFirst = !self.leafPositions(of: run).contains { $0.position == Int32(step) }
            reasons += self.reasons(against: step, of: run, isFirst: isFirst, &look)
        }
        let text = self.textOfWaiting(run, look.conditions)
        return TraceNote(
            kind: .waiting,
            run: self.table[run].number,
            text: awaited.isEmpty ? "\(text), not for \(look.event.type)" : text,
            reasons: reasons
        )
    }

    private func startOfTree(
        beside runCount: Int,
        ending ends: Int,
        in partition: Int32?,
        _ twin: inout SequenceState,
        _ look: inout Look
    ) -> TraceNote? {
        let (event, type) = (look.event, look.interest.type)
        guard self.typesOfStarters.contains(type) else { return self.idleNote(beside: runCount, look) }
        let run = twin.table.begin(at: event.timestamp, in: partition ?? 0, &look.evaluator.captures)
        twin.makeNodes(of: run)
        guard twin.offer(event, of: type, to: 0, of: run, isStart: true, &look.evaluator) else {
            let starters = self.sequence.starters.filter { self.typesOfSteps[$0] == type }
            let reasons = starters.flatMap { self.reasons(against: $0, of: 0, isFirst: true, &look) }
            return TraceNote(kind: .notStarted, text: "no run begins with it", reasons: reasons)
        }
        let number = twin.table[run].number
        let isMatch = twin[run, 0].isComplete
        if isMatch, !twin.goesOn(node: 0, of: run) {
            return TraceNote(kind: .completed, run: number, text: "is a match by itself")
        }
        if let note = self.refusal(beside: runCount - ends) { return note }
        if !isMatch, !twin.isSettled(node: 0, of: run), let note = self.lateness(look) { return note }
        if isMatch {
            let text = "begins with it: a match, and the run waits for more"
            return TraceNote(kind: .completed, run: number, text: text)
        }
        let text = "begins with it; \(twin.textOfWaiting(run, look.conditions))"
        return TraceNote(kind: .started, run: number, text: text)
    }
}
