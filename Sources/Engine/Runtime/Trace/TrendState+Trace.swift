import VPL

/// What the window of a key holds, and what an event is going to do to it, for people to see.
extension TrendState {
    func trace(key: String, of stream: String, _ conditions: [NodeID: Expression]) -> TrendTrace {
        let trends = self.program.trends
        let partition = self.numbers[ExactText(trends.key == nil ? "" : key)]
        var trace = TrendTrace(stream: stream, keyField: trends.key, isKnown: partition != nil)
        guard let partition, self.places[partition] >= 0 else { return trace }
        let place = Int(self.places[partition])
        let start = self.windows[place].start
        trace.start = start
        trace.until = start.saturatingPlus(trends.within)
        trace.completeCount = self.completeCount(at: place)
        trace.steps = trends.steps.indices.map { step in
            TrendTrace.Step(
                step: trends.outline(ofStep: step, conditions),
                trendCount: step == trends.steps.count - 1
                    ? trace.completeCount : Int64(self.partialCount(of: step, at: place))
            )
        }
        return trace
    }

    /// The keys that it knows.
    var keys: [String] { self.program.trends.key == nil ? [] : self.numbers.keys.map(\.text) }

    private func completeCount(at place: Int) -> Int64 {
        Int64(self.words[place * self.program.layout.wordCount + TrendLayout.complete])
    }

    private func partialCount(of step: Int, at place: Int) -> UInt64 {
        self.hasGraphs
            ? self.graphs[place].levels[step].totalCount
            : self.words[place * self.program.layout.wordCount + TrendLayout.counts + step]
    }

    /// What an event does to the window of its key. A copy of the state takes it.
    func explanation(
        of event: Event,
        _ evaluator: Evaluator,
        _ conditions: [NodeID: Expression]
    ) -> (key: String?, notes: [TraceNote]) {
        let trends = self.program.trends
        let key = trends.key.map { event.fields[$0].partitionText }
        guard let interest = self.interests[event.type] else { return (key, []) }
        var (twin, evaluator) = (self, evaluator)
        evaluator.event = event
        evaluator.captures = self.blank
        var notes: [TraceNote] = []
        let partition = twin.partition(of: trends.key.flatMap { event.fields[$0] })
        var place = Int(twin.places[partition])
        if place >= 0, twin.windows[place].start.isBefore(event.timestamp, minus: trends.within) {
            notes.append(self.closing(place))
            place = -1
        }
        if place < 0 {
            guard interest.steps.last == 0 else {
                let text = "no window is open; one opens with \(trends.outline(ofStep: 0, conditions).text())"
                return (key, notes + [TraceNote(kind: .idle, text: text)])
            }
            guard twin.fits(0, &evaluator), twin.mayBegin(0, &evaluator) else {
                evaluator.captureBase = 0
                evaluator.isFirstOfStep = true
                let written = trends.steps[0].conditions + trends.steps[0].firstConditions
                let reasons = written.flatMap { evaluator.reasons(against: $0, conditions) }
                return (key, notes + [TraceNote(kind: .notStarted, text: "opens no window", reasons: reasons)])
            }
            place = twin.open(for: event, in: partition)
            let until = event.timestamp.saturatingPlus(trends.within).shownAsTime
            notes.append(TraceNote(kind: .started, text: "opens a window, for events until \(until)"))
        } else if !interest.negations.isEmpty {
            notes += interest.negations.map { trends.note(of: $0, &evaluator, conditions) }
            twin.negate(interest.negations, at: place, &evaluator)
        }
        if twin.hasGraphs { twin.graphs[place].beginEvent() }
        for step in interest.steps {
            notes.append(twin.note(of: event, offeredTo: step, at: place, &evaluator, conditions))
        }
        return (key, notes)
    }

    private func closing(_ place: Int) -> TraceNote {
        let count = self.completeCount(at: place)
        let text = "closes the window that opened at \(self.windows[place].start.shownAsTime)"
        return count > 0
            ? TraceNote(kind: .fired, text: "\(text), with \(count) complete trend\(count == 1 ? "" : "s")")
            : TraceNote(kind: .expired, text: "\(text): no trend is complete, so it gives nothing")
    }

    /// A step of the copy takes the event, or not.
    private mutating func note(
        of event: Event,
        offeredTo step: Int,
        at place: Int,
        _ evaluator: inout Evaluator,
        _ conditions: [NodeID: Expression]
    ) -> TraceNote {
        let trends = self.program.trends
        let name = "step \(step + 1), \(trends.outline(ofStep: step, conditions).text(withCondition: false)),"
        guard self.fits(step, &evaluator) else {
            let reasons = trends.steps[step].conditions.flatMap { evaluator.reasons(against: $0, conditions) }
            return TraceNote(kind: .waiting, step: step + 1, text: "\(name) does not take it", reasons: reasons)
        }
        guard self.take(event, by: step, at: place, &evaluator) else {
            let text = "\(name) does not take it: no partial trend of the window may go on with it"
            return TraceNote(kind: .waiting, step: step + 1, text: text)
        }
        let count = self.completeCount(at: place)
        let complete = "\(count) trend\(count == 1 ? " is" : "s are") complete"
        return TraceNote(kind: .moved, step: step + 1, text: "\(name) takes it: \(complete) in the window")
    }
}

extension CompiledTrends {
    func outline(ofStep place: Int, _ conditions: [NodeID: Expression]) -> StepOutline {
        let step = self.steps[place]
        let written = step.written.compactMap { conditions[$0]?.source }
        return StepOutline(
            number: place + 1,
            type: step.type,
            name: step.name,
            isKleene: step.isKleene,
            isOptional: false,
            condition: written.isEmpty ? nil : written.joined(separator: " and ").cut(to: 400)
        )
    }

    /// What a negation does to the partial trends of a window.
    fileprivate func note(
        of negation: Negation,
        _ evaluator: inout Evaluator,
        _ conditions: [NodeID: Expression]
    ) -> TraceNote {
        let written = negation.condition.flatMap { conditions[$0]?.source }.map { " where \($0.cut(to: 400))" } ?? ""
        let text = ".not(\(negation.type)\(written))"
        if negation.isOfTrends {
            return TraceNote(kind: .ended, text: "the partial trends for which it holds are ended by \(text)")
        }
        guard let condition = negation.condition, !evaluator.holds(condition) else {
            return TraceNote(kind: .ended, text: "the partial trends are ended by \(text)")
        }
        let reasons = evaluator.reasons(against: condition, conditions)
        return TraceNote(kind: .waiting, text: "no partial trend is ended by \(text)", reasons: reasons)
    }
}
