import OpenSSL

/// The key that a connection showed last, and what it was good for: most show one key for all of their requests, and a
/// comparison of bytes is cheaper than a hash. Lives on the connection's event loop.
final class KeyMemory {
    private let keys: KeyRing
    private var last: (key: [UInt8], caller: Caller, generation: Int)?

    init(_ keys: KeyRing) { self.keys = keys }

    func caller(showing key: [UInt8]?) -> Caller? {
        let generation = self.keys.generation
        if let key, let last, last.generation == generation, constantTimeEqual(key, last.key) { return last.caller }
        guard let caller = self.keys.caller(showing: key) else { return nil }
        if let key { self.last = (key, caller, generation) }
        return caller
    }
}
