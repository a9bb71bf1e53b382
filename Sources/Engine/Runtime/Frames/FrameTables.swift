/// The types, fields and shapes of the events that a writer has for its frame.
struct FrameTables {
    private(set) var types = Names()
    private(set) var fields = Names()
    private(set) var shapes: [Shape] = []
    private var numbers: [[UInt16]: UInt16] = [:]
    /// How many bytes they take in the frame.
    private(set) var bytes = 0

    struct Shape {
        let type: UInt16
        let fields: [UInt16]
    }

    /// Different texts, each with its number.
    struct Names {
        private(set) var texts: [String] = []
        private var numbers: [ExactText: UInt16] = [:]

        /// - Returns: The number; whether the text is new.
        mutating func number(of text: String) -> (UInt16, isNew: Bool) {
            if let number = self.numbers[ExactText(text)] { return (number, false) }
            let number = UInt16(self.texts.count)
            self.texts.append(text)
            self.numbers[ExactText(text)] = number
            return (number, true)
        }
    }

    /// How many of the newest shapes an event is compared to before its names are looked up.
    private static let newestCount = 4

    /// The number of the event's shape. There are fewer than `EventFrame.namesMax` of everything.
    mutating func shape(of event: Event) -> UInt16 {
        for number in self.shapes.indices.suffix(Self.newestCount).reversed()
        where self.matches(event, self.shapes[number]) {
            return UInt16(number)
        }
        let type = self.number(of: event.type, in: \.types)
        let fields = event.fields.entries.map { self.number(of: $0.name, in: \.fields) }
        if let number = self.numbers[[type] + fields] { return number }
        let number = UInt16(self.shapes.count)
        self.shapes.append(Shape(type: type, fields: fields))
        self.numbers[[type] + fields] = number
        self.bytes += Self.shapeBytes(fields.count)
        return number
    }

    private func matches(_ event: Event, _ shape: Shape) -> Bool {
        guard event.fields.count == shape.fields.count, event.type.isExactly(self.types.texts[Int(shape.type)]) else {
            return false
        }
        for (entry, field) in zip(event.fields.entries, shape.fields)
        where !entry.name.isExactly(self.fields.texts[Int(field)]) {
            return false
        }
        return true
    }

    private mutating func number(of text: String, in names: WritableKeyPath<Self, Names>) -> UInt16 {
        let (number, isNew) = self[keyPath: names].number(of: text)
        // A field's column begins with a byte for the kind of its values.
        if isNew { self.bytes += Self.nameBytes(text) }
        return number
    }

    static func nameBytes(_ text: String) -> Int { 5 + text.utf8.count }

    static func shapeBytes(_ fieldCount: Int) -> Int { 4 + 2 * fieldCount }

    func write(to bytes: inout [UInt8]) {
        for text in self.types.texts + self.fields.texts { FrameValue.write(text, to: &bytes) }
        for shape in self.shapes {
            bytes.append(number: shape.type)
            bytes.append(number: UInt16(shape.fields.count))
            for field in shape.fields { bytes.append(number: field) }
        }
    }
}
