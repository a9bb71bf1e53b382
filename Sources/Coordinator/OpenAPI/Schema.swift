import ClusterAPI

/// Small words for JSON schemas.
enum Schema {
    static let text: JSONValue = ["type": "string"]
    static let flag: JSONValue = ["type": "boolean"]
    static let number: JSONValue = ["type": "number"]
    static let count: JSONValue = ["type": "integer", "minimum": 0]
    static let count32: JSONValue = ["type": "integer", "minimum": 0, "maximum": 4_294_967_295]
    static let anyObject: JSONValue = ["type": "object"]
    static let texts: JSONValue = ["type": "object", "additionalProperties": ["type": "string"]]

    static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    static func list(_ item: JSONValue) -> JSONValue { ["type": "array", "items": item] }

    static func list(of name: String) -> JSONValue { self.list(self.reference(name)) }

    static func oneOf(_ words: String...) -> JSONValue {
        ["type": "string", "enum": .array(words.map { .string($0) })]
    }

    /// A text within bounds.
    static func text(_ least: Int64, _ most: Int64, pattern: String? = nil) -> JSONValue {
        var members: [String: JSONValue] = [
            "type": "string", "minLength": .integer(least), "maxLength": .integer(most),
        ]
        if let pattern { members["pattern"] = .string(pattern) }
        return .object(members)
    }

    /// The value, or null.
    static func orNull(_ schema: JSONValue) -> JSONValue { ["anyOf": [schema, ["type": "null"]]] }

    static func object(_ required: [String: JSONValue], optional: [String: JSONValue] = [:]) -> JSONValue {
        [
            "type": "object",
            "required": .array(required.keys.sorted().map { .string($0) }),
            "properties": .object(required.merging(optional) { first, _ in first }),
        ]
    }

    /// One page of a list, under its key.
    static func page(_ key: String, of item: String) -> JSONValue {
        self.object([key: self.list(of: item), "total": self.count, "pagination": self.reference("Pagination")])
    }
}
