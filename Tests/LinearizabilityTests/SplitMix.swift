#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A small seeded generator (SplitMix64: Steele, Lea, Flood, OOPSLA 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

enum Seed {
    /// The one seed to run, if the environment names one.
    static var chosen: UInt64? { getenv("SEED").flatMap { UInt64(String(cString: $0)) } }
}
