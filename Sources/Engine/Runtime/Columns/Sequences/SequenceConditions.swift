import VPL

/// Takes the conditions of sequences apart.
struct SequenceConditions {
    private let code: Code
    /// By node: whether it, or an operand, looks at a run.
    private let readers: [Bool]
    private let calls: [Bool]

    init(_ code: Code) {
        self.code = code
        self.calls = code.nodesWithCalls
        self.readers = code.nodes { node in
            switch node {
            case .captured, .unlessFirst, .ifReached: true
            default: false
            }
        }
    }

    func looksAtRun(_ node: NodeID) -> Bool { self.readers[Int(node.rawValue)] }

    /// Conditions that must all hold for one to hold.
    ///
    /// - Parameter isFirst: Whether the step has taken no event for the run.
    /// - Returns: Each with the step that the run must have reached for it to hold.
    func parts(of condition: NodeID, isFirst: Bool) -> [(node: NodeID, stepMin: Int)] {
        var parts: [(node: NodeID, stepMin: Int)] = []
        var rest: [(node: NodeID, stepMin: Int)] = [(condition, 0)]
        while let (node, stepMin) = rest.popLast() {
            switch self.code[node] {
            // All calls of an expression together are bound in what they may do.
            case _ where self.calls[Int(node.rawValue)]: parts.append((node, stepMin))
            case .and(let left, let right): rest += [(right, stepMin), (left, stepMin)]
            case .unlessFirst(let operand): if !isFirst { rest.append((operand, stepMin)) }
            case .ifReached(let step, let operand): rest.append((operand, max(stepMin, Int(step))))
            default: parts.append((node, stepMin))
            }
        }
        return parts
    }

    /// A comparison of the event with a value of the run.
    func comparison(_ node: NodeID) -> (SequenceProgram.Test.Relation, operand: NodeID, slot: Int)? {
        guard case .comparison(let symbol, let left, let right) = self.code[node], !self.calls[Int(node.rawValue)]
        else {
            return nil
        }
        if case .captured(let slot) = self.code[right], !self.looksAtRun(left) {
            return Self.relation(symbol).map { ($0, left, Int(slot)) }
        }
        if case .captured(let slot) = self.code[left], !self.looksAtRun(right) {
            return Self.relation(symbol).map { (Self.turned($0), right, Int(slot)) }
        }
        return nil
    }

    private static func relation(_ symbol: BinaryOperator) -> SequenceProgram.Test.Relation? {
        switch symbol {
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        case .equal: .equal
        case .notEqual: .notEqual
        default: nil
        }
    }

    /// The relation of the right side to the left.
    private static func turned(_ relation: SequenceProgram.Test.Relation) -> SequenceProgram.Test.Relation {
        switch relation {
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        case .equal, .notEqual, .scalar: relation
        }
    }

    // MARK: - Slots

    /// The slots of runs that the sequence's own conditions read.
    func slots(of sequence: CompiledSequence) -> Set<Int> {
        let conditions = sequence.steps.flatMap(\.conditions) + sequence.negations.compactMap(\.condition)
        return Set(conditions.flatMap { self.slots(in: $0) })
    }

    /// The slots of runs that an expression reads.
    func slots(in node: NodeID) -> [Int] {
        self.code.leaves(of: [node]).compactMap { if case .captured(let slot) = $0 { Int(slot) } else { nil } }
    }
}

extension Code {
    /// All nodes of expressions.
    func leaves(of roots: [NodeID]) -> [Node] {
        var found: [Node] = []
        var rest = roots
        func all(_ list: NodeList) -> [NodeID] { list.indices.map { self.operands[$0] } }
        while let id = rest.popLast() {
            let node = self[id]
            found.append(node)
            switch node {
            case .missing, .constant, .name, .field, .captured, .matched, .batch: break
            case .member(let base, _, _, _), .unary(_, let base), .typeTest(let base, _), .unlessFirst(let base),
                .ifReached(_, let base):
                rest.append(base)
            case .index(let left, let right), .arithmetic(_, let left, let right), .comparison(_, let left, let right),
                .and(let left, let right), .or(let left, let right), .coalesce(let left, let right),
                .range(let left, let right, _):
                rest += [left, right]
            case .method(_, let base, _): rest.append(base)
            case .slice(let base, let from, let to): rest += [base, from, to].compactMap(\.self)
            case .conditional(let condition, let a, let b): rest += [condition, a, b]
            case .array(let list), .map(_, let list), .builtin(_, let list), .call(_, let list): rest += all(list)
            case .template(let index):
                for case .value(let node, _) in self.templates[Int(index)] { rest.append(node) }
            }
        }
        return found
    }
}
