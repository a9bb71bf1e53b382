/// What an expression may mention.
struct OracleNames {
    var fields: [OracleFieldShape]
    /// Names before a point (types, aliases, join sources) and the fields after it.
    var qualified: [(name: String, fields: [OracleFieldShape])] = []
    var variables: [OracleFieldShape] = []
    var functions: [OracleFunction] = []
}

/// Makes expressions that usually have a kind, so that they usually have a value.
struct OracleExpressionGenerator {
    var random: SplitMix
    var names: OracleNames

    mutating func expression(_ wanted: OracleKind, _ depth: Int) -> OracleExpression {
        // Sometimes a value of another kind, which most operations then refuse.
        let kind = self.random.oneIn(20) ? self.random.pick(OracleKind.allCases) : wanted
        if depth <= 0 || self.random.oneIn(4) { return self.atom(kind) }
        if self.random.oneIn(12) { return self.anything(kind, depth - 1) }
        switch kind {
        case .int, .number: return self.number(kind, depth - 1)
        case .bool: return self.condition(depth - 1)
        case .text: return self.text(depth - 1)
        case .array: return self.array(depth - 1)
        case .map: return self.map(depth - 1)
        case .time, .length: return self.time(kind, depth - 1)
        case .key, .wild: return self.expression(self.random.pick(OracleKind.allCases), depth - 1)
        }
    }

    /// Forms that are there for every kind.
    private mutating func anything(_ kind: OracleKind, _ depth: Int) -> OracleExpression {
        switch self.random.below(6) {
        case 0, 1:
            return .conditional(
                self.expression(.bool, depth),
                then: self.expression(kind, depth),
                else: self.expression(kind, depth)
            )
        case 2: return .binary(.coalesce, self.expression(kind, depth), self.expression(kind, depth))
        case 3: return .call(self.random.pick(["coalesce", "if_null"]), self.list(kind, 2, depth))
        case 4:
            if self.random.oneIn(3) {
                return .member(
                    self.expression(.map, depth),
                    self.random.pick(["n", "x"]),
                    isOptional: self.random.oneIn(3)
                )
            }
            return .index(self.expression(.array, depth), self.expression(.int, depth))
        default:
            guard let function = self.names.functions.randomElement(using: &self.random) else { return self.atom(kind) }
            return .call(function.name, function.parameters.map { _ in self.expression(.int, depth) })
        }
    }

    mutating func list(_ kind: OracleKind, _ count: Int, _ depth: Int) -> [OracleExpression] {
        (0..<count).map { _ in self.expression(kind, depth) }
    }

    // MARK: - Atoms

    private mutating func atom(_ kind: OracleKind) -> OracleExpression {
        if self.random.oneIn(40) { return .name("absent") }
        if !self.random.oneIn(3), let name = self.name(kind) { return name }
        switch kind {
        case .int:
            if self.random.oneIn(15) { return .literal(.int(self.random.pick([.max, .min, 9_007_199_254_740_993]))) }
            return .literal(.int(Int64(self.random.below(8)) - 2))
        case .number: return .literal(self.random.pick([.float(0.5), .float(2), .float(-1.25), .float(0), .int(3)]))
        case .bool: return .literal(.bool(self.random.oneIn(2)))
        case .text:
            let template = self.random.pick([
                "{n}", "<{s}>", "{A.n}{absent}", "{m.x}", "é{ k}", "{{n}}", "{v", "x", "y", "",
                "a text longer than a word 1",
            ])
            return .text(template)
        case .key: return .literal(self.random.pick([.string("a"), .int(1), .string("1"), .null]))
        case .array: return .array([.literal(.int(1)), .literal(.float(1)), .name("n")])
        case .map: return .map([("n", .literal(.int(1))), ("x", .name("s"))])
        case .time: return self.random.oneIn(2) ? .name("timestamp") : .literal(.timestamp(1_000_000_000))
        case .length:
            return .literal(
                .duration(
                    self.random.pick([1_000_000_000, 1_500_000_000, 60_000_000_000, 7, 5_000_000, 90_000_000_000])
                )
            )
        case .wild: return .literal(self.random.pick([.null, .int(1), .float(1), .string("1"), .bool(false)]))
        }
    }

