/// A named pattern as its oracle knows it, written as a program for the engine.
struct NamedPattern {
    /// An event that is to happen.
    struct Item {
        let type: String
        let alias: String?
        /// `+`, `*`, `?`, or nothing.
        let repetition: String
        var condition: OracleCondition?

        var isRepeated: Bool { self.repetition == "+" || self.repetition == "*" }
        var maySkip: Bool { self.repetition == "*" || self.repetition == "?" }
        var text: String { self.type + self.repetition + NamedPattern.text(self.condition, self.alias) }
    }

    /// A `NOT` among the items of a `SEQ`.
    struct Absence {
        let type: String
        let alias: String?
        var condition: OracleCondition?

        var text: String { "NOT \(self.type)" + NamedPattern.text(self.condition, self.alias) }
    }

    /// Items and absences by their places.
    enum Element {
        case item(Int)
        case absence(Int)
    }

    indirect enum Shape {
        case event(Int)
        case sequence([Element])
        case and([Shape])
        case or([Shape])
        case not(Shape)
    }

    enum Key {
        case none
        /// `partition by`.
        case pattern
        /// `.partition_by`, against another one of the pattern.
        case stream
    }

    var items: [Item] = []
    var absences: [Absence] = []
    var shape = Shape.and([])
    /// In seconds.
    var within: Int64?
    var key = Key.none
    /// The `.not` of the stream.
    var negations: [OraclePattern.Negation] = []
    /// A `.where` on matches.
    var filter: OracleCondition?
    var reading = OraclePattern.Reading.emitted

    fileprivate static func text(_ condition: OracleCondition?, _ alias: String?) -> String {
        (condition.map { " where \($0.text)" } ?? "") + (alias.map { " as \($0)" } ?? "")
    }

    // MARK: - Items

    /// The items below a node that are to happen.
    func wanted(_ shape: Shape) -> [Int] {
        switch shape {
        case .event(let item): [item]
        case .sequence(let elements): elements.compactMap { if case .item(let item) = $0 { item } else { nil } }
        case .and(let operands), .or(let operands): operands.flatMap(self.wanted)
        case .not: []
        }
    }

    /// The only item of a type that is to happen, if there is one only.
    func onlyItem(ofType type: String) -> Int? {
        let found = self.wanted(self.shape).filter { self.items[$0].type == type }
        return found.count == 1 ? found[0] : nil
    }

    /// The name under which an item is known after the pattern.
    func name(of item: Int) -> String? {
        self.items[item].alias ?? (self.onlyItem(ofType: self.items[item].type) == item ? self.items[item].type : nil)
    }

    /// The items that are to happen and have a name, by that name: several only in an `OR`.
    var named: [(name: String, items: [Int])] {
        var named: [(name: String, items: [Int])] = []
        for item in self.wanted(self.shape) {
            guard let name = self.name(of: item) else { continue }
            if let place = named.firstIndex(where: { $0.name == name }) {
                named[place].items.append(item)
            } else {
                named.append((name, [item]))
            }
        }
        return named
    }

    // MARK: - Text

    private func text(_ shape: Shape, isWithin: Bool = true) -> String {
        switch shape {
        case .event(let item): return self.items[item].text
        case .sequence(let elements):
            let texts = elements.map { element in
                switch element {
                case .item(let item): self.items[item].text
                case .absence(let absence): self.absences[absence].text
                }
            }
            return "SEQ(\(texts.joined(separator: ", ")))"
        case .and(let operands), .or(let operands):
            let isAnd = if case .and = shape { true } else { false }
            let text = operands.map { self.text($0) }.joined(separator: isAnd ? " AND " : " OR ")
            return isWithin ? "(\(text))" : text
        case .not(let operand):
            return "NOT \(self.text(operand))"
        }
    }

    var program: String {
        var text = "pattern P = \(self.text(self.shape, isWithin: false))"
        if let within = self.within { text += " within \(within)s" }
        switch self.key {
        case .none: break
        case .pattern: text += " partition by k"
        case .stream: text += " partition by w"
        }
        text += "\nstream S = P\n"
        if self.key == .stream { text += "    .partition_by(k)\n" }
        for negation in self.negations {
            text += "    .not(\(negation.type)\(negation.condition.map { " where \($0.text)" } ?? ""))\n"
        }
        if let filter = self.filter { text += "    .where(\(filter.text))\n" }
        let fields = self.outputs.enumerated().compactMap { place, output in
            self.text(of: output).map { "o\(place): \($0)" }
        }
        switch self.reading {
        case .emitted: text += "    .emit(\(fields.joined(separator: ", ")))\n"
        case .whole: text += "stream R = S\n    .emit()\n"
        case .named: text += "stream R = S\n    .emit(\(fields.joined(separator: ", ")))\n"
        }
        return text
    }

    /// The expressions of the output, in order, for the fields `o0`, `o1` and so on.
    enum Output {
        case duration
        case stream
        case key
        case field([Int], String)
        case aggregate(String, [Int], String?)
    }

    var outputs: [Output] {
        var outputs: [Output] = [.duration, .stream]
        if self.key != .none { outputs.append(.key) }
        for (_, items) in self.named {
            outputs += [.field(items, "v"), .field(items, "w")]
            if items.allSatisfy({ self.items[$0].isRepeated }) {
                outputs += ["count", "sum", "avg", "max", "first", "last"].map { .aggregate($0, items, "v") }
                outputs.append(.aggregate("count", items, nil))
            }
        }
        return outputs
    }

    private func text(of output: Output) -> String? {
        switch output {
        case .duration: "match_duration_ms"
        case .stream: "stream"
        case .key: "to_string(k)"
        case .field(let items, let field):
            (self.name(of: items[0]) ?? "") + (field == "w" || self.reading == .named ? "_" : ".") + field
        case .aggregate(let function, let items, let field):
            self.reading == .named
                ? nil : "\(function)(\(self.name(of: items[0]) ?? "")\(field.map { ".\($0)" } ?? ""))"
        }
    }
}
