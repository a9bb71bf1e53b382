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

    static func isSecret(_ parameter: String) -> Bool {
        var parameter = parameter
        return parameter.withUTF8(self.isSecret)
    }

    private static func isSecret(_ parameter: ArraySlice<UInt8>) -> Bool {
        parameter.withUnsafeBufferPointer(self.isSecret)
    }

    /// Also by its value: a URL with a user in it, or with such a name in its query.
    private static func isSecret(_ parameter: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Bool {
        self.isSecret(parameter) || self.hasCredentials(value)
    }

    static func hasCredentials(_ value: ArraySlice<UInt8>) -> Bool {
        guard let colon = value.firstIndex(of: UInt8(ascii: ":")), value[colon...].starts(with: "://".utf8) else {
            return false
        }
        let rest = value[(colon + 3)...]
        let authority = rest.prefix { ![UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) }
        if authority.contains(UInt8(ascii: "@")) { return true }
        let query = rest.drop { $0 != UInt8(ascii: "?") }
        return query.withUnsafeBufferPointer(self.isSecret)
    }

    private static func isSecret(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        name.indices.contains { place in
            switch name[place] | 0x20 {
            case UInt8(ascii: "a"):
                self.has("api_key", name, place) || self.has("apikey", name, place) || self.has("api-key", name, place)
            case UInt8(ascii: "c"): self.has("credential", name, place)
            case UInt8(ascii: "p"):
                self.has("password", name, place) || self.has("passwd", name, place)
                    || self.has("passphrase", name, place) || self.has("private_key", name, place)
                    || self.has("private-key", name, place)
            case UInt8(ascii: "s"): self.has("secret", name, place)
            case UInt8(ascii: "t"): self.has("token", name, place)
            default: false
            }
        }
    }

    /// Whether `mark`, in capitals or not, stands at `place`.
    private static func has(_ mark: StaticString, _ name: UnsafeBufferPointer<UInt8>, _ place: Int) -> Bool {
        guard mark.utf8CodeUnitCount <= name.count - place else { return false }
        for index in 0..<mark.utf8CodeUnitCount {
            let byte = name[place + index]
            let isCapital = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            if (isCapital ? byte | 0x20 : byte) != mark.utf8Start[index] { return false }
        }
        return true
    }

    /// Whether the connector comes from an answer, with stars in place of a secret.
    static func hasRedacted(_ connector: ConnectorForm) -> Bool {
        connector.params.contains { $0.value == self.stars }
    }

    // MARK: Workers' keys

    /// Nil without a key of the cluster's, under which it could be sealed.
    func seal(key: String, of worker: WorkerID) throws -> [UInt8]? {
        try self.sealer?.seal(Array(key.utf8)[...], authenticating: Self.place(of: worker)[...])
    }

    /// The key to call the worker with, if it has one of its own.
    func openKey(of worker: ClusterState.Worker) throws -> String? {
        guard let box = worker.sealedKey else { return nil }
        let bytes = try AES256GCM.open(box, key: self.key ?? [], authenticating: Self.place(of: worker.id))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// No connector's parameter has this place: it begins with the byte that ends a name.
    private static func place(of worker: WorkerID) -> [UInt8] { [0] + Array(worker.rawValue.utf8) }

    // MARK: Between the API and the state

    func seal(_ connector: ConnectorForm) throws -> ClusterState.Connector {
        var draft = ClusterState.Connector.Draft(
            name: connector.name,
            type: connector.type,
            parameterCount: connector.params.count
        )
        for (key, value) in connector.params {
            if let sealer, Self.isSecret(key, value) {
                let box = try sealer.seal(value, authenticating: Self.place(connector.name, key)[...])
                draft.add(key, box[...], isSealed: true)
            } else {
                draft.add(key, value, isSealed: false)
            }
        }
        return draft.finish(description: connector.description)
    }

    /// With every secret in the clear: for workers, never for answers.
    func open(_ connector: ClusterState.Connector) throws -> Connector {
        var params: [String: String] = [:]
        for parameter in connector.parameters {
            switch parameter.value {
            case .plain(let text): params[parameter.key] = text
            case .sealed(let box):
                let place = Self.place(Array(connector.name.rawValue.utf8)[...], Array(parameter.key.utf8)[...])
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
    func keepingSecrets(_ form: ConnectorForm, of existing: ClusterState.Connector) throws -> ConnectorForm {
        var connector = form.connector
        let stored = try self.open(existing)
        for (name, value) in connector.params where value == Self.redacted {
            connector.params[name] = stored.params[name] ?? value
        }
        return ConnectorForm(connector)
    }

    static func redact(_ connector: ClusterState.Connector) -> Connector {
        var params: [String: String] = [:]
        for parameter in connector.parameters {
            if case .plain(let text) = parameter.value,
                !self.isSecret(Array(parameter.key.utf8)[...], Array(text.utf8)[...])
            {
                params[parameter.key] = text
            } else {
                params[parameter.key] = Self.redacted
            }
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
            body.add(key, isSealed || self.isSecret(key, value) ? self.stars : value)
        }
        return body.finish()
    }

    /// The same, of a connector that is about to be sealed.
    static func redactedJSON(_ connector: ConnectorForm) -> [UInt8] {
        var body = ConnectorBody(name: connector.name, type: connector.type, description: connector.description)
        for (key, value) in connector.params { body.add(key, self.isSecret(key, value) ? self.stars : value) }
        return body.finish()
    }

    /// Ties a sealed value to its place, so that it can't be moved to another connector's parameter.
    private static func place(_ connector: ArraySlice<UInt8>, _ parameter: ArraySlice<UInt8>) -> [UInt8] {
        var place = [UInt8]()
        place.reserveCapacity(connector.count + 1 + parameter.count)
        place.append(contentsOf: connector)
        place.append(0)
        place.append(contentsOf: parameter)
        return place
    }
}
