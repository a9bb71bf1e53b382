/// Makes frames of events, in their order: a new one when an event finds no room.
///
/// What is beyond `EventLimits` is cut as it is when JSON is read, and an event that still takes more than a payload may
/// have is left out.
public struct EventFrameWriter {
    /// What was cut of the events.
    public private(set) var cuts = EventCuts()
    /// How many events were too large for a frame.
    public private(set) var leftOut: UInt64 = 0

    private var tables = FrameTables()
    private var times: [Int64] = []
    private var shapes: [UInt16] = []
    /// By field, of the rows that have it.
    private var columns: [[Value]] = []
    /// How many bytes the rows take at most.
    private var bytes = 0

    /// A time and a shape.
    private static let rowBytes = 10

    public init() {}

    /// How many events the frame under way has.
    public var count: Int { self.times.count }

    /// Takes an event.
    ///
    /// - Returns: The frame of the events before it, if it had to begin another.
    public mutating func append(_ event: Event) -> [UInt8]? {
        let (event, names, values) = self.fitted(event)
        guard names + values <= EventLimits.payloadBytesMax else {
            self.leftOut += 1
            return nil
        }
        let hasRoom =
            self.times.count < EventFrame.rowsMax
            && self.tables.fields.texts.count + event.fields.count <= EventFrame.namesMax
            && self.tables.bytes + self.bytes + names + values <= EventFrame.bytesMax - Self.overheadBytes
        let frame = hasRoom ? nil : self.finish()
        let shape = self.tables.shape(of: event)
        while self.columns.count < self.tables.fields.texts.count { self.columns.append([]) }
        for (entry, field) in zip(event.fields.entries, self.tables.shapes[Int(shape)].fields) {
            self.columns[Int(field)].append(entry.value)
        }
        self.shapes.append(shape)
        self.times.append(event.timestamp)
        self.bytes += values
        return frame
    }

    /// The header, and what the times begin with.
    private static let overheadBytes = EventFrame.headerBytes + 24

    /// The frame under way; nil if it has no event.
    public mutating func finish() -> [UInt8]? {
        guard !self.times.isEmpty else { return nil }
        var frame = EventFrame.magic
        frame.reserveCapacity(self.tables.bytes + self.bytes + Self.overheadBytes)
        frame += [EventFrame.version, 0]
        for count in [
            self.times.count, self.tables.types.texts.count, self.tables.fields.texts.count, self.tables.shapes.count,
            0,
        ] {
            frame.append(number: UInt16(count))
        }
        let lengthPlace = frame.count
        frame.append(number: 0 as UInt32)
        self.tables.write(to: &frame)
        FrameTimes.write(self.times, to: &frame)
        if self.tables.shapes.count > 256 {
            for shape in self.shapes { frame.append(number: shape) }
        } else if self.tables.shapes.count > 1 {
            frame += self.shapes.map { UInt8($0) }
        }
        for column in self.columns { Self.write(column, to: &frame) }
        var length: [UInt8] = []
        length.append(number: UInt32(frame.count))
        frame.replaceSubrange(lengthPlace..<lengthPlace + length.count, with: length)
        self.clear()
        return frame
    }

    private mutating func clear() {
        self.tables = FrameTables()
        self.times.removeAll(keepingCapacity: true)
        self.shapes.removeAll(keepingCapacity: true)
        self.columns.removeAll(keepingCapacity: true)
        self.bytes = 0
    }

    /// The values of a field: of one kind without their tags, if they are and it is a plain one.
    private static func write(_ values: [Value], to frame: inout [UInt8]) {
        let tag = values.first.map(FrameValue.tag) ?? EventFrame.Kind.tagged
        let isPlain = tag != Cell.null && tag < FrameValue.array && values.allSatisfy { FrameValue.tag($0) == tag }
        guard isPlain else {
            frame.append(EventFrame.Kind.tagged)
            for value in values { FrameValue.write(value, to: &frame) }
            return
        }
        if tag == Cell.string, RepeatedTexts.write(values, to: &frame) { return }
        frame.append(tag)
        guard tag == Cell.string else {
            for value in values { FrameValue.writeWord(value, to: &frame) }
            return
        }
        var end: UInt32 = 0
        for case .string(let text) in values {
            end += UInt32(text.utf8.count)
            frame.append(number: end)
        }
        for case .string(let text) in values { frame.append(contentsOf: text.utf8) }
    }

    // MARK: - Limits

    /// How many bytes the names and the values of an event take at most; nil if something in it is beyond the limits, or may
    /// be.
    private static func sizes(_ event: Event) -> (names: Int, values: Int)? {
        guard event.fields.count <= EventLimits.fieldsMax, event.type.utf8.count <= EventLimits.stringBytesMax else {
            return nil
        }
        var names = FrameTables.nameBytes(event.type) + FrameTables.shapeBytes(event.fields.count)
        var values = Self.rowBytes
        for entry in event.fields.entries {
            switch entry.value {
            case .null, .bool, .int, .float, .timestamp, .duration: break
            case .string(let text): if text.utf8.count > EventLimits.stringBytesMax { return nil }
            case .array, .map: return nil
            }
            guard entry.name.utf8.count <= EventLimits.stringBytesMax else { return nil }
            names += FrameTables.nameBytes(entry.name)
            values += FrameValue.size(entry.value)
        }
        return (names, values)
    }

    /// The event within the limits, and its sizes.
    private mutating func fitted(_ event: Event) -> (Event, names: Int, values: Int) {
        if let sizes = Self.sizes(event) { return (event, sizes.names, sizes.values) }
        if event.fields.count > EventLimits.fieldsMax { self.cuts.events += 1 }
        var fitted = Event(type: event.type.fitted(&self.cuts), timestamp: event.timestamp)
        var names = FrameTables.nameBytes(fitted.type)
        var values = Self.rowBytes
        for entry in event.fields.entries.prefix(EventLimits.fieldsMax) {
            let (name, value) = (entry.name.fitted(&self.cuts), entry.value.fitted(&self.cuts))
            fitted.fields[name] = value
            names += FrameTables.nameBytes(name)
            values += FrameValue.size(value)
        }
        return (fitted, names + FrameTables.shapeBytes(fitted.fields.count), values)
    }
}
