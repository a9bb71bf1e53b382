import ClusterState
import Logging
import OpenSSL
import Security
import Synchronization

/// The keys that callers may show, and what each lets them do: the cluster's own key, those of a file, which can be
/// read again while the process runs, and those of the replicated state.
///
/// Keys are compared by their hashes, each with all of them, so the time tells nothing of how close a guess was. A key
/// that was revoked is worth nothing on a member as soon as that has applied the revocation.
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
    private let replicated = ReplicatedKeys()

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
            logger.error(
                "the file of keys was not read again, those before stay good",
                metadata: ["reason": "\(error)"]
            )
        }
    }

    /// Nil for a caller who shows no key, or one that nobody knows. `state`: this member's own.
    func caller(showing key: [UInt8]?, in state: () async -> ClusterState) async -> Caller? {
        if let caller = self.ownCaller(showing: key) { return caller }
        guard let key, Self.canBeKey(key) else { return nil }
        let now = WallClock.milliseconds
        let current = await state()
        do {
            return try self.replicated.caller(showing: key, try SHA256.hash(key), in: current, now: now)
        } catch {
            return nil  // who can't be compared is not let in
        }
    }

    /// The caller that shows a key of the command line or of the file; nil for all others.
    func ownCaller(showing key: [UInt8]?) -> Caller? {
        if self.isOpen { return Caller(role: .admin) }
        guard let key, Self.canBeKey(key) else { return nil }
        guard let digest = try? SHA256.hash(key) else { return nil }  // who can't be compared is not let in
        var found: Caller?
        for entry in self.entries.withLock({ $0 }) where constantTimeEqual(entry.digest, digest) {
            if found == nil { found = entry.caller }
        }
        return found
    }

    private static func canBeKey(_ key: [UInt8]) -> Bool { !key.isEmpty && key.count <= KeyText.byteCountMax }
}
