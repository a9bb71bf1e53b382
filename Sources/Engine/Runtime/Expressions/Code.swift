import VPL

/// The expressions of a program, names resolved, as one flat table.
///
/// A node refers to its operands by their place in the table, and holds nothing that is reference counted: walking an
/// expression touches no counter but those of the values it makes. `a + 1` is three nodes, the root last:
///
///     0: name(0)   1: constant(0)   2: arithmetic(.add, 0, 1)
struct Code: Sendable {
    private(set) var nodes: [Node] = []
    private(set) var constants: [Value] = []
    private(set) var names: [NameReference] = []
    private(set) var texts: [String] = []
    /// The operands of nodes that have any number of them.
    private(set) var operands: [NodeID] = []
    private(set) var templates: [[TemplateSegment]] = []

    subscript(id: NodeID) -> Node { self.nodes[Int(id.rawValue)] }

    mutating func append(_ node: Node) -> NodeID {
        self.nodes.append(node)
        return NodeID(rawValue: Int32(self.nodes.count - 1))
    }

    mutating func constant(_ value: Value) -> NodeID {
        self.constants.append(value)
        return self.append(.constant(Int32(self.constants.count - 1)))
    }

    mutating func name(_ name: NameReference) -> NodeID {
        self.names.append(name)
        return self.append(.name(Int32(self.names.count - 1)))
    }

    mutating func text(_ text: String) -> TextID {
        self.texts.append(text)
        return TextID(rawValue: Int32(self.texts.count - 1))
    }

    mutating func list(_ operands: [NodeID]) -> NodeList {
        self.operands.append(contentsOf: operands)
        return NodeList(start: Int32(self.operands.count - operands.count), count: Int32(operands.count))
    }

    mutating func template(_ segments: [TemplateSegment]) -> NodeID {
        self.templates.append(segments)
        return self.append(.template(Int32(self.templates.count - 1)))
    }
}

extension Code {
    /// For each node whether it calls a function of the program, itself or in an operand.
    var nodesWithCalls: [Bool] {
        self.nodes { node in
            if case .call = node { true } else { false }
        }
    }

    /// For each node whether it, or an operand, is such a one. Operands stand before the nodes that have them.
    func nodes(with isWanted: (Node) -> Bool) -> [Bool] {
        var found = [Bool](repeating: false, count: self.nodes.count)
        func any(_ nodes: NodeID?...) -> Bool { nodes.contains { $0.map { found[Int($0.rawValue)] } ?? false } }
        func any(_ list: NodeList) -> Bool { list.indices.contains { found[Int(self.operands[$0].rawValue)] } }
        for (place, node) in self.nodes.enumerated() {
            found[place] =
                switch node {
                case _ where isWanted(node): true
                case .missing, .constant, .name, .field, .captured, .matched, .batch: false
                case .member(let base, _, _, _), .unary(_, let base), .typeTest(let base, _), .unlessFirst(let base),
                    .method(_, let base, _),
                    .ifReached(_, let base):
                    any(base)
                case .index(let left, let right), .arithmetic(_, let left, let right),
                    .comparison(_, let left, let right), .and(let left, let right), .or(let left, let right),
                    .coalesce(let left, let right), .range(let left, let right, _):
                    any(left, right)
                case .slice(let base, let from, let to): any(base, from, to)
                case .conditional(let condition, let a, let b): any(condition, a, b)
                case .array(let list), .map(_, let list), .builtin(_, let list), .call(_, let list): any(list)
                case .template(let index):
                    self.templates[Int(index)].contains { segment in
                        if case .value(let node, _) = segment { any(node) } else { false }
                    }
                }
        }
        return found
    }
}

/// The place of a node in the table.
struct NodeID: Hashable, Sendable {
    let rawValue: Int32
}

/// The place of a text in the table.
struct TextID: Hashable, Sendable {
    let rawValue: Int32
}

/// A run of operands.
struct NodeList: Hashable, Sendable {
    let start: Int32
    let count: Int32

    var indices: Range<Int> { Int(self.start)..<Int(self.start + self.count) }
}

enum Node: Sendable {
    case missing
    case constant(Int32)
    case name(Int32)
    /// A field of the current event, whatever else has its name.
    case field(TextID)
    /// `base.field`; where `base` is no map but the name of the current event's type, the event's field.
    case member(NodeID, type: TextID?, field: TextID, isOptional: Bool)
    /// A value of the run that an event is offered to, by its slot.
    case captured(Int32)
    /// The same, of the run that the current event is the match of.
    case matched(Int32)
    /// True while the step has taken no event for the run; then the operand.
    case unlessFirst(NodeID)
    /// The operand if the run has an event of that step; else missing.
    case ifReached(Int32, NodeID)
    case index(NodeID, NodeID)
    case slice(NodeID, from: NodeID?, to: NodeID?)
    case array(NodeList)
    /// Keys are the texts from `keys` on, one for each operand.
    case map(keys: TextID, NodeList)
    case template(Int32)
    case unary(UnaryOperator, NodeID)
    case arithmetic(BinaryOperator, NodeID, NodeID)
    case comparison(BinaryOperator, NodeID, NodeID)
    case typeTest(NodeID, TypeTest)
    case and(NodeID, NodeID)
    case or(NodeID, NodeID)
    case coalesce(NodeID, NodeID)
    case conditional(NodeID, NodeID, NodeID)
    case range(NodeID, NodeID, isClosed: Bool)
    case call(FunctionID, NodeList)
    case builtin(BuiltinFunction, NodeList)
    /// The events that a `.pattern` looks at.
    case batch
    case method(CollectionMethod, NodeID, lambda: FunctionID?)
}

/// The place of a function in the plan.
struct FunctionID: Hashable, Sendable {
    let rawValue: Int32
}

/// What a bare name may stand for, in the order in which it is looked for.
struct NameReference: Sendable {
    let text: String
    let local: Int?
    let global: Int?
}

enum TemplateSegment: Sendable {
    case text(String)
    /// Replaced by the value's text, or by `spelling` when there is none.
    case value(NodeID, spelling: String)
}

/// The right side of `is` when it names a type.
enum TypeTest: String, Sendable {
    case int, float, bool, array, map, timestamp, duration
    case string = "str"
    case null

    func accepts(_ value: Value) -> Bool {
        switch (self, value) {
        case (.null, .null), (.bool, .bool), (.int, .int), (.float, .float), (.string, .string): true
        case (.array, .array), (.map, .map), (.timestamp, .timestamp), (.duration, .duration): true
        default: false
        }
    }
}
