// Time comes to the core as an argument. It is monotonic, has no origin that means anything, and safety never
// depends on it: clocks only decide when to try something.

/// A moment of a monotonic clock, in nanoseconds since an origin the driver chose.
public struct Instant: Hashable, Comparable, Sendable {
    public var nanoseconds: UInt64
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }
    public static let zero = Instant(nanoseconds: 0)
    /// Later than every moment a driver will ever pass.
    public static let never = Instant(nanoseconds: .max)
    public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    func advanced(by span: Nanoseconds) -> Instant {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(span)
        return overflow ? .never : Instant(nanoseconds: sum)
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    func since(_ earlier: Instant) -> Nanoseconds {
        self.nanoseconds > earlier.nanoseconds ? self.nanoseconds - earlier.nanoseconds : 0
    }
}

/// A span of time inside the core, where `Duration`'s 128 bits would be paid for at every step.
typealias Nanoseconds = UInt64

extension Duration {
    /// Whole nanoseconds, saturating at both ends.
    var coreNanoseconds: Nanoseconds {
        let (seconds, attoseconds) = self.components
        if seconds < 0 { return 0 }
        let (scaled, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : scaled.addingSaturating(UInt64(max(0, attoseconds) / 1_000_000_000))
    }
}

extension UInt64 {
    func addingSaturating(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = self.addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
