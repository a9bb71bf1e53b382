import VPL

/// Which nodes of the code say the same, so that they are evaluated once for the rows of a frame.
struct SharedNodes {
    /// By node: a number that all nodes have which say the same; below zero for one that no other repeats, or that costs
    /// nothing.
    private(set) var numbers: [Int]

    init(_ code: Code) {
        self.numbers = Array(repeating: -1, count: code.nodes.count)
        var known: [String: Int] = [:]
        var counts: [Int] = []
        var isWorthKeeping: [Bool] = []
        for (place, node) in code.nodes.enumerated() {
            // Operands stand before the nodes that have them, so they are told by their numbers.
            let (text, isCostly) = self.description(of: node, at: place, in: code)
            let number = known[text] ?? counts.count
            if number == counts.count {
                known[text] = number
                counts.append(0)
                isWorthKeeping.append(isCostly)
            }
            counts[number] += 1
            self.numbers[place] = number
        }
        for (place, number) in self.numbers.enumerated() where counts[number] < 2 || !isWorthKeeping[number] {
            self.numbers[place] = -1
        }
    }

    /// The same text for nodes that say the same.
    private func description(of node: Node, at place: Int, in code: Code) -> (text: String, isCostly: Bool) {
        func number(_ node: NodeID?) -> String { node.map { String(self.numbers[Int($0.rawValue)]) } ?? "none" }
        func numbers(_ list: NodeList) -> String {
            list.indices.map { number(code.operands[$0]) }.joined(separator: " ")
        }
        switch node {
        case .missing: return ("missing", false)
        case .constant(let index): return (Self.description(of: code.constants[Int(index)], at: place), false)
        case .name(let index):
            let name = code.names[Int(index)]
            // What a local variable is differs from call to call.
            return (name.local == nil ? "name \(name.global ?? -1) \(name.text)" : "node \(place)", false)
        case .field(let text): return ("field \(code.texts[Int(text.rawValue)])", false)
        case .unary(let symbol, let operand): return ("\(symbol) \(number(operand))", true)
        case .arithmetic(let symbol, let left, let right), .comparison(let symbol, let left, let right):
            return ("\(symbol) \(number(left)) \(number(right))", true)
        case .and(let left, let right): return ("and \(number(left)) \(number(right))", true)
        case .or(let left, let right): return ("or \(number(left)) \(number(right))", true)
        case .coalesce(let left, let right): return ("coalesce \(number(left)) \(number(right))", true)
        case .conditional(let condition, let a, let b):
            return ("if \(number(condition)) \(number(a)) \(number(b))", true)
        case .builtin(let function, let list): return ("\(function) of \(numbers(list))", true)
        case .typeTest(let operand, let test): return ("is \(test) \(number(operand))", true)
        case .captured, .matched, .unlessFirst, .ifReached, .batch, .method: return ("node \(place)", false)
        case .template, .member, .index, .slice, .array, .map, .range, .call: return ("node \(place)", false)
        }
    }

    /// Values that compare equal are not the same everywhere: 1 is an int, and 1.0 is none.
    private static func description(of constant: Value, at place: Int) -> String {
        switch constant {
        case .null: "null"
        case .bool(let bool): "bool \(bool)"
        case .int(let int): "int \(int)"
        case .float(let float): "float \(float.bitPattern)"
        case .string(let text): "string \(text)"
        case .timestamp(let time): "timestamp \(time)"
        case .duration(let duration): "duration \(duration)"
        case .array, .map: "node \(place)"
        }
    }
}
