/// Numbers the values of a key by their text, in the order of first appearance.
struct PartitionTable: Sendable {
    /// Nil where all events are one partition.
    let key: String?
    private var numbers: [ExactText: Int] = [:]

    init(key: String?) { self.key = key }

    var count: Int { self.numbers.count }

    /// In the order of their numbers.
    var texts: [String] {
        var texts = [String](repeating: "", count: self.numbers.count)
        for (text, number) in self.numbers { texts[number] = text.text }
        return texts
    }

    /// Nil for a key that has not appeared.
    func known(_ text: ExactText) -> Int? { self.numbers[text] }

    mutating func number(of event: Event) -> Int {
        self.number(of: ExactText(self.key.map { event.fields[$0].partitionText } ?? ""))
    }

    mutating func number(of text: ExactText) -> Int {
        if let number = self.numbers[text] { return number }
        self.numbers[text] = self.numbers.count
        return self.numbers.count - 1
    }

    mutating func removeAll() { self.numbers = [:] }

    var heldBytes: Int { self.numbers.count * 2 * HeldBytes.tableEntry }
}
