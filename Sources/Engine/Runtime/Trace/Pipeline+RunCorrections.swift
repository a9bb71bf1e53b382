/// What only the matcher knows: whether there was room for a run. Notes that were taken before are corrected.
extension Pipeline {
    /// What is remembered of a sequence while it takes an event.
    struct Room {
        let refused: UInt64
        let evicted: UInt64
        /// The runs of the event's key, where runs give way to others.
        let runs: Set<UInt64>
    }

    func room(_ state: Int, for event: Event) -> Room {
        let sequence = self.sequences[state]
        return Room(refused: sequence.refused, evicted: sequence.evicted, runs: sequence.runNumbers(besideOf: event))
    }

    /// After a sequence has taken an event.
    mutating func correctRuns(_ state: Int, offered event: Event, _ before: Room) {
        let sequence = self.sequences[state]
        let limit = "the stream holds as much as it may"
        if sequence.refused > before.refused {
            self.journal?.withLastStream { stream in
                if !stream.notes.isEmpty { stream.notes.removeLast() }
                stream.notes.append(TraceNote(kind: .notStarted, text: "no run begins with it: \(limit)"))
            }
        }
        guard sequence.evicted > before.evicted else { return }
        let left = sequence.runNumbers(besideOf: event)
        self.journal?.withLastStream { stream in
            // Of one that was complete it is not known whether that ended it.
            let ended = stream.notes.filter { [.ended, .expired, .completed].contains($0.kind) }.compactMap(\.run)
            let gone = before.runs.subtracting(left).subtracting(ended).sorted()
            let start = stream.notes.popLast()
            stream.notes.removeAll { note in note.kind == .waiting && note.run.map(gone.contains) ?? false }
            for run in gone {
                stream.notes.append(TraceNote(kind: .ended, run: run, text: "ends to make room for another: \(limit)"))
            }
            if gone.isEmpty {
                let text = "an older run, of this key or another, ends to make room: \(limit)"
                stream.notes.append(TraceNote(kind: .ended, text: text))
            }
            if let start { stream.notes.append(start) }
        }
    }

    /// A run that waited for its deadline is complete because the stream's time is known to be beyond it.
    mutating func noteDeadline(_ match: Event, before time: Int64?) {
        let text =
            "a run is complete: its deadline was \(match.timestamp.shownAsTime), "
            + (time.map { "and the watermark is \($0.shownAsTime)" } ?? "and no more events come")
        self.journal?.add(TraceNote(kind: .completed, text: text))
    }
}

extension SequenceState {
    /// The runs of an event's key.
    func runNumbers(besideOf event: Event) -> Set<UInt64> {
        guard self.budget.sparesBytes else { return [] }
        let key = ExactText(self.sequence.key.map { event.fields[$0].partitionText } ?? "")
        guard let partition = self.lists.partition(of: key) else { return [] }
        return Set(self.runs(of: partition, at: 0..<self.lists.positionCount).map { self.table[$0].number })
    }
}
