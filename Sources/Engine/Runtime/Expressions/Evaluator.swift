import VPL

/// Evaluates expressions against the current event. Errors do not exist here: what has no value is missing.
///
/// One evaluator belongs to one pipeline. It also collects what expressions do besides having a value: the events of
/// `emit` statements and the lines of `print`.
struct Evaluator: Sendable {
    let code: Code
    let functions: [CompiledFunction]
    var globals: [Value?]
    /// The event that bare names refer to; nil while the program is loaded.
    var event: Event?
    /// The row that they refer to instead, where expressions go over batches.
    var cursor: RowCursor?
    /// The values of a sequence's runs while an event is matched, and where those of the run at hand begin.
    var captures: [Value?] = []
    var captureBase = 0
    /// Whether the step that the event is offered to has taken none for the run.
    var isFirstOfStep = true
    /// The last step that has taken an event for the run.
    var stepReached: Int32 = 0
    /// What `now()` is, or nil for the time of the current event.
    var now: Int64?
    /// Where `emit` statements put their events; nil outside of `.process`.
    var collected: [Event]?
    var printed: [String] = []

    /// The variables of the functions being called, innermost last.
    var slots: [Slot] = []
    var frame = 0
    private var callDepth = 0
    private var stackHeight = 0
    /// How many calls and loops were given up.
    var cuts: UInt64 = 0
    /// How many more steps the evaluation under way may make.
    private var steps = 0

    /// A variable: unbound until it is declared, and even then possibly without a value.
    enum Slot: Sendable {
        case unbound
        case bound(Value?)
    }

    /// Deeper recursion gives missing.
    private static let callDepthMax = 256
    /// A bound on the native stack: the sum of the heights of the functions being called.
    private static let stackHeightMax = 4000
    /// A bound on the time of one evaluation: calls, loop rounds, and KiB that are made.
    private static let stepsMax = 1_000_000

    init(code: Code, functions: [CompiledFunction], globals: [Value?]) {
        self.code = code
        self.functions = functions
        self.globals = globals
    }

    /// The value of an expression of the program.
    mutating func evaluate(_ root: NodeID) -> Value? {
        self.steps = Self.stepsMax
        return self.value(of: root)
    }

    /// The value of an expression, by no more than `steps` steps, of which those made are taken.
    mutating func evaluate(_ root: NodeID, in steps: inout Int) -> Value? {
        let given = min(steps, Self.stepsMax)
        self.steps = given
        defer { steps -= given - self.steps }
        return self.value(of: root)
    }

    /// Whether a condition holds: only `true` does.
    mutating func holds(_ condition: NodeID) -> Bool {
        if case .bool(true) = self.evaluate(condition) { true } else { false }
    }

    /// Counts a call or a round of a loop against the bound.
    mutating func takeStep() -> Bool {
        guard self.steps > 0 else {
            self.noteCut()
            return false
        }
        self.steps -= 1
        return true
    }

    mutating func noteCut() { self.cuts += 1 }

    /// Counts a value that was made against the bound, a step for each KiB.
    private mutating func counted(_ value: Value?) -> Value? {
        let bytes: Int =
            switch value {
            case .string(let text): text.utf8.count
            case .array(let items): items.count * MemoryLayout<Value>.stride
            case .map(let fields): fields.count * MemoryLayout<Value>.stride
            default: 0
            }
        guard bytes >= 1024 else { return value }
        guard self.steps >= bytes >> 10 else {
            self.noteCut()
            return nil
        }
        self.steps -= bytes >> 10
        return value
    }

    /// The fields of a new event.
    mutating func evaluate(_ projections: [Projection]) -> Fields {
        self.steps = Self.stepsMax
        return self.project(projections)
    }

    /// The fields made of expressions; those without a value are left out.
    mutating func project(_ projections: [Projection]) -> Fields {
        var fields = Fields()
        fields.reserveCapacity(projections.count)
        for projection in projections {
            if let value = self.value(of: projection.value) { fields[projection.name] = value }
        }
        return fields
    }

    // MARK: - Nodes

    mutating func value(of id: NodeID) -> Value? {
        switch self.code[id] {
        case .missing: nil
        case .constant(let index): self.code.constants[Int(index)]
        case .name(let index): self.value(named: Int(index))
        case .field(let text): self.field(ofText: text)
        case .member(let base, let type, let field, let isOptional):
            self.member(field, of: base, type: type, isOptional: isOptional)
        case .captured, .matched, .unlessFirst, .ifReached: self.value(ofSequence: id)
        case .index(let base, let index): self.index(base, index)
        case .slice(let base, let from, let to): self.slice(base, from, to)
        case .array(let items): self.array(items)
        case .map(let keys, let values): self.map(keys, values)
        case .template(let index): self.template(Int(index))
        case .unary(let symbol, let operand): self.unary(symbol, operand)
        case .arithmetic(let symbol, let left, let right): self.arithmetic(symbol, left, right)
        case .comparison(let symbol, let left, let right): self.comparison(symbol, left, right)
        case .typeTest(let operand, let test): self.typeTest(operand, test)
        case .and(let left, let right): self.decide(left, right, by: false)
        case .or(let left, let right): self.decide(left, right, by: true)
        case .coalesce(let left, let right): self.coalesce(left, right)
        case .conditional(let condition, let consequence, let alternative):
            self.conditional(condition, consequence, alternative)
        case .range(let lower, let upper, let isClosed): self.countedRange(lower, upper, isClosed: isClosed)
        case .call(let function, let arguments): self.call(function, arguments)
        case .builtin(let function, let arguments): self.call(function, arguments)
        }
    }

