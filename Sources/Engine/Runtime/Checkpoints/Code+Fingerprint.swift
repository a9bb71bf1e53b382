import VPL

extension Code {
    /// For each node a number that nodes have which say the same, in this program or another.
    ///
    /// Operands stand before the nodes that have them, so this needs one pass and no recursion.
    var fingerprints: [UInt64] {
        var prints = [UInt64](repeating: 0, count: self.nodes.count)
        func of(_ node: NodeID?) -> UInt64 { node.map { prints[Int($0.rawValue)] } ?? 0 }
        func of(_ list: NodeList) -> [UInt64] { list.indices.map { of(self.operands[$0]) } }
        func text(_ id: TextID) -> String { self.texts[Int(id.rawValue)] }
        for (place, node) in self.nodes.enumerated() {
            var print = Fingerprint()
            switch node {
            case .missing: print.add("missing")
            case .constant(let index):
                print.add("constant")
                print.add(self.constants[Int(index)])
            case .name(let index):
                let name = self.names[Int(index)]
                print.add(name.local == nil ? "name" : "local")
                print.add(name.text)
            case .field(let id): print.add("field", text(id))
            case .member(let base, let type, let field, let isOptional):
                print.add(isOptional ? "optional member" : "member", text(field), type.map(text) ?? "")
                print.add([of(base)])
            case .captured(let slot): print.add("captured \(slot)")
            case .matched(let slot): print.add("matched \(slot)")
            case .unlessFirst(let operand): print.add("unless first", [of(operand)])
            case .ifReached(let step, let operand): print.add("if reached \(step)", [of(operand)])
            case .index(let base, let index): print.add("index", [of(base), of(index)])
            case .slice(let base, let from, let to): print.add("slice", [of(base), of(from), of(to)])
            case .array(let list): print.add("array", of(list))
            case .map(let keys, let list):
                print.add("map", of(list))
                for offset in 0..<list.count { print.add(self.texts[Int(keys.rawValue + offset)]) }
            case .template(let index):
                print.add("template")
                for segment in self.templates[Int(index)] {
                    switch segment {
                    case .text(let text): print.add("text", text)
                    case .value(let node, _): print.add("value", [of(node)])
                    }
                }
            case .unary(let symbol, let operand): print.add("\(symbol)", [of(operand)])
            case .arithmetic(let symbol, let left, let right), .comparison(let symbol, let left, let right):
                print.add(symbol.rawValue, [of(left), of(right)])
            case .typeTest(let operand, let test): print.add("is \(test.rawValue)", [of(operand)])
            case .and(let left, let right): print.add("and", [of(left), of(right)])
            case .or(let left, let right): print.add("or", [of(left), of(right)])
            case .coalesce(let left, let right): print.add("coalesce", [of(left), of(right)])
            case .conditional(let condition, let a, let b): print.add("if", [of(condition), of(a), of(b)])
            case .range(let left, let right, let isClosed):
                print.add(isClosed ? "closed range" : "range", [of(left), of(right)])
            case .call(let function, let list): print.add("call \(function.rawValue)", of(list))
            case .builtin(let function, let list): print.add(function.rawValue, of(list))
            case .batch: print.add("batch")
            case .method(let method, let base, let lambda):
                print.add("method \(method)", [of(base)])
                if let lambda { print.add("lambda \(lambda.rawValue)") }
            }
            prints[place] = print.value
        }
        return prints
    }
}

/// A number made of texts and numbers: two lists that differ hardly ever have the same.
struct Fingerprint {
    private(set) var value: UInt64 = 0

    mutating func add(_ texts: String...) {
        for text in texts {
            var text = text
            self.value = text.withUTF8 { ByteHash.hash($0, seed: ByteHash.mix(self.value)) }
        }
    }

    mutating func add(_ numbers: [UInt64]) {
        for number in numbers { self.value = ByteHash.mix(ByteHash.mix(self.value) ^ number) }
    }

    mutating func add(_ text: String, _ numbers: [UInt64]) {
        self.add(text)
        self.add(numbers)
    }

    mutating func add(_ value: Value) {
        var writer = StateWriter()
        writer.write(Optional(value))
        self.value = writer.bytes.withUnsafeBufferPointer { ByteHash.hash($0, seed: ByteHash.mix(self.value)) }
    }

    /// The value as eight or more hexadecimal digits.
    var text: String { String(self.value, radix: 16) }
}
