import VPL

/// What is traced, as text for people.
public struct TraceRenderer: Sendable {
    private let isColored: Bool

    /// - Parameter isColored: Whether what takes it understands the control sequences of terminals.
    public init(isColored: Bool = false) {
        self.isColored = isColored
    }

    /// Parameters of the control sequence that selects graphic rendition (ECMA-48).
    fileprivate enum Colour: String {
        case title = "1"
        case good = "1;32"
        case bad = "1;33"
        case plain = "0"
        case margin = "1;34"
    }

    private func paint(_ text: String, _ colour: Colour) -> String {
        self.isColored && colour != .plain ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    // MARK: - Events

    /// A paragraph, with what followed from the event further in.
    ///
    /// - Parameter place: Where the event was read.
    public func text(of explanation: EventExplanation, at place: String) -> String {
        let event = explanation.event
        let margin = String(repeating: "    ", count: explanation.depth)
        let origin = explanation.depth == 0 ? "\(place): " : "result: "
        var text = margin + self.paint(origin, .margin) + self.paint(event.type.cut(to: 80), .title)
        text += " \(event.fields.shown) at \(event.timestamp.shownAsTime)\n"
        if explanation.streams.isEmpty { text += "\(margin)    no stream reads \(event.type.cut(to: 80))\n" }
        for stream in explanation.streams {
            let key = stream.key.map { ", key \(Value.string($0).shown)" } ?? ""
            text += "\(margin)  \(self.paint("stream \(stream.stream)", .title))\(key)\n"
            for note in stream.notes { text += self.text(of: note, margin + "    ") }
            if stream.runsWaiting > 0 { text += "\(margin)    \(stream.runsWaiting) more runs wait on\n" }
        }
        return text
    }

    private func text(of note: TraceNote, _ margin: String) -> String {
        let run = note.run.map { "run \($0) " } ?? ""
        var sentence = note.text
        // What is told of a run begins with its verb, or with what the run does.
        if note.run != nil, sentence.hasPrefix("step ") || sentence.hasPrefix("the run ") {
            sentence = "\(note.kind == .waiting ? "stays" : "goes on"): \(sentence)"
        }
        var text = "\(margin)\(self.paint(run + sentence, note.kind.colour))\n"
        for reason in note.reasons { text += "\(margin)  \(reason.text)\n" }
        return text
    }

    // MARK: - Keys

    /// What is open for a key.
    public func text(of trace: KeyTrace) -> String {
        var text = ""
        for sequence in trace.sequences { text += self.text(of: sequence, key: trace.key) }
        for window in trace.windows {
            text += self.paint("stream \(window.stream)", .title)
            text += ", \(window.keyField) \(Value.string(trace.key).shown): the window (\(window.kind)) holds"
            text += " \(window.heldCount) event\(window.heldCount == 1 ? "" : "s")"
            text += window.until.map { ", and waits for the watermark \($0.shownAsTime)\n" } ?? "\n"
        }
        for trends in trace.trends { text += self.text(of: trends, key: trace.key) }
        for watermark in trace.watermarks { text += self.text(of: watermark) }
        if !trace.isKnown {
            text += "nothing is held of the key \(Value.string(trace.key).shown)"
            let near = trace.nearest.map { Value.string($0).shown }.joined(separator: ", ")
            text += trace.nearest.isEmpty ? "\n" : "; there is \(near)\n"
        }
        return text
    }

    private func text(of sequence: SequenceTrace, key: String) -> String {
        let whose = sequence.keyField.map { ", \($0) \(Value.string(key).shown)" } ?? ", all events together"
        var text = self.paint("stream \(sequence.stream)", .title) + whose + ": "
        if sequence.runCount == 0 {
            let firsts = sequence.starters.map { $0.text() }.joined(separator: ", or ")
            text += "no open run; one begins with \(firsts)\n"
        } else {
            text += "\(sequence.runCount) open run\(sequence.runCount == 1 ? "" : "s")\n"
        }
        if let time = sequence.time { text += "  its time is \(time.shownAsTime)\n" }
        for run in sequence.runs { text += self.text(of: run, sequence) }
        if sequence.runCount > sequence.runs.count {
            text += "  and \(sequence.runCount - sequence.runs.count) more\n"
        }
        if sequence.runsDropped > 0 {
            text += "  \(sequence.runsDropped) runs of the stream did not begin: their keys had as many as they may\n"
        }
        return text
    }

    private func text(of run: RunTrace, _ sequence: SequenceTrace) -> String {
        var text = "  " + self.paint("run \(run.number)", .title) + ", since \(run.start.shownAsTime)\n"
        for taken in run.taken {
            let values = taken.values.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
            text += taken.isUncertain ? "    may have  " : "    has       "
            text += taken.step.text(withCondition: false)
            text += values.isEmpty ? "\n" : ": \(values)\n"
        }
        for operand in run.operands { text += "    operand   \(operand)\n" }
        for step in run.awaited where run.operands.isEmpty {
            text += "    waits for \(step.text(isMore: step.number == run.step))\n"
        }
        if run.waitsForDeadline { text += "    waits for the end of its time: then it is a match\n" }
        if let until = run.until { text += "    until     \(until.shownAsTime)\n" }
        for negation in run.endedBy { text += "    ended by  \(negation)\n" }
        return text
    }

    private func text(of trends: TrendTrace, key: String) -> String {
        let whose = trends.keyField.map { ", \($0) \(Value.string(key).shown)" } ?? ", all events together"
        var text = self.paint("stream \(trends.stream)", .title) + whose
        guard let start = trends.start, let until = trends.until else { return text + ": no window is open\n" }
        let count = trends.completeCount
        text += ": the window holds \(count) complete trend\(count == 1 ? "" : "s")\n"
        text += "    since     \(start.shownAsTime)\n    until     \(until.shownAsTime)\n"
        for step in trends.steps {
            text += "    step \(step.step.number)    \(step.step.text()): "
            text += "\(step.trendCount) \(step.step.number == trends.steps.count ? "complete" : "partial") trend"
            text += step.trendCount == 1 ? " ends here\n" : "s end here\n"
        }
        return text
    }

    /// How far a stream's watermark has come.
    public func text(of watermark: WatermarkTrace) -> String {
        var text = self.paint("stream \(watermark.stream)", .title) + ": "
        text += watermark.effective.map { "its watermark is \($0.shownAsTime)\n" } ?? "it has no watermark yet\n"
        for source in watermark.sources where watermark.sources.count > 1 || source.watermark == nil {
            text += "    \(source.type.cut(to: 80)) "
            text += source.watermark?.shownAsTime ?? "has not come, and holds nothing back"
            text += source.type == watermark.slowest ? ", the slowest\n" : "\n"
        }
        if let lateness = watermark.lateness {
            text += "    what is more than \(lateness.shownAsSpan) before it is dropped"
            text += watermark.dropped > 0 ? ": \(watermark.dropped) so far\n" : "\n"
        }
        return text
    }

    /// The keys with the most runs, a table for each stream.
    public func text(of keys: BusyKeys) -> String {
        var text = self.paint("stream \(keys.stream)", .title) + ": \(keys.runCount) open run"
        text += keys.runCount == 1 ? "" : "s"
        guard let field = keys.keyField else { return text + ", all events together\n" }
        text += keys.keyCount == 0 ? "\n" : " of \(keys.keyCount) \(field)\(keys.keyCount == 1 ? "" : "s")\n"
        for entry in keys.keys { text += "  \(Value.string(entry.key).shown)  \(entry.runCount)\n" }
        if keys.keyCount > keys.keys.count { text += "  and \(keys.keyCount - keys.keys.count) more\n" }
        return text
    }
}

extension TraceNote.Kind {
    fileprivate var colour: TraceRenderer.Colour {
        switch self {
        case .started, .moved, .repeated, .completed, .fired, .processed, .emitted, .sent, .resulted: .good
        case .ended, .expired, .notStarted, .dropped, .unjoined, .unread: .bad
        case .waiting, .idle, .gathered: .plain
        }
    }
}
