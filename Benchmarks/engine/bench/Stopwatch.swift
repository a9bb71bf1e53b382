import Foundation

/// Time since it was made.
struct Stopwatch {
    private let cpu = Self.now(CLOCK_PROCESS_CPUTIME_ID)
    private let wall = Self.now(CLOCK_MONOTONIC)

    /// Of all threads of the process.
    var cpuSeconds: Double { Self.now(CLOCK_PROCESS_CPUTIME_ID) - self.cpu }

    var wallSeconds: Double { Self.now(CLOCK_MONOTONIC) - self.wall }

    private static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// KiB that the process had in memory at most.
func peakMemory() -> Int {
    var usage = rusage()
    // RUSAGE_SELF
    getrusage(0, &usage)
    return usage.ru_maxrss
}
