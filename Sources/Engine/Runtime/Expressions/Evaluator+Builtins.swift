import VPL

/// The built-in functions. An argument of the wrong type, or too few or too many of them, gives missing; so does a
/// missing argument, except to the functions made for it.
extension Evaluator {
    mutating func apply(_ function: BuiltinFunction, to arguments: [Value?]) -> Value? {
        switch function {
        case .coalesce, .ifNull:
            return arguments.lazy.compactMap { $0 }.first { !$0.isNull } ?? .null
        case .isNull:
            return arguments.count == 1 ? .bool(arguments[0]?.isNull ?? true) : nil
        case .typeOf:
            return arguments.count == 1 ? .string(arguments[0]?.typeName ?? Value.null.typeName) : nil
        case .print:
            self.printed.append("[PRINT] " + arguments.map { ($0 ?? .null).text }.joined(separator: " "))
            return .null
        case .now:
            return arguments.isEmpty ? (self.now ?? self.subjectTime).map { .timestamp($0) } : nil
        default: break
        }
        for argument in arguments where argument == nil { return nil }
        if function == .concat { return Value.concatenation(arguments.compactMap { $0 }) }
        func argument(_ place: Int) -> Value { arguments[place] ?? .null }
        return switch arguments.count {
        case 1: function.apply(to: argument(0))
        case 2: function.apply(to: argument(0), argument(1))
        case 3: function.apply(to: argument(0), argument(1), argument(2))
        default: nil
        }
    }
}

extension BuiltinFunction {
    // MARK: - One argument

    func apply(to value: Value) -> Value? {
        switch self {
        case .isInt, .isFloat, .isString, .isBool, .isArray, .isMap: return .bool(self.accepts(value))
        case .toString: return .string(value.text)
        case .toInt: return value.convertedToInt
        case .toFloat: return value.convertedToFloat
        case .parse: return value.parsedTime
        case .timestamp: return value.time
        default: break
        }
        switch value {
        case .int, .float: return self.apply(toNumber: value)
        case .string(let text): return self.apply(to: text)
        case .array(let items): return self.apply(to: items)
        case .map(let fields):
            switch self {
            case .len: return .int(Int64(fields.count))
            case .keys: return .array(fields.entries.map { .string($0.name) })
            case .values: return .array(fields.entries.map(\.value))
            default: return nil
            }
        case .null, .bool, .timestamp, .duration: return nil
        }
    }

    private func accepts(_ value: Value) -> Bool {
        switch (self, value) {
        case (.isInt, .int), (.isFloat, .float), (.isString, .string), (.isBool, .bool): true
        case (.isArray, .array), (.isMap, .map): true
        default: false
        }
    }

    private func apply(toNumber value: Value) -> Value? {
        if case .int(let int) = value {
            switch self {
            case .abs: return .int(int < 0 ? 0 &- int : int)
            case .floor, .ceil, .round: return value
            case .range: return Value.range(0, int, isClosed: false)
            default: break
            }
        }
        guard let number = value.number else { return nil }
        return switch self {
        case .abs: .float(number.magnitude)
        case .floor: .int(Mathematics.saturated(number.rounded(.down)))
        case .ceil: .int(Mathematics.saturated(number.rounded(.up)))
        case .round: .int(Mathematics.saturated(number.rounded(.toNearestOrAwayFromZero)))
        case .sqrt: .float(number.squareRoot())
        case .log: .float(Mathematics.logarithm(number))
        case .log10: .float(Mathematics.decimalLogarithm(number))
        case .exp: .float(Mathematics.exponential(number))
        case .sin: .float(Mathematics.sine(number))
        case .cos: .float(Mathematics.cosine(number))
        case .tan: .float(Mathematics.tangent(number))
        default: nil
        }
    }

    private func apply(to text: String) -> Value? {
        switch self {
        case .len: .int(Int64(text.unicodeScalars.count))
        case .trim: .string(text.trimmed)
        case .lower, .lowercase, .toLower: .string(text.lowercased())
        case .upper, .uppercase, .toUpper: .string(text.uppercased())
        case .reverse: .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
        default: nil
        }
    }

    private func apply(to items: [Value]) -> Value? {
        switch self {
        case .len: .int(Int64(items.count))
        case .first: items.first
        case .last: items.last
        case .pop: items.isEmpty ? nil : .array(items.dropLast())
        case .reverse: .array(items.reversed())
        case .sort: .array(items.sortedStably())
        case .unique: .array(items.unique())
        case .flatten: Value.array(items.flatMap { if case .array(let inner) = $0 { inner } else { [$0] } }).bounded
        case .sum: .float(items.lazy.compactMap(\.number).reduce(0, +))
        case .avg: .float(items.average)
        default: nil
        }
    }

    // MARK: - Two and three arguments

    fileprivate func apply(to first: Value, _ second: Value) -> Value? {
        switch (self, first, second) {
        case (.pow, _, _): return BinaryOperator.power.apply(to: first, second)
        case (.min, _, _): return Value.minimum(first, second)
        case (.max, _, _): return Value.maximum(first, second)
        case (.contains, _, _): return BinaryOperator.contains(first, second).map { .bool($0) }
        case (.push, .array(let items), _): return Value.array(items + [second]).bounded
        case (.zip, .array(let left), .array(let right)):
            return Value.array(Swift.zip(left, right).map { Value.array([$0, $1]) }).bounded
        case (.get, .array(let items), .int(let position)): return items.element(at: position)
        case (.get, .map(let fields), .string(let key)): return fields[key]
        case (.range, .int(let lower), .int(let upper)): return Value.range(lower, upper, isClosed: false)
        case (.split, .string(let text), .string(let separator)):
            return Value.array(TextSearch.split(text, by: separator).map { .string($0) }).bounded
        case (.join, .array(let items), .string(let separator)): return Value.joined(items, by: separator)
        case (.startsWith, .string(let text), .string(let prefix)): return .bool(TextSearch.starts(text, with: prefix))
        case (.endsWith, .string(let text), .string(let suffix)): return .bool(TextSearch.ends(text, with: suffix))
        case (.substring, .string(let text), .int(let from)): return text.substring(from, nil)
        case (.format, .timestamp(let time), .string(let pattern)): return .string(TimeFormat.format(time, pattern))
        default: return nil
        }
    }

    fileprivate func apply(to first: Value, _ second: Value, _ third: Value) -> Value? {
        switch (self, first, second, third) {
        case (.clamp, _, _, _): return Value.maximum(first, second).flatMap { Value.minimum($0, third) }
        case (.set, .array(let items), .int(let position), _): return items.setting(third, at: position)
        case (.set, .map(let fields), .string(let key), _): return fields.setting(third, for: key)
        case (.replace, .string(let text), .string(let part), .string(let replacement)):
            return text.replacing(part, by: replacement)
        case (.substring, .string(let text), .int(let from), .int(let to)): return text.substring(from, to)
        default: return nil
        }
    }
}
