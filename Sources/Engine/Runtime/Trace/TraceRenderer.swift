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
            text += " \(window.heldCount) event\(window.heldCount == 1 ? "" : "s")\n"
        }
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
            text += "no open run; one begins with \(sequence.first.text())\n"
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
            text += "    has       \(taken.step.text(withCondition: false))"
            text += values.isEmpty ? "\n" : ": \(values)\n"
        }
        for step in run.awaited {
            let isMore = step.number == run.taken.count
            text += "    waits for \(step.text(isMore: isMore))\n"
        }
        if let until = run.until { text += "    until     \(until.shownAsTime)\n" }
        for negation in sequence.negations { text += "    ended by  \(negation)\n" }
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
