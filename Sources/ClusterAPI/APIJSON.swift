import FoundationEssentials

/// The one JSON configuration of the cluster's HTTP API: coordinator, worker and command encode and decode bodies
/// here, so that key order and escaping are the same everywhere. Bodies with values of any kind in them are `JSONBody`
/// and have their own pair of functions; all others are `Codable`.
public enum APIJSON {
    /// Encodes a body with its keys sorted, so that equal values give equal bytes.
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    /// Decodes a body. Fields that the type does not know are ignored, as the contract asks.
    public static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self,
        from bytes: some Sequence<UInt8>
    ) throws(BodyError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw BodyError(error)
        } catch {
            throw BodyError(message: "the body is not valid JSON")
        }
    }
}

/// Why a body was refused, as a sentence for the one who sent it.
public struct BodyError: Error, Equatable, CustomStringConvertible {
    public var message: String
    public init(message: String) { self.message = message }
    public var description: String { self.message }

    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            let place = Self.path(context.codingPath)
            self.message = "missing field `\(key.stringValue)`" + (place.isEmpty ? "" : " in `\(place)`")
        case .valueNotFound(_, let context), .typeMismatch(_, let context):
            self.message = Self.at(context.codingPath, "has the wrong type")
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            // Foundation tells a syntax error and a number too big for its field apart in prose only.
            self.message = "the body is not valid JSON, or a number in it is out of range"
        case .dataCorrupted(let context):
            self.message = Self.at(context.codingPath, "has an invalid value")
        @unknown default:
            self.message = "the body does not have the expected shape"
        }
    }

    private static func at(_ path: [any CodingKey], _ complaint: String) -> String {
        path.isEmpty ? "the body \(complaint)" : "field `\(Self.path(path))` \(complaint)"
    }

    /// `pipelines[1].source` for the path `pipelines, 1, source`.
    private static func path(_ keys: [any CodingKey]) -> String {
        var text = ""
        for key in keys {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return text
    }
}
