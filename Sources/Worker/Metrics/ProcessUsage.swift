import Foundation
import Glibc

/// What this process takes of the machine, as the system tells it.
struct ProcessUsage {
    let residentBytes: UInt64
    let cpuSeconds: Double
    let openDescriptors: Int

    static var current: ProcessUsage {
        var usage = rusage()
        getrusage(CInt(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }
        // Nil where there is no such folder.
        let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        return ProcessUsage(
            residentBytes: Self.residentPages * UInt64(sysconf(CInt(_SC_PAGESIZE))),
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            openDescriptors: descriptors?.count ?? 0
        )
    }

    /// The second number of `/proc/self/statm`.
    private static var residentPages: UInt64 {
        guard let text = FileManager.default.contents(atPath: "/proc/self/statm") else { return 0 }
        let numbers = String(decoding: text, as: UTF8.self).split(separator: " ")
        return numbers.count > 1 ? UInt64(numbers[1]) ?? 0 : 0
    }
}
