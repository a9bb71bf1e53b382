import VPL

/// What the runs of a partition hold and wait for, for people to see.
extension SequenceState {
    /// So many values of a step are shown.
    private static var valuesShownMax: Int { 16 }

    func trace(key: String, of stream: String, _ conditions: [NodeID: Expression]) -> SequenceTrace {
        let partition = self.lists.partition(of: ExactText(self.sequence.key == nil ? "" : key))
        var trace = SequenceTrace(
            stream: stream,
            keyField: self.sequence.key,
            isKnown: partition != nil,
            within: self.sequence.within,
            negations: (self.sequence.negations + (self.sequence.tree?.negations ?? [])).map {
                CompiledSequence.outline(of: $0, conditions)
            },
            starters: self.sequence.starters.map { self.sequence.outline(ofStep: $0, conditions) },
            runsDropped: self.dropped
        )
        guard let partition else { return trace }
        let time = self.lists[partition].time
        trace.time = time == .min ? nil : time
        let runs = self.runs(of: partition, at: 0..<self.lists.positionCount)
        trace.runCount = runs.count
        trace.runs = runs.prefix(Self.runsShownMax).map { self.trace(of: $0, conditions) }
        return trace
    }

    private func trace(of run: Int32, _ conditions: [NodeID: Expression]) -> RunTrace {
        let (position, start) = (Int(self.table[run].position), self.table[run].start)
        let isTree = self.sequence.tree != nil
        let steps = isTree ? self.stepsTaken(by: 0, of: run) : (0...position).map { ($0, $0 == position) }
        let awaited = isTree ? self.stepsAwaited(by: 0, of: run) : self.sequence.stepsAwaited(at: position)
        let negations = self.sequence.negations.filter { $0.positions?.contains(position) ?? true }
        return RunTrace(
            number: self.table[run].number,
            start: start,
            until: self.sequence.deadline(ofStart: start),
            step: isTree ? nil : position + 1,
            taken: steps.compactMap { self.taken(by: $0.step, of: run, isLast: $0.isLast, conditions) },
            awaited: awaited.map { self.sequence.outline(ofStep: $0, conditions) },
            waitsForDeadline: self.isWaiting(run),
            endedBy: negations.map { CompiledSequence.outline(of: $0, conditions) },
            operands: self.textsOfOperands(of: run, conditions)
        )
    }

    /// A step up to which a run has come; nil if the run has skipped it.
    ///
    /// Which of the steps that may be skipped took an event is not remembered as such. It is known where something is to be
    /// remembered of their events.
    private func taken(
        by step: Int,
        of run: Int32,
        isLast: Bool,
        _ conditions: [NodeID: Expression]
    ) -> StepTaken? {
        let described = self.sequence.steps[step]
        var isUncertain = described.isOptional && !isLast
        if isUncertain {
            let base = Int(run) * self.sequence.slotCount
            let fresh = self.sequence.freshValues
            let slots = described.captures.map(\.slot) + described.summaries.map(\.slot)
            let hasValues = slots.contains { self.values[base + $0] != fresh[$0] }
            if let slot = described.presenceSlot {
                if self.values[base + slot] != .bool(true) { return nil }
                isUncertain = false
            } else if hasValues
                || self.sequence.output.isWhole && !self.table.event(of: run, at: step).entries.isEmpty
            {
                isUncertain = false
            }
        }
        let outline = self.sequence.outline(ofStep: step, conditions)
        return StepTaken(
            step: outline,
            values: self.values(of: run, at: step, named: outline.name ?? outline.type),
            isUncertain: isUncertain
        )
    }

    /// What a run remembers of a step: fields of its last event, and what was added up over all of them.
    private func values(of run: Int32, at place: Int, named name: String) -> [ShownValue] {
        let step = self.sequence.steps[place]
        let base = Int(run) * self.sequence.slotCount
        var values: [ShownValue] = []
        func add(_ name: String, _ value: Value?) {
            guard let value, values.count < Self.valuesShownMax, !values.contains(where: { $0.name == name }) else {
                return
            }
            values.append(ShownValue(name: name, value: value.shown))
        }
        for capture in step.captures { add("\(name).\(capture.field)", self.values[base + capture.slot]) }
        for summary in step.summaries {
            let argument = summary.field.map { "\(name).\($0)" } ?? name
            add("\(summary.call.function.rawValue)(\(argument))", self.values[base + summary.slot])
        }
        if self.sequence.output.isWhole {
            for entry in self.table.event(of: run, at: place).entries { add("\(name).\(entry.name)", entry.value) }
        }
        return values
    }

    /// The partitions with the most runs, those with equally many in the order of their keys.
    func busiestKeys(atMost count: Int, of stream: String) -> BusyKeys {
        let busy = self.lists.partitions.filter { $0.runCount > 0 }.sorted { one, other in
            one.runCount == other.runCount
                ? one.key.text.precedesExactly(other.key.text) : one.runCount > other.runCount
        }
        return BusyKeys(
            stream: stream,
            keyField: self.sequence.key,
            runCount: self.table.liveCount,
            keyCount: busy.count,
            keys: busy.prefix(count).map { BusyKeys.Entry(key: $0.key.text, runCount: $0.runCount) }
        )
    }

    /// The keys that it has partitions for.
    var keys: [String] {
        self.sequence.key == nil
            ? [] : self.lists.partitions.filter { self.lists.partition(of: $0.key) != nil }.map(\.key.text)
    }
}
