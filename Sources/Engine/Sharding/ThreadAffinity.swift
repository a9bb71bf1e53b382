#if os(Linux)
    internal import CAffinity
#endif

/// On which processors threads may run.
enum ThreadAffinity {
    /// How many there can be in the set that the system takes.
    private static let coresMax = 1024

    /// Binds the calling thread to one core. False where there is no such core for this process, or the system cannot.
    static func pin(to core: Int) -> Bool {
        #if os(Linux)
            guard (0..<Self.coresMax).contains(core) else { return false }
            var words = [UInt64](repeating: 0, count: Self.coresMax / 64)
            words[core / 64] = 1 << UInt64(core % 64)
            return words.withUnsafeBytes { thread_set_affinity(0, $0.count, $0.baseAddress) == 0 }
        #else
            return false
        #endif
    }

    /// The cores on which the calling thread may run; empty where the system does not say.
    static var cores: [Int] {
        #if os(Linux)
            var words = [UInt64](repeating: 0, count: Self.coresMax / 64)
            let count = words.withUnsafeMutableBytes { thread_get_affinity(0, $0.count, $0.baseAddress) }
            guard count >= 0 else { return [] }
            return (0..<Self.coresMax).filter { words[$0 / 64] >> UInt64($0 % 64) & 1 == 1 }
        #else
            return []
        #endif
    }
}
