import Engine

/// A sequence as the oracle knows it: its own form of steps and conditions, written as a program for the engine.
struct OraclePattern {
    struct Step {
        let type: String
        let alias: String?
        let isKleene: Bool
        let condition: OracleCondition?
    }

    struct Negation {
        let type: String
        let condition: OracleCondition?
    }

    var steps: [Step] = []
    var negations: [Negation] = []
    /// A `.where` before the first arrow.
    var firstFilter: OracleCondition?
    /// In seconds.
    var within: Int64?
    var isPartitioned = false
    /// A `.where` on matches.
    var filter: OracleCondition?
    /// How matches are output.
    var reading = Reading.emitted
    /// Written as `sequence(…)`.
    var isConstruct = false
    /// Whether the derived stream `F` is declared first.
    var derivesFirst = false

    enum Reading {
        /// By an `.emit` with fields of all steps.
        case emitted
        /// By another stream that emits all that it gets.
        case whole
        /// By another stream that names fields.
        case named
    }

    /// The name under which a step is known after the pattern.
    func name(of number: Int) -> String? {
        let step = self.steps[number]
        return step.alias ?? (self.steps.count { $0.type == step.type } == 1 ? step.type : nil)
    }

    /// The expressions of the output, in order, for the fields `o0`, `o1` and so on.
    var outputs: [Output] {
        var outputs: [Output] = [.duration, .stream]
        if self.isPartitioned { outputs.append(.key) }
        for number in self.steps.indices where self.name(of: number) != nil {
            outputs += [.field(number, "v", isFlat: false), .field(number, "w", isFlat: true)]
            if self.steps[number].isKleene {
                outputs += ["count", "sum", "avg", "min", "max", "first", "last"].map { .aggregate($0, number, "v") }
                outputs.append(.aggregate("count", number, nil))
            }
        }
        return outputs
    }

    enum Output {
        case duration
        case stream
        case key
        case field(Int, String, isFlat: Bool)
        case aggregate(String, Int, String?)
    }

    private func text(of output: Output, isOutside: Bool) -> String? {
        switch output {
        case .duration: "match_duration_ms"
        case .stream: "stream"
        case .key: "to_string(k)"
        case .field(let number, let field, let isFlat):
            (self.name(of: number) ?? "") + (isFlat || isOutside ? "_" : ".") + field
        case .aggregate(let function, let number, let field):
            isOutside ? nil : "\(function)(\(self.name(of: number) ?? "")\(field.map { ".\($0)" } ?? ""))"
        }
    }

    var program: String {
        var text = self.derivesFirst ? Self.derived : ""
        text += "stream S = "
        if self.isConstruct {
            let steps = self.steps.map { step in
                "\(step.alias ?? ""): \(step.type)" + (step.condition.map { " where \($0.text)" } ?? "")
            }
            text += "sequence(\(steps.joined(separator: ", ")))\n"
        } else {
            for (number, step) in self.steps.enumerated() {
                if number > 0 { text += "    -> " }
                text += (step.isKleene ? "all " : "") + step.type
                if number > 0, let condition = step.condition { text += " where \(condition.text)" }
                text += step.alias.map { " as \($0)" } ?? ""
                if number == 0, let filter = self.firstFilter { text += "\n    .where(\(filter.text))" }
                text += "\n"
            }
        }
        if self.isPartitioned { text += "    .partition_by(k)\n" }
        if let within = self.within { text += "    .within(\(within)s)\n" }
        for negation in self.negations {
            text += "    .not(\(negation.type)\(negation.condition.map { " where \($0.text)" } ?? ""))\n"
        }
        if let filter = self.filter { text += "    .where(\(filter.text))\n" }
        let fields = self.outputs.enumerated().compactMap { place, output in
            self.text(of: output, isOutside: self.reading == .named).map { "o\(place): \($0)" }
        }
        switch self.reading {
        case .emitted: text += "    .emit(\(fields.joined(separator: ", ")))\n"
        case .whole: text += "stream R = S\n    .emit()\n"
        case .named: text += "stream R = S\n    .emit(\(fields.joined(separator: ", ")))\n"
        }
        return text + (self.derivesFirst ? "" : Self.derived)
    }

    private static let derived = "stream F = A\n    .where(v > 1)\n"
}

/// A condition over the fields of events, which are ints where they are there.
indirect enum OracleCondition {
    case comparison(OracleTerm, String, OracleTerm)
    case and(OracleCondition, OracleCondition)
    case or(OracleCondition, OracleCondition)
    case not(OracleCondition)

    var text: String {
        switch self {
        case .comparison(let left, let symbol, let right): "\(left.text) \(symbol) \(right.text)"
        case .and(let left, let right): "(\(left.text) and \(right.text))"
        case .or(let left, let right): "(\(left.text) or \(right.text))"
        case .not(let operand): "(not (\(operand.text)))"
        }
    }
}

enum OracleTerm {
    case int(Int64)
    /// A field of the event at hand.
    case field(String)
    /// A field of what a name stands for, and something added to it.
    case member(String, String, plus: Int64)

    var text: String {
        switch self {
        case .int(let int): "\(int)"
        case .field(let field): field
        case .member(let name, let field, let sum): sum == 0 ? "\(name).\(field)" : "\(name).\(field) + \(sum)"
        }
    }
}