    /// A local variable, else a field of the event, else the event's time where that is asked for, else a global.
    private func value(named index: Int) -> Value? {
        let name = self.code.names[index]
        if let local = name.local, case .bound(let value) = self.slots[self.frame + local] { return value }
        if let value = self.field(ofName: index) { return value }
        if name.text == "timestamp", let time = self.subjectTime { return .timestamp(time) }
        return name.global.flatMap { self.globals[$0] }
    }

    private mutating func unary(_ symbol: UnaryOperator, _ operand: NodeID) -> Value? {
        self.value(of: operand).flatMap { symbol.apply(to: $0) }
    }

    private mutating func countedRange(_ lower: NodeID, _ upper: NodeID, isClosed: Bool) -> Value? {
        self.counted(self.range(lower, upper, isClosed: isClosed))
    }

    private mutating func member(_ field: TextID, of base: NodeID, type: TextID?, isOptional: Bool) -> Value? {
        self.member(field, of: base, type: type) ?? (isOptional ? .null : nil)
    }

    private mutating func member(_ field: TextID, of base: NodeID, type: TextID?) -> Value? {
        if case .map(let fields) = self.value(of: base) { return fields[self.code.texts[Int(field.rawValue)]] }
        guard let type, self.subjectType == self.code.texts[Int(type.rawValue)] else { return nil }
        return self.field(ofText: field)
    }

    private mutating func template(_ index: Int) -> Value? {
        var text = ""
        for segment in self.code.templates[index] {
            switch segment {
            case .text(let part): text += part
            case .value(let node, let spelling):
                if let value = self.value(of: node), !value.isNull { text += value.text } else { text += spelling }
            }
            if text.utf8.count > Value.bytesMax { return nil }
        }
        return .string(text)
    }

    // MARK: - Logic

    /// `and` is decided by a false operand, `or` by a true one, on either side; otherwise both must be bools.
    private mutating func decide(_ left: NodeID, _ right: NodeID, by decisive: Bool) -> Value? {
        var isKnown = true
        for operand in [left, right] {
            guard case .bool(let value) = self.value(of: operand) else {
                isKnown = false
                continue
            }
            if value == decisive { return .bool(decisive) }
        }
        return isKnown ? .bool(!decisive) : nil
    }

    private mutating func coalesce(_ left: NodeID, _ right: NodeID) -> Value? {
        if let value = self.value(of: left), !value.isNull { return value }
        return self.value(of: right)
    }

    private mutating func conditional(_ condition: NodeID, _ consequence: NodeID, _ alternative: NodeID) -> Value? {
        guard let decision = self.value(of: condition) else { return nil }
        if case .bool(true) = decision { return self.value(of: consequence) }
        return self.value(of: alternative)
    }

    private mutating func comparison(_ symbol: BinaryOperator, _ left: NodeID, _ right: NodeID) -> Value? {
        let first = self.value(of: left)
        let second = self.value(of: right)
        return symbol.compare(first, second).map { .bool($0) }
    }

    private mutating func typeTest(_ operand: NodeID, _ test: TypeTest) -> Value? {
        guard let value = self.value(of: operand) else { return test == .null ? .bool(true) : nil }
        return .bool(test.accepts(value))
    }

    private mutating func arithmetic(_ symbol: BinaryOperator, _ left: NodeID, _ right: NodeID) -> Value? {
        guard let first = self.value(of: left), let second = self.value(of: right) else { return nil }
        return self.counted(symbol.apply(to: first, second))
    }

    // MARK: - Calls

    private mutating func call(_ id: FunctionID, _ arguments: NodeList) -> Value? {
        let function = self.functions[Int(id.rawValue)]
        guard self.callDepth < Self.callDepthMax, self.stackHeight + function.height <= Self.stackHeightMax else {
            self.noteCut()
            return nil
        }
        guard self.takeStep() else { return nil }
        var bound: [Slot] = []
        bound.reserveCapacity(function.slotCount)
        for position in arguments.indices.prefix(function.parameterCount) {
            bound.append(.bound(self.value(of: self.code.operands[position])))
        }
        while bound.count < function.parameterCount { bound.append(.bound(nil)) }
        while bound.count < function.slotCount { bound.append(.unbound) }
        let caller = self.frame
        self.frame = self.slots.count
        self.slots.append(contentsOf: bound)
        self.callDepth += 1
        self.stackHeight += function.height
        let result = self.run(function.body)
        self.stackHeight -= function.height
        self.callDepth -= 1
        self.slots.removeLast(self.slots.count - self.frame)
        self.frame = caller
        return result.value
    }

    private mutating func call(_ function: BuiltinFunction, _ arguments: NodeList) -> Value? {
        var values: [Value?] = []
        values.reserveCapacity(arguments.indices.count)
        for position in arguments.indices { values.append(self.value(of: self.code.operands[position])) }
        return self.counted(self.apply(function, to: values))
    }
}
