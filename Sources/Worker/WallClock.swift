import Foundation

/// The time of day, for events that carry none.
enum WallClock {
    /// Nanoseconds since 1970, counted in whole microseconds: finer, a `Date` is not exact.
    static func nanoseconds() -> Int64 {
        Int64((Date.now.timeIntervalSince1970 * 1_000_000).rounded()) * 1_000
    }
}
