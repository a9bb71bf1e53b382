import VPL

/// The steps of a pattern in one list, and the nodes of its tree, before any condition is compiled.
struct PatternOutline {
    /// A `NOT` among the items of a `SEQ`, and the positions at which it holds.
    struct Negation {
        let item: PatternItem
        let first: Int
        let last: Int
    }

    /// Whether there is more than one event or one `SEQ`.
    let isTree: Bool
    private(set) var steps: [PatternItem] = []
    private(set) var negations: [Negation] = []
    private(set) var nodes: [PatternTree.Node] = []
    private var paths: [[PatternScopes.Turn]] = []

    init(_ expression: PatternExpression) {
        self.isTree = expression.isTree
        _ = self.add(expression, [])
    }

    /// Nil where steps follow each other as those of a sequence do.
    var scopes: PatternScopes? { self.isTree ? PatternScopes(paths: self.paths) : nil }

    /// Adds a node and all below it. Returns its place.
    private mutating func add(_ expression: PatternExpression, _ path: [PatternScopes.Turn]) -> Int {
        switch expression {
        case .sequence(let items): return self.add(items, path)
        case .event(let item): return self.add([item], path)
        case .and(let operands): return self.add(.all, operands, path)
        case .or(let operands): return self.add(.any, operands, path)
        // The checker lets it stand only in `AND`.
        case .not(let operand): return self.add(operand, path)
        }
    }

    private mutating func add(
        _ kind: PatternTree.Kind,
        _ operands: [PatternExpression],
        _ path: [PatternScopes.Turn]
    ) -> Int {
        let place = self.nodes.count
        let start = self.steps.count
        // A place for it, so that those below come after.
        self.nodes.append(PatternTree.Node(kind, start..<start, operands: [], unless: []))
        var (wanted, unwanted): ([Int], [Int]) = ([], [])
        for (number, operand) in operands.enumerated() {
            let isNegated = if case .not = operand { true } else { false }
            let turn = PatternScopes.Turn(node: place, kind: kind, operand: number, isNegated: isNegated)
            let node = self.add(operand, path + [turn])
            if isNegated { unwanted.append(node) } else { wanted.append(node) }
        }
        self.nodes[place] = PatternTree.Node(kind, start..<self.steps.count, operands: wanted, unless: unwanted)
        return place
    }

    private mutating func add(_ items: [PatternItem], _ path: [PatternScopes.Turn]) -> Int {
        let start = self.steps.count
        let firstNegation = self.negations.count
        for item in items {
            guard item.isNegated else {
                self.steps.append(item)
                self.paths.append(path)
                continue
            }
            // Before the first step it has no meaning.
            let last = self.steps.count - 1
            guard last >= start else { continue }
            var first = last
            while first > start, self.steps[first].isOptional { first -= 1 }
            self.negations.append(Negation(item: item, first: first, last: last))
        }
        self.nodes.append(
            PatternTree.Node(
                items: start..<self.steps.count,
                isOptional: self.steps[start...].map(\.isOptional),
                waitsForDeadline: items.last?.isNegated ?? false,
                negations: firstNegation..<self.negations.count
            )
        )
        return self.nodes.count - 1
    }
}

extension PatternTree.Node {
    /// `AND` or `OR`.
    fileprivate init(_ kind: PatternTree.Kind, _ steps: Range<Int>, operands: [Int], unless: [Int]) {
        self.init(
            kind: kind,
            steps: steps,
            operands: operands,
            unless: unless,
            reach: [],
            completePosition: 0,
            waitsForDeadline: false,
            negations: 0..<0
        )
    }

    fileprivate init(items steps: Range<Int>, isOptional: [Bool], waitsForDeadline: Bool, negations: Range<Int>) {
        var reach = [Int](repeating: steps.upperBound - 1, count: steps.count + 1)
        var last = steps.upperBound - 1
        for place in isOptional.indices.reversed() {
            if !isOptional[place] { last = steps.lowerBound + place }
            reach[place] = last
        }
        self.init(
            kind: .items,
            steps: steps,
            operands: [],
            unless: [],
            reach: reach,
            completePosition: steps.lowerBound + (isOptional.lastIndex(of: false) ?? 0),
            waitsForDeadline: waitsForDeadline,
            negations: negations
        )
    }
}
