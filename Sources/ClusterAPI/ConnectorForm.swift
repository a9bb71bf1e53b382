/// A connector as a request's body says it: its parts as UTF-8, the parameters in the order of their keys' bytes.
///
/// Connectors are written often. What a body says is checked, sealed and answered from this, without a `String` for each
/// of its parts.
public struct ConnectorForm: Sendable {
    public typealias Param = (key: ArraySlice<UInt8>, value: ArraySlice<UInt8>)

    public var name: ArraySlice<UInt8>
    public var type: ArraySlice<UInt8>
    /// No key comes twice.
    public private(set) var params: [Param]
    public var description: ArraySlice<UInt8>?

    /// Reads a body. What is as plain as bodies usually are (ASCII without escapes) is read here; anything else, and
    /// whatever is wrong, is left to the general decoder, which knows all of JSON and has the words for what it misses.
    public init(json text: [UInt8]) throws(BodyError) {
        if let form = Self(plain: text) {
            self = form
        } else {
            self.init(try APIJSON.decode(Connector.self, from: text))
        }
    }

    public init(_ connector: Connector) {
        func bytes(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }
        self.name = bytes(connector.name)
        self.type = bytes(connector.connectorType)
        self.params = connector.params.map { (bytes($0.key), bytes($0.value)) }
        self.description = connector.description.map(bytes)
        self.params.sort { $0.key.lexicographicallyPrecedes($1.key) }
    }

    /// Nil for anything but the four fields, each at most once, as plain strings.
    private init?(plain text: [UInt8]) {
        var reader = PlainJSONReader(text)
        var name: ArraySlice<UInt8>?
        var type: ArraySlice<UInt8>?
        var description: ArraySlice<UInt8>?
        var params: [Param]?
        guard reader.isASCII, reader.accept("{") else { return nil }
        repeat {
            guard let key = reader.string(), reader.accept(":") else { return nil }
            switch key.count {
            case 4 where name == nil && key.spells("name"): name = reader.string()
            case 6 where params == nil && key.spells("params"): params = reader.strings()
            case 11 where description == nil && key.spells("description"): description = reader.string()
            case 14 where type == nil && key.spells("connector_type"): type = reader.string()
            default: return nil
            }
        } while reader.accept(",")
        guard reader.accept("}"), reader.isAtEnd, let name, let type, var params else { return nil }
        // Most come sorted.
        if !Self.areSorted(params) {
            params.sort { $0.key.lexicographicallyPrecedes($1.key) }
            guard Self.areSorted(params) else { return nil }  // a key comes twice
        }
        self.name = name
        self.type = type
        self.params = params
        self.description = description
    }

    private static func areSorted(_ params: [Param]) -> Bool {
        params.indices.dropFirst().allSatisfy { params[$0 - 1].key.lexicographicallyPrecedes(params[$0].key) }
    }

    public var connector: Connector {
        func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
        return Connector(
            name: text(self.name),
            connectorType: text(self.type),
            params: Dictionary(uniqueKeysWithValues: self.params.map { (text($0.key), text($0.value)) }),
            description: self.description.map(text)
        )
    }
}

/// Writes a connector's body as the general encoder does, keys sorted, from parts that are at hand as UTF-8.
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
