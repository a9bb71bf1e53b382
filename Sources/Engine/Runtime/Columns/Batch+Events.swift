/// Rows as events.
extension Batch {
    /// The event in a row, with all its fields where they are known to the frame or the batch keeps whole events, else
    /// with those that the program reads.
    func event(_ row: Int, in frame: Frame) -> Event {
        let type = frame.type ?? self.typeName(row)
        if frame.fields == nil, frame.isInput, self.schema.keepsEvents {
            var event = self.wholeEvent(row)
            event.type = type
            return event
        }
        var event = Event(type: type, timestamp: frame.times[row])
        if let fields = frame.fields {
            for field in fields {
                if let value = self.value(field.column, row) { event.fields[field.name] = value }
            }
        } else {
            for (slot, column) in frame.columns.enumerated() {
                if let column, let value = self.value(column, row) {
                    event.fields[self.schema.slots.names[slot]] = value
                }
            }
        }
        return event
    }

    /// The event of the input in a row, with all its fields, where the batch keeps whole events.
    func inputEvent(_ row: Int) -> Event {
        var event = self.wholeEvent(row)
        event.type = self.typeName(row)
        return event
    }

    /// The event as it came: read again, from the text of which the row holds a part.
    private func wholeEvent(_ row: Int) -> Event {
        if var event = self.events[row] {
            event.timestamp = self.times[row]
            return event
        }
        let line = self.lines[row]
        let bytes = UnsafeBufferPointer(start: self.input + Int(line.start), count: Int(line.count))
        let time = self.times[row]
        // The line was read before, and gave the row; a time in it is the row's time too.
        if bytes.first(where: { !$0.isSpace }) == UInt8(ascii: "{") {
            var cuts = EventCuts()
            let event = try? EventDecoder.decode(bytes.span, defaultType: "", arrival: time, cuts: &cuts)
            return event ?? Event(type: "", timestamp: time)
        }
        var reader = EventFileReader()
        reader.offset = time
        return (try? reader.read(bytes.span)) ?? Event(type: "", timestamp: time)
    }
}
