// Connectors are written often, so they have a reader and a writer of their own beside the `Codable` ones: the same
// JSON, at a fraction of the cost.

extension Connector {
    /// Decodes a body. What is as plain as bodies usually are is read here; anything else, and whatever is wrong, is
    /// left to the general decoder, which knows all of JSON and has the words for what it misses.
    public init(json bytes: some Sequence<UInt8>) throws(BodyError) {
        let plain = bytes.withContiguousStorageIfAvailable { bytes in
            var reader = PlainJSONReader(bytes)
            return Connector(plain: &reader)
        }
        if case .some(.some(let connector)) = plain {
            self = connector
        } else {
            self = try APIJSON.decode(from: bytes)
        }
    }

    /// The body that the general encoder gives, keys sorted.
    public var json: [UInt8] {
        var body = ConnectorBody(
            name: Array(self.name.utf8)[...],
            type: Array(self.connectorType.utf8)[...],
            description: self.description.map { Array($0.utf8)[...] }
        )
        for (key, value) in self.params.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            body.add(Array(key.utf8)[...], Array(value.utf8)[...])
        }
        return body.finish()
    }

    /// Nil for anything but the four fields, each at most once, as plain strings.
    private init?(plain reader: inout PlainJSONReader) {
        var name: String?
        var type: String?
        var description: String?
        var params: [String: String]?
        guard reader.accept("{") else { return nil }
        repeat {
            guard let key = reader.string(), reader.accept(":") else { return nil }
            switch key {
            case "name" where name == nil: name = reader.string()
            case "connector_type" where type == nil: type = reader.string()
            case "description" where description == nil: description = reader.string()
            case "params" where params == nil: params = reader.strings()
            default: return nil
            }
        } while reader.accept(",")
        guard reader.accept("}"), reader.isAtEnd, let name, let type, let params else { return nil }
        self.init(name: name, connectorType: type, params: params, description: description)
    }
}

/// Writes the body that `Connector.json` gives, from parts that are at hand as UTF-8.
public struct ConnectorBody {
    private var writer = JSONWriter(capacity: 512)
    private var separator: StaticString = ",\"params\":{"

    public init(name: ArraySlice<UInt8>, type: ArraySlice<UInt8>, description: ArraySlice<UInt8>?) {
        self.writer.begin("{\"connector_type\":", utf8: type)
        if let description { self.writer.begin(",\"description\":", utf8: description) }
        self.writer.begin(",\"name\":", utf8: name)
    }

    /// Keys have to come in the order of their bytes.
    public mutating func add(_ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) {
        self.writer.begin(self.separator, utf8: key)
        self.writer.begin(":", utf8: value)
        self.separator = ","
    }

    public consuming func finish() -> [UInt8] {
        self.writer.append(self.separator.utf8CodeUnitCount > 1 ? ",\"params\":{}}" : "}}")
        return self.writer.bytes
    }
}
