import VPL

/// The lambdas of `.pattern`. Apart from the other nodes, whose stack frame these would make larger.
extension Evaluator {
    /// Whether the lambda of a `.pattern` lets a batch pass: whatever is not false does.
    ///
    /// Expressions in it see an event without fields, of the greatest time in the batch.
    mutating func passes(_ batch: [Event], _ pattern: NodeID) -> Bool {
        let time = batch.lazy.map(\.timestamp).max() ?? 0
        self.event = Event(type: "", timestamp: time)
        self.batch = .array(
            batch.map { event in
                var fields = event.fields
                fields["event_type"] = .string(event.type)
                return .map(fields)
            }
        )
        defer { self.batch = nil }
        if case .bool(false) = self.evaluate(pattern) { return false }
        return true
    }

    mutating func value(ofLambda id: NodeID) -> Value? {
        switch self.code[id] {
        case .batch: self.batch
        case .method(let method, let base, let lambda): self.call(method, of: base, lambda)
        default: nil
        }
    }

    private mutating func call(_ method: CollectionMethod, of base: NodeID, _ lambda: FunctionID?) -> Value? {
        guard let value = self.value(of: base) else { return nil }
        guard let lambda else { return self.counted(method.apply(to: value)) }
        guard case .array(let items) = value else { return nil }
        let compiled = self.functions[Int(lambda.rawValue)]
        var results: [Value] = []
        for item in items {
            // What is left out is missing in the whole, not only in a part.
            guard self.takeStep() else { return nil }
            let result = self.call(compiled, on: item)
            switch method {
            case .filter:
                if case .bool(true) = result { results.append(item) }
            default:
                if let result { results.append(result) }
            }
        }
        return self.counted(method == .filter ? .array(results) : Value.array(results).bounded)
    }

    /// Several parameters take the elements of an array, one each.
    private mutating func call(_ lambda: CompiledFunction, on argument: Value) -> Value? {
        let first = self.frame + lambda.firstSlot
        for slot in first..<(first + lambda.slotCount) { self.slots[slot] = .unbound }
        if lambda.parameterCount == 1 {
            self.slots[first] = .bound(argument)
        } else {
            var elements: [Value] = []
            if case .array(let items) = argument { elements = items }
            for position in 0..<lambda.parameterCount {
                let element = position < elements.count ? elements[position] : nil
                self.slots[first + position] = .bound(element)
            }
        }
        return self.run(lambda.body).value
    }
}

extension CollectionMethod {
    /// Of those without a lambda.
    fileprivate func apply(to value: Value) -> Value? {
        guard case .array(let items) = value else {
            // A string and a map have a length, too.
            return self == .len ? BuiltinFunction.len.apply(to: value) : nil
        }
        switch self {
        case .filter, .map: return nil
        case .len, .count: return .int(Int64(items.count))
        case .flatten: return BuiltinFunction.flatten.apply(to: value)
        case .first: return items.first
        case .last: return items.last
        case .sum: return BuiltinFunction.sum.apply(to: value)
        case .avg: return BuiltinFunction.avg.apply(to: value)
        case .min: return Self.extreme(of: items, Value.minimum)
        case .max: return Self.extreme(of: items, Value.maximum)
        case .slidingPairs:
            return Value.array(zip(items, items.dropFirst()).map { .array([$0, $1]) }).bounded
        }
    }

    /// Over the numbers; an int as long as all of them are.
    private static func extreme(of items: [Value], _ choose: (Value, Value) -> Value?) -> Value? {
        let numbers = items.filter { $0.number.map { !$0.isNaN } ?? false }
        return numbers.dropFirst().reduce(numbers.first) { best, number in best.flatMap { choose($0, number) } }
    }
}
