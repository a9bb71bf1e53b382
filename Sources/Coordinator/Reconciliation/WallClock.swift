#if canImport(Glibc)
    import Glibc
#endif

/// The time of day, as entries of the log carry it.
enum WallClock {
    /// Since 1970.
    static var milliseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(max(0, time.tv_sec)) * 1_000 + UInt64(time.tv_nsec) / 1_000_000
    }
}