    /// A field or variable of the kind, sometimes with its type before it.
    private mutating func name(_ kind: OracleKind) -> OracleExpression? {
        func fits(_ shape: OracleFieldShape) -> Bool {
            shape.kind == kind || kind == .wild || (kind == .number && shape.kind == .int)
        }
        if !self.names.qualified.isEmpty, self.names.fields.isEmpty || self.random.oneIn(3) {
            let (base, fields) = self.random.pick(self.names.qualified)
            guard let field = fields.filter(fits).randomElement(using: &self.random) else { return nil }
            return .member(.name(base), field.name, isOptional: self.random.oneIn(8))
        }
        let shape = (self.names.fields + self.names.variables).filter(fits).randomElement(using: &self.random)
        return shape.map { .name($0.name) }
    }

    // MARK: - Kinds

    private mutating func number(_ kind: OracleKind, _ depth: Int) -> OracleExpression {
        switch self.random.below(12) {
        case 0...5:
            let operation = self.random.pick(
                [.add, .subtract, .multiply, .divide, .remainder, .power] as [OracleOperator]
            )
            // Powers of powers soon are nothing but infinite.
            if operation == .power {
                return .binary(.power, self.expression(kind, depth), .literal(.int(Int64(self.random.below(5)) - 1)))
            }
            return .binary(operation, self.expression(kind, depth), self.expression(kind, depth))
        case 6:
            return .negate(self.expression(kind, depth))
        case 7:
            let operation = self.random.pick([.bitAnd, .bitOr, .bitXor, .shiftLeft, .shiftRight] as [OracleOperator])
            if self.random.oneIn(5) { return .complement(self.expression(.int, depth)) }
            return .binary(operation, self.expression(.int, depth), self.expression(.int, depth))
        case 8: return .call("len", [self.expression(self.random.pick([.text, .array, .map]), depth)])
        case 9:
            let name = self.random.pick(["min", "max", "pow", "clamp"])
            if name == "pow" { return .call(name, [self.expression(kind, depth), .literal(.int(2))]) }
            return .call(name, self.list(kind, name == "clamp" ? 3 : 2, depth))
        case 10:
            let name = self.random.pick(["sum", "avg", "first", "last"])
            return .call(name, [self.expression(.array, depth)])
        default:
            if self.random.oneIn(3) {
                return .call(self.random.pick(["to_int", "to_float"]), [self.expression(.wild, depth)])
            }
            let name = self.random.pick(
                kind == .int
                    ? ["abs", "floor", "ceil", "round"]
                    : ["abs", "sqrt", "log", "log10", "exp", "sin", "cos", "tan", "floor"]
            )
            return .call(name, [self.expression(.number, depth)])
        }
    }

    private mutating func condition(_ depth: Int) -> OracleExpression {
        switch self.random.below(14) {
        case 0...3:
            let operation = self.random.pick([.less, .atMost, .greater, .atLeast] as [OracleOperator])
            let kind = self.random.pick([.int, .number, .number, .text, .time, .length, .wild] as [OracleKind])
            return .binary(operation, self.expression(kind, depth), self.expression(kind, depth))
        case 4, 5:
            let operation = self.random.pick([.equal, .unequal, .same] as [OracleOperator])
            let kind = self.random.pick(OracleKind.allCases)
            let right = self.expression(kind, depth)
            // `is timestamp` would test the type.
            if case .name("timestamp") = right { return .binary(.equal, self.expression(kind, depth), right) }
            return .binary(operation, self.expression(kind, depth), right)
        case 6, 7: return .binary(.and, self.expression(.bool, depth), self.expression(.bool, depth))
        case 8, 9: return .binary(.or, self.expression(.bool, depth), self.expression(.bool, depth))
        case 10: return .not(self.expression(.bool, depth))
        case 11:
            let operation = self.random.pick([.contained, .notContained] as [OracleOperator])
            let kind = self.random.pick([.array, .array, .text, .map] as [OracleKind])
            return .binary(
                operation,
                self.expression(kind == .array ? .wild : .text, depth),
                self.expression(kind, depth)
            )
        case 12:
            let types = ["null", "int", "float", "str", "bool", "array", "map", "timestamp", "duration"]
            return .isType(self.expression(.wild, depth), self.random.pick(types))
        default:
            switch self.random.below(4) {
            case 0: return .call(self.random.pick(["starts_with", "ends_with"]), self.list(.text, 2, depth))
            case 1: return .call("contains", [self.expression(.array, depth), self.expression(.wild, depth)])
            default:
                let names = ["is_null", "is_int", "is_float", "is_string", "is_bool", "is_array", "is_map"]
                return .call(self.random.pick(names), [self.expression(.wild, depth)])
            }
        }
    }

