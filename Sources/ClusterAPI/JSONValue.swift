/// Any JSON value: the fields of an injected event, and what a pipeline made of it.
///
/// `7` is an integer and `7.0` a double, in both directions: programs divide the two differently. Foundation's coders
/// cannot tell them apart, so these values have a reader and a writer of their own.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number without fraction and exponent that fits 64 bits.
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue {
    /// Deeper nesting is refused, so that a hostile body cannot exhaust the stack.
    public static let depthMax = 64

    public init(parsing bytes: some Sequence<UInt8>) throws(BodyError) {
        var reader = JSONReader(Array(bytes))
        self = try reader.document()
    }

    /// The value as compact JSON with sorted keys.
    public var text: String {
        var writer = JSONWriter()
        writer.write(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}

/// A body with values of any kind in it: converted by hand to and from a `JSONValue`.
public protocol JSONBody: Sendable {
    init(json: JSONValue) throws(BodyError)
    var json: JSONValue { get }
}

extension APIJSON {
    /// Encodes a body with its keys sorted, keeping `7.0` a double.
    public static func encode(_ value: some JSONBody) -> [UInt8] {
        var writer = JSONWriter()
        writer.write(value.json)
        return writer.bytes
    }

    /// Decodes a body, keeping `7.0` a double. Fields that the type does not know are ignored.
    public static func decode<Value: JSONBody>(
        _ type: Value.Type = Value.self,
        from bytes: some Sequence<UInt8>
    ) throws(BodyError) -> Value {
        try Value(json: JSONValue(parsing: bytes))
    }
}

// MARK: - Taking a body apart

extension JSONValue {
    /// The members of an object; anything else is not the body that was asked for.
    func members() throws(BodyError) -> [String: JSONValue] {
        guard case .object(let members) = self else { throw BodyError(message: "the body has the wrong type") }
        return members
    }
}

extension [String: JSONValue] {
    private func present(_ name: String) throws(BodyError) -> JSONValue {
        guard let value = self[name], value != .null else { throw BodyError(message: "missing field `\(name)`") }
        return value
    }

    private func mismatch(_ name: String) -> BodyError { BodyError(message: "field `\(name)` has the wrong type") }

    func string(_ name: String) throws(BodyError) -> String {
        guard case .string(let value) = try self.present(name) else { throw self.mismatch(name) }
        return value
    }

    func bool(_ name: String) throws(BodyError) -> Bool {
        guard case .bool(let value) = try self.present(name) else { throw self.mismatch(name) }
        return value
    }

    func number<Number: BinaryInteger>(_ name: String, _ type: Number.Type = Number.self) throws(BodyError) -> Number {
        guard case .integer(let value) = try self.present(name) else { throw self.mismatch(name) }
        guard let number = Number(exactly: value) else {
            throw BodyError(message: "field `\(name)` is out of range")
        }
        return number
    }

    func array(_ name: String) throws(BodyError) -> [JSONValue] {
        guard case .array(let value) = try self.present(name) else { throw self.mismatch(name) }
        return value
    }

    /// An object, or an empty one if there is none.
    func object(_ name: String) throws(BodyError) -> [String: JSONValue] {
        switch self[name] {
        case nil, .null: return [:]
        case .object(let value): return value
        default: throw self.mismatch(name)
        }
    }

    func strings(_ name: String) throws(BodyError) -> [String] {
        var strings: [String] = []
        for value in try self.array(name) {
            guard case .string(let string) = value else { throw self.mismatch(name) }
            strings.append(string)
        }
        return strings
    }

    func objects(_ name: String) throws(BodyError) -> [[String: JSONValue]] {
        var objects: [[String: JSONValue]] = []
        for value in try self.array(name) {
            guard case .object(let object) = value else { throw self.mismatch(name) }
            objects.append(object)
        }
        return objects
    }

    func bodies<Body: JSONBody>(_ name: String, of type: Body.Type = Body.self) throws(BodyError) -> [Body] {
        var bodies: [Body] = []
        for value in try self.array(name) { bodies.append(try Body(json: value)) }
        return bodies
    }
}
