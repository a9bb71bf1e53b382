/// Where an expression is evaluated: the event, what a join joined, and a function's variables.
struct OracleScope {
    /// An event with, after a join, the events that it was made of under each of their names.
    struct Row {
        var event: OracleEvent
        var sources: [(names: [String], event: OracleEvent)] = []
        /// The alias of `Type as alias`.
        var alias: String?
    }

    var row: Row
    /// Parameters and variables; nil for the ones that are missing.
    var locals: [String: OracleValue?] = [:]
}

/// Evaluates expressions and calls functions (section 6).
final class OracleEvaluator {
    private let functions: [OracleFunction]
    var globals: [String: OracleValue] = [:]
    /// How many calls are inside each other.
    var callDepth = 0
    /// What `emit` statements have made, while a `.process` runs.
    var processed: [OracleEvent]?

    init(_ program: OracleProgram) {
        self.functions = program.functions
        for global in program.globals { self.globals[global.name] = global.value }
    }

    func evaluate(_ expression: OracleExpression, _ row: OracleScope.Row) throws -> OracleValue? {
        var scope = OracleScope(row: row)
        return try self.evaluate(expression, &scope)
    }

    func isTrue(_ expression: OracleExpression, _ row: OracleScope.Row) throws -> Bool {
        if case .bool(true) = try self.evaluate(expression, row) { true } else { false }
    }

    func evaluate(_ expression: OracleExpression, _ scope: inout OracleScope) throws -> OracleValue? {
        switch expression {
        case .literal(let value): return value
        case .text(let text): return .string(try self.interpolate(text, scope))
        case .name(let name): return self.resolve(name, scope)
        case .member(let base, let field, let isOptional):
            let value = try self.member(base, field, &scope)
            return value ?? (isOptional ? .null : nil)
        case .negate(let operand): return try self.evaluate(operand, &scope).flatMap { OracleArithmetic.negate($0) }
        case .complement(let operand):
            guard case .int(let int) = try self.evaluate(operand, &scope) else { return nil }
            return .int(~int)
        case .not(let operand):
            guard case .bool(let bool) = try self.evaluate(operand, &scope) else { return nil }
            return .bool(!bool)
        case .binary(let operation, let left, let right): return try self.binary(operation, left, right, &scope)
        case .isType(let operand, let type):
            guard let value = try self.evaluate(operand, &scope) else { return type == "null" ? .bool(true) : nil }
            return .bool(value.typeName == (type == "str" ? "string" : type))
        case .conditional(let condition, let yes, let no):
            guard let value = try self.evaluate(condition, &scope) else { return nil }
            if case .bool(true) = value { return try self.evaluate(yes, &scope) }
            return try self.evaluate(no, &scope)
        case .array(let elements):
            var values: [OracleValue] = []
            for element in elements {
                if let value = try self.evaluate(element, &scope) { values.append(value) }
            }
            return .array(values)
        case .map(let entries):
            var fields = OracleFields()
            for entry in entries {
                if let value = try self.evaluate(entry.value, &scope) { fields[entry.key] = value }
            }
            return .map(fields)
        case .index(let base, let index):
            guard let base = try self.evaluate(base, &scope), let index = try self.evaluate(index, &scope) else {
                return nil
            }
            return OracleCollections.element(of: base, at: index)
        case .slice(let base, let start, let end):
            guard let base = try self.evaluate(base, &scope) else { return nil }
            return try OracleCollections.slice(
                base,
                from: start.map { try self.evaluate($0, &scope) },
                to: end.map { try self.evaluate($0, &scope) }
            )
        case .range(let start, let end, let isClosed):
            guard case .int(let start) = try self.evaluate(start, &scope),
                case .int(let end) = try self.evaluate(end, &scope)
            else { return nil }
            return .array(try OracleCollections.range(start, end, isClosed: isClosed))
        case .call(let name, let arguments):
            var values: [OracleValue?] = []
            for argument in arguments { values.append(try self.evaluate(argument, &scope)) }
            if let function = self.functions.first(where: { $0.name == name }) {
                return try self.call(function, values, scope.row)
            }
            return try OracleBuiltins.call(name, values, now: scope.row.event.timestamp)
        }
    }

    // MARK: - Names

    /// Section 6.1: a local, else a field of the event, else a global, else the event's time.
    private func resolve(_ name: String, _ scope: OracleScope) -> OracleValue? {
        if let local = scope.locals[name] { return local }
        if let field = scope.row.event.fields[name] { return field }
        if let global = self.globals[name] { return global }
        return name == "timestamp" ? .timestamp(scope.row.event.timestamp) : nil
    }

    private func member(_ base: OracleExpression, _ field: String, _ scope: inout OracleScope) throws -> OracleValue? {
        guard case .name(let name) = base else {
            guard case .map(let fields) = try self.evaluate(base, &scope) else { return nil }
            return fields[field]
        }
        if let source = scope.row.sources.first(where: { $0.names.contains(name) }) {
            return source.event.fields[field]
        }
        if name == scope.row.alias { return scope.row.event.fields[field] }
        if let value = self.resolve(name, scope) {
            if case .map(let fields) = value { return fields[field] }
            return nil
        }
        return name == scope.row.event.type ? scope.row.event.fields[field] : nil
    }

    private func interpolate(_ text: String, _ scope: OracleScope) throws -> String {
        var result = ""
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "{") {
            result += rest[..<open]
            let after = rest[rest.index(after: open)...]
            guard let close = after.firstIndex(of: "}"), let path = Self.path(after[..<close]) else {
                result += "{"
                rest = after
                continue
            }
            var expression = OracleExpression.name(path[0])
            for field in path.dropFirst() { expression = .member(expression, field, isOptional: false) }
            var scope = scope
            switch try self.evaluate(expression, &scope) {
            case nil, .null: result += "{\(after[..<close])}"
            case let value?: result += try value.text()
            }
            rest = after[after.index(after: close)...]
        }
        return result + rest
    }

    /// Identifiers separated by points, nil for anything else.
    private static func path(_ text: Substring) -> [String]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let isPath = parts.allSatisfy { part in
            guard let first = part.utf8.first, !(48...57).contains(first) else { return false }
            return part.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95
            }
        }
        return isPath ? parts : nil
    }

    /// Fields for the items that are not missing.
    func project(_ items: [OracleItem], _ scope: inout OracleScope) throws -> OracleFields {
        var fields = OracleFields()
        for item in items {
            if let value = try self.evaluate(item.expression, &scope) { fields[item.name] = value }
        }
        return fields
    }
}
