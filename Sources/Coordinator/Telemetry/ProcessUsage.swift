import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// What the operating system says of this process.
struct ProcessUsage {
    var residentBytes: Int
    var cpuSeconds: Double
    /// Since 1970.
    var startSeconds: Double

    init() {
        self.residentBytes = Self.pages * Int(sysconf(Int32(_SC_PAGESIZE)))
        var usage = rusage()
        getrusage(CInt(RUSAGE_SELF.rawValue), &usage)
        self.cpuSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        self.startSeconds = Self.start
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }

    /// Pages in memory: the second number of `/proc/self/statm`. Zero where there is no such file.
    private static var pages: Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, CInt(line.count), file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let numbers = text.split(separator: " ")
        return numbers.count > 1 ? Int(numbers[1]) ?? 0 : 0
    }

    /// The present time less the process's age: field 22 of `/proc/self/stat` is its start in ticks since the boot.
    private static let start: Double = {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let present = Double(now.tv_sec) + Double(now.tv_nsec) / 1_000_000_000
        guard let file = fopen("/proc/self/stat", "r") else { return present }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1_024)
        guard fgets(&line, CInt(line.count), file) != nil else { return present }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // The name may have blanks in it, and stands in brackets.
        guard let end = text.lastIndex(of: ")") else { return present }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]) else { return present }
        var uptime = timespec()
        clock_gettime(CLOCK_BOOTTIME, &uptime)
        let age = Double(uptime.tv_sec) - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
        return present - max(0, age)
    }()
}
