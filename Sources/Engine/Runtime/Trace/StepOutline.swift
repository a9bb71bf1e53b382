import VPL

/// A step of a sequence, for people to see.
public struct StepOutline: Codable, Hashable, Sendable {
    /// Counted from 1.
    public let number: Int
    public let type: String
    /// The name under which other steps know its events.
    public let name: String?
    /// Whether it takes one event or more.
    public let isKleene: Bool
    /// Whether it may be skipped.
    public let isOptional: Bool
    /// What must hold of an event that it takes, as the program has it.
    public let condition: String?

    enum CodingKeys: String, CodingKey {
        case number, type, name
        case isKleene = "kleene"
        case isOptional = "optional"
        case condition
    }

    /// As in a program, and the condition only where it is wanted.
    ///
    /// - Parameter isMore: Of a step that takes many, whether it has one already.
    func text(withCondition: Bool = true, isMore: Bool = false) -> String {
        self.repetition(isMore: isMore) + self.type
            + (withCondition ? self.condition.map { " where \($0)" } ?? "" : "")
            + (self.name == self.type ? "" : self.name.map { " as \($0)" } ?? "")
    }

    private func repetition(isMore: Bool) -> String {
        if isMore { return "another " }
        if self.isOptional { return self.isKleene ? "any number of " : "perhaps " }
        return self.isKleene ? "all " : ""
    }
}

extension CompiledSequence {
    func outline(ofStep place: Int, _ conditions: [NodeID: Expression]) -> StepOutline {
        let step = self.steps[place]
        let written = step.conditions.compactMap { conditions[$0]?.source }
        return StepOutline(
            number: place + 1,
            type: step.type,
            name: step.name,
            isKleene: step.isKleene,
            isOptional: step.isOptional,
            condition: written.isEmpty ? nil : written.joined(separator: " and ").cut(to: 400)
        )
    }

    /// The steps that a run at the position waits for: the one that may take more, and those after it up to the first that
    /// may not be skipped.
    func stepsAwaited(at position: Int) -> [Int] {
        var awaited = self.steps[position].isKleene ? [position] : []
        for step in self.steps.indices.dropFirst(position + 1) {
            awaited.append(step)
            if !self.steps[step].isOptional { break }
        }
        return awaited
    }

    /// The steps that may take the first event of a run.
    var starters: [Int] { self.tree?.starters ?? Array(0...self.reach[0]) }

    /// What may take the first event of a run.
    func starters(_ conditions: [NodeID: Expression]) -> String {
        self.starters.map { self.outline(ofStep: $0, conditions).text() }.joined(separator: ", or ")
    }

    static func outline(of negation: Negation, _ conditions: [NodeID: Expression]) -> String {
        let condition = negation.condition.flatMap { conditions[$0]?.source }
        let text = negation.type + (condition.map { " where \($0.cut(to: 400))" } ?? "")
        return negation.positions == nil ? ".not(\(text))" : "NOT \(text)"
    }
}
