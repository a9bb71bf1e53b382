import Logging
import OpenSSL
import Security
import Synchronization

/// The keys that callers may show, and what each lets them do: the cluster's own key, and those of a file, which can be
/// read again while the process runs.
///
/// Keys are compared by their hashes, each with all of them, so the time tells nothing of how close a guess was.
final class KeyRing: Sendable {
    private struct Entry: Sendable {
        var digest: [UInt8]
        var caller: Caller
    }

    /// What coordinators prove themselves with to each other, and what secrets are sealed under: nil without any key.
    let clusterKey: String?
    private let ownKey: String?
    private let path: String?
    private let entries: Mutex<[Entry]>
    private let version = Atomic(0)

    /// `clusterKey`: the key that has the role of an administrator; without one, it is the file's first of that role.
    init(clusterKey: String?, file path: String?) throws {
        let keys = try path.map { try KeyFile(path: $0).keys } ?? []
        self.ownKey = clusterKey
        self.path = path
        self.clusterKey = clusterKey ?? keys.first { $0.role == .admin }?.key
        if let path, self.clusterKey == nil {
            throw FileError(
                "\(path) has no key of the role admin, which coordinators need among themselves: add one, or give "
                    + "them --api-key as well."
            )
        }
        self.entries = Mutex(try Self.entries(clusterKey, keys))
    }

    private static func entries(_ clusterKey: String?, _ keys: [KeyFile.Key]) throws -> [Entry] {
        let own = try clusterKey.map { [Entry(digest: try Self.digest($0), caller: Caller(role: .admin))] } ?? []
        return try own + keys.map { Entry(digest: try Self.digest($0.key), caller: Caller(role: $0.role)) }
    }

    private static func digest(_ key: String) throws -> [UInt8] { try SHA256.hash(Array(key.utf8)) }

    /// Whether callers need a key at all. Without, the coordinator listens on loopback only.
    var isOpen: Bool { self.clusterKey == nil }

    /// Another number whenever a key may mean something else than before.
    var generation: Int { self.version.load(ordering: .acquiring) }

    /// Reads the file again. One that is broken changes nothing, and is told.
    func reload(_ logger: Logger) {
        guard let path else { return }
        do {
            let entries = try Self.entries(self.ownKey, KeyFile(path: path).keys)
            self.entries.withLock { $0 = entries }
            self.version.add(1, ordering: .releasing)
            logger.notice("the file of keys was read again", metadata: ["keys": "\(entries.count)"])
        } catch {
            logger.error("the file of keys was not read again, those before stay good", metadata: ["reason": "\(error)"])
        }
    }

    /// Nil for a caller who shows no key, or one that nobody knows.
    func caller(showing key: [UInt8]?) -> Caller? {
        if self.isOpen { return Caller(role: .admin) }
        guard let key, !key.isEmpty, key.count <= KeyText.byteCountMax else { return nil }
        // Who can't be compared is not let in.
        guard let digest = try? SHA256.hash(key) else { return nil }
        var found: Caller?
        for entry in self.entries.withLock({ $0 }) where constantTimeEqual(entry.digest, digest) {
            if found == nil { found = entry.caller }
        }
        return found
    }
}
