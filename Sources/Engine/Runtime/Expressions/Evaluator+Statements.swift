/// How a list of statements ended.
enum Completion {
    /// All were executed; the value is that of the last one, if it was an expression.
    case finished(Value?)
    case returned(Value?)
    case broke
    case continued

    var value: Value? {
        switch self {
        case .finished(let value), .returned(let value): value
        case .broke, .continued: nil
        }
    }
}

extension Evaluator {
    /// `while` stops after so many rounds.
    private static var whileRoundsMax: Int { 10_000 }

    mutating func run(_ statements: [CompiledStatement]) -> Completion {
        var last: Value?
        for statement in statements {
            switch self.run(statement) {
            case .finished(let value): last = value
            case let end: return end
            }
        }
        return .finished(last)
    }

    private mutating func run(_ statement: CompiledStatement) -> Completion {
        switch statement {
        case .declare(let slot, let node):
            self.slots[self.frame + slot] = .bound(self.value(of: node))
            return .finished(nil)
        case .assign(let slot, let global, let node):
            let value = self.value(of: node)
            if let global, case .unbound = self.slots[self.frame + slot] {
                self.globals[global] = value
            } else {
                self.slots[self.frame + slot] = .bound(value)
            }
            return .finished(nil)
        case .branch(let branches, let otherwise):
            for branch in branches {
                if case .bool(true) = self.value(of: branch.condition) { return self.run(branch.body) }
            }
            return self.run(otherwise)
        case .forEach(let slot, let sequence, let body): return self.run(body, slot: slot, over: sequence)
        case .whileTrue(let condition, let body): return self.run(body, while: condition)
        case .returnValue(let node): return .returned(node.flatMap { self.value(of: $0) })
        case .breakLoop: return .broke
        case .continueLoop: return .continued
        case .emit(let type, let fields):
            self.collect(type, fields)
            return .finished(nil)
        case .expression(let node): return .finished(self.value(of: node))
        }
    }

    private mutating func collect(_ type: String, _ projections: [Projection]) {
        guard self.collected != nil, let time = self.subjectTime, self.takeStep() else { return }
        let fields = self.project(projections)
        self.collected?.append(Event(type: type, timestamp: time, fields: fields))
    }

    // MARK: - Loops

    /// What a loop does after a round: nil to go on.
    private mutating func round(_ body: [CompiledStatement], slot: Int, _ value: Value) -> Completion? {
        guard self.takeStep() else { return .finished(nil) }
        self.slots[self.frame + slot] = .bound(value)
        switch self.run(body) {
        case .finished, .continued: return nil
        case .broke: return .finished(nil)
        case .returned(let value): return .returned(value)
        }
    }

    private mutating func run(
        _ body: [CompiledStatement],
        slot: Int,
        over sequence: ForSequence
    ) -> Completion {
        switch sequence {
        case .range(let lower, let upper, let isClosed):
            guard case .int(let first) = self.value(of: lower), case .int(let last) = self.value(of: upper) else {
                return .finished(nil)
            }
            return self.run(body, slot: slot, from: first, to: last, isClosed: isClosed)
        case .value(let node):
            switch self.value(of: node) {
            case .int(let count): return self.run(body, slot: slot, from: 0, to: count, isClosed: false)
            case .array(let items):
                for item in items {
                    if let end = self.round(body, slot: slot, item) { return end }
                }
            case .map(let fields):
                for entry in fields.entries {
                    let pair = Value.array([.string(entry.name), entry.value])
                    if let end = self.round(body, slot: slot, pair) { return end }
                }
            default: break
            }
            return .finished(nil)
        }
    }

    private mutating func run(
        _ body: [CompiledStatement],
        slot: Int,
        from first: Int64,
        to last: Int64,
        isClosed: Bool
    ) -> Completion {
        var next = first
        while next < last || (isClosed && next == last) {
            if let end = self.round(body, slot: slot, .int(next)) { return end }
            guard next < last else { break }
            next += 1
        }
        return .finished(nil)
    }

    private mutating func run(_ body: [CompiledStatement], while condition: NodeID) -> Completion {
        for _ in 0..<Self.whileRoundsMax {
            guard case .bool(true) = self.value(of: condition), self.takeStep() else { return .finished(nil) }
            switch self.run(body) {
            case .finished, .continued: continue
            case .broke: return .finished(nil)
            case .returned(let value): return .returned(value)
            }
        }
        self.noteCut()
        return .finished(nil)
    }
}
