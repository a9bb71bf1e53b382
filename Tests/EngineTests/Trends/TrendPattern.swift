/// A program that counts trends, as the oracle knows it.
struct TrendPattern {
    struct Item {
        let function: String
        /// The step that it is about, and the field.
        let step: Int
        let field: String

        func text(_ pattern: OraclePattern) -> String {
            let name = pattern.name(of: self.step) ?? ""
            switch self.function {
            case "count_trends": return "count_trends()"
            case "count_events": return "count_events(\(name))"
            default: return "\(self.function)(\(name).\(self.field))"
            }
        }
    }

    /// Its steps, negations, key and time; the rest is of sequences.
    var pattern = OraclePattern()
    var items: [Item] = []
    /// Whether another stream reads the results.
    var hasReader = false

    var program: String {
        var text = self.pattern.derivesFirst ? Self.derived : ""
        text += "stream S = "
        if self.pattern.isConstruct {
            let steps = self.pattern.steps.map { step in
                "\(step.alias ?? ""): \(step.type)" + (step.condition.map { " where \($0.text)" } ?? "")
            }
            text += "sequence(\(steps.joined(separator: ", ")))\n"
        } else {
            for (number, step) in self.pattern.steps.enumerated() {
                if number > 0 { text += "    -> " }
                text += (step.isKleene ? "all " : "") + step.type
                if number > 0, let condition = step.condition { text += " where \(condition.text)" }
                text += step.alias.map { " as \($0)" } ?? ""
                if number == 0, let filter = self.pattern.firstFilter { text += "\n    .where(\(filter.text))" }
                text += "\n"
            }
        }
        for negation in self.pattern.negations {
            text += "    .not(\(negation.type)\(negation.condition.map { " where \($0.text)" } ?? ""))\n"
        }
        text += "    .within(\(self.pattern.within ?? 0)s)\n"
        let items = self.items.enumerated().map { "i\($0): \($1.text(self.pattern))" }
        text += "    .trend_aggregate(\(items.joined(separator: ", ")))\n"
        if self.pattern.isPartitioned { text += "    .partition_by(k)\n" }
        text += self.hasReader ? "stream R = S\n    .where(i0 > 0)\n    .emit()\n" : "    .emit()\n"
        return text + (self.pattern.derivesFirst ? "" : Self.derived)
    }

    private static let derived = "stream F = A\n    .where(v > 1)\n"
}
