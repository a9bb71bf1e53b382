import ClusterState
import OpenSSL
import Synchronization

/// Finds whose key somebody shows among those of the replicated state: each has a salt of its own, so a key must be
/// hashed with all of them. What was found once is remembered until the keys change.
final class ReplicatedKeys: Sendable {
    private struct Memory {
        /// `ClusterState.keysIndex`, at which all of this was found.
        var index: UInt64 = 0
        var keys: [ClusterState.AccessKey] = []
        /// By the key's hash: a key that is known, and nothing of one that isn't.
        var found: [[UInt8]: ClusterState.AccessKey] = [:]
    }

    private let memory = Mutex(Memory())

    /// `digest`: the hash of the key, without a salt. `now`: milliseconds since 1970.
    func caller(
        showing key: [UInt8],
        _ digest: [UInt8],
        in state: ClusterState,
        now: UInt64
    ) throws(OpenSSLError) -> Caller? {
        let (keys, known) = self.memory.withLock { memory in
            if memory.index != state.keysIndex {
                memory = Memory(index: state.keysIndex, keys: state.keys)
            }
            return (memory.keys, memory.found[digest])
        }
        var match = known
        if match == nil {
            // All of them, so that the time tells nothing of which one it is.
            for candidate in keys {
                let hash = try NewKey.hash(key, salt: candidate.verifier.salt)
                if constantTimeEqual(hash, candidate.verifier.hash) { match = candidate }
            }
        }
        guard let match, !match.isExpired(at: now) else { return nil }
        self.memory.withLock { memory in
            if memory.index == state.keysIndex { memory.found[digest] = match }
        }
        return Caller(role: Role(match.role), key: match.id)
    }
}

extension Role {
    init(_ role: ClusterState.AccessKey.Role) {
        switch role {
        case .viewer: self = .viewer
        case .operator: self = .operator
        case .admin: self = .admin
        }
    }

    var stored: ClusterState.AccessKey.Role {
        switch self {
        case .viewer: .viewer
        case .operator: .operator
        case .admin: .admin
        }
    }
}
