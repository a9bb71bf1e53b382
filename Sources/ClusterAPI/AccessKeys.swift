/// Body of `POST ~/keys`.
public struct CreateKeyRequest: Hashable, Sendable, Codable {
    /// What the key is for, in words.
    public var name: String
    /// `viewer`, `operator` or `admin`, or another of their names.
    public var role: String
    /// After that many seconds the key is worth nothing; without it, the key holds until it is revoked.
    public var expiresInSeconds: UInt64?

    public init(name: String, role: String, expiresInSeconds: UInt64? = nil) {
        self.name = name
        self.role = role
        self.expiresInSeconds = expiresInSeconds
    }

    enum CodingKeys: String, CodingKey {
        case name, role
        case expiresInSeconds = "expires_in_secs"
    }
}

/// A key by which somebody may use the API, without the key itself.
public struct KeyInfo: Hashable, Sendable, Codable, Listed {
    public static let listKey = "keys"

    public var id: String
    public var name: String
    public var role: String
    /// Milliseconds since 1970.
    public var createdMilliseconds: UInt64
    public var expiresMilliseconds: UInt64?
    /// The key. Told once, in the answer to its creation.
    public var key: String?

    public init(
        id: String,
        name: String,
        role: String,
        createdMilliseconds: UInt64,
        expiresMilliseconds: UInt64? = nil,
        key: String? = nil
    ) {
        self.id = id
        self.name = name
        self.role = role
        self.createdMilliseconds = createdMilliseconds
        self.expiresMilliseconds = expiresMilliseconds
        self.key = key
    }

    enum CodingKeys: String, CodingKey {
        case id, name, role, key
        case createdMilliseconds = "created_at_ms"
        case expiresMilliseconds = "expires_at_ms"
    }
}
