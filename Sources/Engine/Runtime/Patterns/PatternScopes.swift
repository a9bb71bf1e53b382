/// Which steps of a pattern with `AND` and `OR` the conditions of others may name.
///
/// Within a `SEQ` those are the steps before. The operands of an `AND` may name each other's: which of them comes first is
/// not known. Those of an `OR` know nothing of each other, and what is behind a `NOT` is known only there.
struct PatternScopes {
    /// For each step how the tree's root leads to it.
    private let paths: [[Turn]]

    /// A node on the way to a step.
    struct Turn: Equatable {
        let node: Int
        let kind: PatternTree.Kind
        /// Which of its operands the way goes through, counted with those behind `NOT`.
        let operand: Int
        let isNegated: Bool
    }

    init(paths: [[Turn]]) {
        self.paths = paths
    }

    func isNegated(_ step: Int) -> Bool { self.paths[step].contains(where: \.isNegated) }

    /// Where the ways to two steps part; nil if they belong to the same items.
    private func parting(_ first: Int, _ second: Int) -> (kind: PatternTree.Kind, depth: Int)? {
        for (depth, (left, right)) in zip(self.paths[first], self.paths[second]).enumerated() where left != right {
            return (left.kind, depth)
        }
        return nil
    }

    /// Whether a condition of the first step may name the second.
    func sees(_ first: Int, _ second: Int) -> Bool {
        guard let (kind, depth) = self.parting(first, second) else { return second < first }
        return kind == .all && !self.paths[second][depth...].contains(where: \.isNegated)
    }

    /// Whether a match has events of at most one of them.
    func excludes(_ first: Int, _ second: Int) -> Bool { self.parting(first, second)?.kind == .any }
}
