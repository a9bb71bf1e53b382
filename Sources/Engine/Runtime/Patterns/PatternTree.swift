/// How the steps of a pattern with `AND` and `OR` belong together.
///
/// The leaves are a single event or a `SEQ`, whose steps follow each other as those of a sequence do. All steps of the
/// pattern stand in one list, in the order written; a node has those from its first to its last:
///
///     SEQ(A, B) AND (C OR D) AND NOT E        steps A B C D E
///
///     0 all  0..<5  operands 1, 2  unless 5
///     1 items 0..<2     2 any 2..<4  operands 3, 4     5 items 4..<5
///     3 items 2..<3     4 items 3..<4
struct PatternTree: Sendable {
    enum Kind: Sendable {
        /// An event or a `SEQ`.
        case items
        /// `AND`.
        case all
        /// `OR`.
        case any
    }

    struct Node: Sendable {
        let kind: Kind
        let steps: Range<Int>
        /// Of `AND` and `OR`, by their places in the tree.
        let operands: [Int]
        /// What must not happen, of `AND`.
        let unless: [Int]

        /// Of items: the last step that may take the first event, then for each step the last that may take the next one.
        let reach: [Int]
        /// Of items: from this step on it has all its events.
        let completePosition: Int
        /// Of items: the last one is a `NOT`.
        let waitsForDeadline: Bool
        /// Of items: the places of those of its `NOT` in the pattern's list.
        let negations: Range<Int>
    }

    /// The first is the root.
    let nodes: [Node]
    /// Each holds at positions of its own node only.
    let negations: [CompiledSequence.Negation]

    /// The steps that may take the first event of a run.
    var starters: [Int] { self.starters(of: 0) }

    private func starters(of node: Int) -> [Int] {
        let described = self.nodes[node]
        switch described.kind {
        case .items: return Array(described.steps.lowerBound...described.reach[0])
        case .all, .any: return described.operands.flatMap { self.starters(of: $0) }
        }
    }
}

/// What a run knows of a node of its pattern.
struct PatternNodeState: Sendable {
    enum Progress: UInt8, Sendable {
        case open
        /// It has all its events, and may take more.
        case complete
        /// It has all its events and takes no more.
        case closed
        /// A `NOT` has ended it.
        case dead
    }

    var progress = Progress.open
    /// Items: the step that took the last event. `AND`: 0 as soon as it has an event. `OR`: which operand completed it.
    /// Below zero before.
    var position: Int32 = -1

    var isComplete: Bool { self.progress == .complete || self.progress == .closed }
}
