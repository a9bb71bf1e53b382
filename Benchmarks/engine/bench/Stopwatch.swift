import Foundation

/// Time since it was made or started, without that while it was stopped.
struct Stopwatch {
    private var cpu = Self.now(CLOCK_PROCESS_CPUTIME_ID)
    private var wall = Self.now(CLOCK_MONOTONIC)
    private var stopped: (cpu: Double, wall: Double)?

    init() {}

    init(isRunning: Bool) { if !isRunning { self.stopped = (self.cpu, self.wall) } }

    mutating func stop() { self.stopped = (Self.now(CLOCK_PROCESS_CPUTIME_ID), Self.now(CLOCK_MONOTONIC)) }

    mutating func start() {
        guard let stopped else { return }
        self.cpu += Self.now(CLOCK_PROCESS_CPUTIME_ID) - stopped.cpu
        self.wall += Self.now(CLOCK_MONOTONIC) - stopped.wall
        self.stopped = nil
    }

    /// Of all threads of the process.
    var cpuSeconds: Double { (self.stopped?.cpu ?? Self.now(CLOCK_PROCESS_CPUTIME_ID)) - self.cpu }

    var wallSeconds: Double { (self.stopped?.wall ?? Self.now(CLOCK_MONOTONIC)) - self.wall }

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
