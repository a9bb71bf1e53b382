/// What expressions are evaluated against: an event, or a row of a batch in its place.
extension Evaluator {
    /// The value of the current event's field that has the name.
    func field(ofName index: Int) -> Value? {
        self.cursor.map { $0.value(ofName: index) } ?? self.event?.fields[self.code.names[index].text]
    }

    func field(ofText text: TextID) -> Value? {
        self.cursor.map { $0.value(ofText: text) } ?? self.event?.fields[self.code.texts[Int(text.rawValue)]]
    }

    /// Nil while there is no event.
    var subjectTime: Int64? { self.cursor.map(\.timestamp) ?? self.event?.timestamp }
    var subjectType: String? { self.cursor.map(\.type) ?? self.event?.type }
}
