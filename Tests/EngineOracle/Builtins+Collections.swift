extension OracleBuiltins {
    static func collection(_ name: String, _ arguments: [OracleValue]) throws -> OracleValue? {
        switch (name, arguments.count) {
        case ("len", 1):
            switch arguments[0] {
            case .string(let text): return .int(Int64(text.unicodeScalars.count))
            case .array(let elements): return .int(Int64(elements.count))
            case .map(let fields): return .int(Int64(fields.entries.count))
            default: return nil
            }
        case ("reverse", 1):
            switch arguments[0] {
            case .string(let text): return .string(OracleCollections.text(text.unicodeScalars.reversed()))
            case .array(let elements): return .array(elements.reversed())
            default: return nil
            }
        case ("contains", 2): return OracleCollections.contains(arguments[0], arguments[1]).map { .bool($0) }
        case ("keys", 1), ("values", 1):
            guard case .map(let fields) = arguments[0] else { return nil }
            return .array(fields.entries.map { name == "keys" ? .string($0.name) : $0.value })
        case ("get", 2): return try self.get(arguments[0], arguments[1])
        case ("set", 3): return self.set(arguments[0], arguments[1], arguments[2])
        case ("range", 1):
            guard case .int(let end) = arguments[0] else { return nil }
            return .array(try OracleCollections.range(0, end, isClosed: false))
        case ("range", 2):
            guard case .int(let start) = arguments[0], case .int(let end) = arguments[1] else { return nil }
            return .array(try OracleCollections.range(start, end, isClosed: false))
        case ("concat", 2...):
            let texts = arguments.compactMap { if case .string(let text) = $0 { text } else { nil } }
            let arrays = arguments.compactMap { if case .array(let elements) = $0 { elements } else { nil } }
            if texts.count == arguments.count { return .string(texts.joined()) }
            return arrays.count == arguments.count ? .array(arrays.flatMap { $0 }) : nil
        default:
            guard case .array(let elements)? = arguments.first else { return nil }
            return try self.array(name, elements, Array(arguments.dropFirst()))
        }
    }

    private static func array(_ name: String, _ elements: [OracleValue], _ rest: [OracleValue]) throws -> OracleValue? {
        switch (name, rest.count) {
        case ("first", 0): return elements.first
        case ("last", 0): return elements.last
        case ("push", 1): return .array(elements + rest)
        case ("pop", 0): return elements.isEmpty ? nil : .array(elements.dropLast())
        case ("sort", 0): return .array(try self.sorted(elements))
        case ("unique", 0):
            var kept: [OracleValue] = []
            for element in elements where !kept.contains(where: { $0.equals(element) }) { kept.append(element) }
            return .array(kept)
        case ("flatten", 0):
            return .array(elements.flatMap { if case .array(let inner) = $0 { inner } else { [$0] } })
        case ("zip", 1):
            guard case .array(let others) = rest[0] else { return nil }
            return .array(zip(elements, others).map { .array([$0, $1]) })
        case ("sum", 0): return .float(elements.compactMap(\.number).reduce(0, +))
        case ("avg", 0):
            let numbers = elements.compactMap(\.number)
            return .float(numbers.isEmpty ? 0 : numbers.reduce(0, +) / Double(numbers.count))
        default: return nil
        }
    }

    /// Each element is put after those that are not greater.
    private static func sorted(_ elements: [OracleValue]) throws -> [OracleValue] {
        var result: [OracleValue] = []
        for element in elements {
            if element.isNaN || result.contains(where: { element.isLess(than: $0) == nil }) {
                throw Unspecified("sort of values without an order")
            }
            let place = result.firstIndex { element.isLess(than: $0) == true } ?? result.count
            result.insert(element, at: place)
        }
        return result
    }

    private static func get(_ collection: OracleValue, _ key: OracleValue) throws -> OracleValue? {
        switch (collection, key) {
        case (.array(let elements), .int(let index)):
            return index >= 0 && index < elements.count ? elements[Int(index)] : nil
        case (.map(let fields), .string(let key)): return fields[key]
        case (.string, .int): throw Unspecified("get of a string")
        default: return nil
        }
    }

    private static func set(_ collection: OracleValue, _ key: OracleValue, _ value: OracleValue) -> OracleValue? {
        switch (collection, key) {
        case (.array(var elements), .int(let index)):
            if index >= 0, index < elements.count { elements[Int(index)] = value }
            return .array(elements)
        case (.map(var fields), .string(let key)):
            fields[key] = value
            return .map(fields)
        default: return nil
        }
    }
}
