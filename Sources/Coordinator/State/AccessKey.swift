extension ClusterState {
    /// A key by which somebody may use the API. The key itself is never here, only what it is recognised by.
    public struct AccessKey: Hashable, Sendable {
        /// How many there may be: whoever presents a key may have to be compared with all of them.
        public static let countMax = 1_000

        /// What its holder may do; each role includes the ones before it.
        public enum Role: UInt8, Hashable, Comparable, Sendable, CaseIterable {
            case viewer = 0
            case `operator` = 1
            case admin = 2

            public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
        }

        public let id: KeyID
        public let name: String
        public let role: Role
        public let verifier: KeyVerifier
        /// Milliseconds since 1970 at which it was put here.
        public internal(set) var createdMilliseconds: UInt64
        /// Milliseconds since 1970 from which on it is worth nothing; absent if it holds until it is revoked.
        public let expiresMilliseconds: UInt64?

        public func isExpired(at timeMilliseconds: UInt64) -> Bool {
            self.expiresMilliseconds.map { $0 <= timeMilliseconds } ?? false
        }

        /// What is wrong with it, as a sentence.
        public var fault: String? {
            if !(1...128).contains(self.id.rawValue.utf8.count) { return "the id of a key must have 1 to 128 bytes" }
            if !(1...256).contains(self.name.utf8.count) { return "the name of a key must have 1 to 256 bytes" }
            return self.verifier.fault
        }
    }
}

/// What a key is recognised by: SHA-256 of a salt, drawn for this key alone, and the key. Whoever proposes the key works
/// it out, so that the key reaches no log.
public struct KeyVerifier: Hashable, Sendable, CustomStringConvertible {
    public static let saltBytes = 16
    public static let hashBytes = 32

    public let salt: [UInt8]
    public let hash: [UInt8]

    public init(salt: [UInt8], hash: [UInt8]) {
        self.salt = salt
        self.hash = hash
    }

    var fault: String? {
        if self.salt.count != Self.saltBytes { return "the salt of a key must have \(Self.saltBytes) bytes" }
        if self.hash.count != Self.hashBytes { return "the hash of a key must have \(Self.hashBytes) bytes" }
        return nil
    }

    /// Without the bytes: what is printed ends up in logs.
    public var description: String { "a key's hash" }
}
