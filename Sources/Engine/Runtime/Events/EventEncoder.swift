/// Events as JSON.
public enum EventEncoder {
    /// A line of the program's output, without the newline: `{"event_type":…,"timestamp":…,"fields":{…}}`.
    public static func outputLine(_ event: Event) -> [UInt8] {
        var writer = JSONWriter()
        writer.header(of: event)
        writer.raw(",\"fields\":")
        writer.write(event.fields)
        writer.bytes.append(UInt8(ascii: "}"))
        return writer.bytes
    }

    /// What sinks send: one flat object of `event_type`, `timestamp` and the fields. Fields named as those two would
    /// appear twice and are left out.
    public static func sinkPayload(_ event: Event) -> [UInt8] {
        var writer = JSONWriter()
        writer.header(of: event)
        for entry in event.fields.entries where entry.name != "timestamp" && entry.name != "event_type" {
            writer.bytes.append(UInt8(ascii: ","))
            writer.write(entry.name)
            writer.bytes.append(UInt8(ascii: ":"))
            writer.write(entry.value)
        }
        writer.bytes.append(UInt8(ascii: "}"))
        return writer.bytes
    }

    /// A value by itself.
    public static func json(_ value: Value) -> [UInt8] {
        var writer = JSONWriter()
        writer.write(value)
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func header(of event: Event) {
        self.raw("{\"event_type\":")
        self.write(event.type)
        self.raw(",\"timestamp\":")
        self.write(time: event.timestamp)
    }
}