    private mutating func text(_ depth: Int) -> OracleExpression {
        switch self.random.below(10) {
        case 0, 1: return .binary(.add, self.expression(.text, depth), self.expression(.text, depth))
        case 2:
            let names = ["upper", "lower", "trim", "reverse", "to_upper", "uppercase", "to_lower", "lowercase"]
            return .call(self.random.pick(names), [self.expression(.text, depth)])
        case 3:
            return .call(
                "substring",
                [self.expression(.text, depth)] + self.list(.int, self.random.below(2) + 1, depth)
            )
        case 4: return self.slice(.text, depth)
        case 5: return .call("replace", self.list(.text, 3, depth))
        case 6: return .call("to_string", [self.expression(.wild, depth)])
        case 7: return .call("join", [self.expression(.array, depth), self.expression(.text, depth)])
        case 8: return .call("type_of", [self.expression(.wild, depth)])
        default: return .index(self.expression(.text, depth), self.expression(.int, depth))
        }
    }

    private mutating func slice(_ kind: OracleKind, _ depth: Int) -> OracleExpression {
        let start = self.random.oneIn(4) ? nil : self.expression(.int, depth - 1)
        let end = self.random.oneIn(4) ? nil : self.expression(.int, depth - 1)
        return .slice(self.expression(kind, depth), start, end)
    }

    private mutating func array(_ depth: Int) -> OracleExpression {
        switch self.random.below(11) {
        case 0, 1:
            let kind = self.random.pick([.int, .number, .text, .wild] as [OracleKind])
            return .array(self.list(kind, self.random.below(4), depth))
        case 2: return self.slice(.array, depth)
        case 3:
            return .range(
                .literal(.int(Int64(self.random.below(4)) - 1)),
                self.expression(.int, depth),
                isClosed: self.random.oneIn(2)
            )
        case 4: return .call("split", [self.expression(.text, depth), .text(self.random.pick([",", "x", " ", "xy"]))])
        case 5: return .call("push", [self.expression(.array, depth), self.expression(.wild, depth)])
        case 6:
            let names = ["pop", "reverse", "sort", "unique", "flatten"]
            return .call(self.random.pick(names), [self.expression(.array, depth)])
        case 7: return .call(self.random.pick(["zip", "concat"]), self.list(.array, 2, depth))
        case 8: return .call(self.random.pick(["keys", "values"]), [self.expression(.map, depth)])
        case 9: return .call("range", self.list(.int, self.random.below(2) + 1, depth))
        default:
            return .call(
                "set",
                [self.expression(.array, depth), self.expression(.int, depth), self.expression(.wild, depth)]
            )
        }
    }

    private mutating func map(_ depth: Int) -> OracleExpression {
        switch self.random.below(3) {
        case 0: return .map([("n", self.expression(.int, depth)), ("y", self.expression(.wild, depth))])
        case 1: return .call("set", [self.expression(.map, depth), .text("x"), self.expression(.wild, depth)])
        default: return .map([("x", self.expression(.text, depth))])
        }
    }

    private mutating func time(_ kind: OracleKind, _ depth: Int) -> OracleExpression {
        if kind == .time {
            let operation = self.random.pick([.add, .subtract] as [OracleOperator])
            if self.random.oneIn(6) { return .call("now", []) }
            return .binary(operation, self.expression(.time, depth), self.expression(.length, depth))
        }
        if self.random.oneIn(3) { return .binary(.subtract, .name("timestamp"), .literal(.timestamp(-30_000_000_000))) }
        return .binary(.add, self.expression(.length, depth), self.expression(.length, depth))
    }
}
