import ClusterAPI
import ClusterState
import OpenSSL
import RaftCore

/// Keeps passwords in connector parameters out of the log, the disk and the answers.
///
/// With an API key they are sealed under a key derived from it and from the cluster's id, so only who has the API key
/// can read them. Without one (loopback only) there is nothing to derive a key from, and they are stored as they are.
struct ConnectorSecrets: Sendable {
    private let key: [UInt8]?
    private let sealer: AES256GCMSealer?
    /// What stands in an answer in place of a secret.
    static let redacted = "********"

    init(apiKey: String?, cluster: ClusterID) throws {
        self.key = try apiKey.map {
            try HKDFSHA256.key(
                from: Array($0.utf8),
                salt: Array(cluster.description.utf8),
                info: Array("connector secrets".utf8),
                byteCount: AES256GCM.keyByteCount
            )
        }
        self.sealer = try self.key.map { try AES256GCMSealer(key: $0) }
    }

    private static let marks = ["password", "secret", "token", "api_key", "apikey", "private_key", "credential"].map {
        Array($0.utf8)
    }

    static func isSecret(_ parameter: String) -> Bool {
        var parameter = parameter
        return parameter.withUTF8(self.isSecret)
    }

    private static func isSecret(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        for place in 0..<name.count {
            // The letters that the marks begin with; few names get further.
            switch name[place] | 0x20 {
            case UInt8(ascii: "a"), UInt8(ascii: "c"), UInt8(ascii: "p"), UInt8(ascii: "s"), UInt8(ascii: "t"):
                if self.marks.contains(where: { self.isMark($0, at: place, of: name) }) { return true }
            default: continue
            }
        }
        return false
    }

    /// Whether `mark`, in capitals or not, stands at `place`.
    private static func isMark(_ mark: [UInt8], at place: Int, of name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard mark.count <= name.count - place else { return false }
        for index in 0..<mark.count {
            let byte = name[place + index]
            let isCapital = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            if (isCapital ? byte | 0x20 : byte) != mark[index] { return false }
        }
        return true
    }

    /// Whether the connector comes from an answer, with stars in place of a secret.
    static func hasRedacted(_ connector: Connector) -> Bool {
        connector.params.contains { $0.value == self.redacted && self.isSecret($0.key) }
    }

    // MARK: Between the API and the state

    func seal(_ connector: Connector) throws -> ClusterState.Connector {
        ClusterState.Connector(
            name: ConnectorName(connector.name),
            type: connector.connectorType,
            parameters: try connector.params.sorted { $0.key.precedesInUTF8($1.key) }.map { name, value in
                guard let sealer, Self.isSecret(name) else { return .init(key: name, value: .plain(value)) }
                let box = try sealer.seal(Array(value.utf8), authenticating: Self.place(connector.name, name))
                return .init(key: name, value: .sealed(box))
            },
            description: connector.description
        )
    }

    /// With every secret in the clear: for workers, never for answers.
    func open(_ connector: ClusterState.Connector) throws -> Connector {
        var params: [String: String] = [:]
        for parameter in connector.parameters {
            switch parameter.value {
            case .plain(let text): params[parameter.key] = text
            case .sealed(let box):
                let place = Self.place(connector.name.rawValue, parameter.key)
                let bytes = try AES256GCM.open(box, key: self.key ?? [], authenticating: place)
                params[parameter.key] = String(decoding: bytes, as: UTF8.self)
            }
        }
        return Connector(
            name: connector.name.rawValue,
            connectorType: connector.type,
            params: params,
            description: connector.description
        )
    }

    /// A connector that was read, changed and is written back has stars where its secrets were: they stay what they are.
    func keepingSecrets(_ connector: Connector, of existing: ClusterState.Connector) throws -> Connector {
        var connector = connector
        let stored = try self.open(existing)
        for (name, value) in connector.params where value == Self.redacted && Self.isSecret(name) {
            connector.params[name] = stored.params[name] ?? value
        }
        return connector
    }

    static func redact(_ connector: Connector) -> Connector {
        var connector = connector
        for name in connector.params.keys where Self.isSecret(name) { connector.params[name] = Self.redacted }
        return connector
    }

    static func redact(_ connector: ClusterState.Connector) -> Connector {
        var params: [String: String] = [:]
        for parameter in connector.parameters {
            if case .plain(let text) = parameter.value { params[parameter.key] = text }
            if Self.isSecret(parameter.key) { params[parameter.key] = Self.redacted }
        }
        return Connector(
            name: connector.name.rawValue,
            connectorType: connector.type,
            params: params,
            description: connector.description
        )
    }

    private static let stars = Array(Self.redacted.utf8)[...]

    /// The body of an answer about the connector, its secrets redacted. Its parameters are as `seal` sorts them.
    static func redactedJSON(_ connector: ClusterState.Connector) -> [UInt8] {
        let parts = connector.parts
        var body = ConnectorBody(name: parts.name, type: parts.type, description: parts.description)
        for (key, value, isSealed) in parts.parameters {
            let isShown = !isSealed && !key.withUnsafeBufferPointer(self.isSecret)
            body.add(key, isShown ? value : self.stars)
        }
        return body.finish()
    }

    /// Ties a sealed value to its place, so that it can't be moved to another connector's parameter.
    private static func place(_ connector: String, _ parameter: String) -> [UInt8] {
        Array("\(connector)\u{0}\(parameter)".utf8)
    }
}
