/// What a match is as an event.
extension SequenceState {
    /// The event of a match: the fields of its steps' last events under the names of the steps.
    func match(of run: Int32, at time: Int64, _ values: [Value?]) -> Event {
        let base = Int(run) * self.sequence.slotCount
        let output = self.sequence.output
        var fields = Fields()
        if output.isWhole {
            for (position, step) in self.sequence.steps.enumerated() {
                guard let name = step.name else { continue }
                for entry in self.table.event(of: run, at: position).entries {
                    let name = "\(name)_\(entry.name)"
                    if fields[name] == nil { fields[name] = entry.value }
                }
            }
        } else {
            for capture in output.fields where fields[capture.field] == nil {
                fields[capture.field] = values[base + capture.slot]
            }
        }
        if output.hasStream { fields["stream"] = .string(self.stream) }
        if output.hasDuration {
            let duration = time &- self.table[run].start
            fields["match_duration_ms"] = .int(duration / 1_000_000)
        }
        if let key = self.sequence.key, let slot = output.keySlot {
            var value = values[base + slot]
            for slot in output.furtherKeySlots where value == nil { value = values[base + slot] }
            if let value { fields[key] = value }
        }
        var match = Event(type: self.stream, timestamp: time, fields: fields)
        if output.readsValues { match.captured = Array(values[base..<base + self.sequence.slotCount]) }
        return match
    }

    mutating func match(atDeadlineOf run: Int32, _ values: inout [Value?]) -> Event {
        if self.sequence.tree != nil { self.settle(node: 0, of: run, &values) }
        return self.match(of: run, at: self.sequence.deadline(ofStart: self.table[run].start) ?? .max, values)
    }
}
