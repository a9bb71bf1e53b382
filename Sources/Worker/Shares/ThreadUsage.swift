import Foundation
import Glibc

/// What the system knows of this process's threads: `/proc/self/task/N/schedstat`.
enum ThreadUsage {
    /// The calling thread, as the system numbers it; 0 where it does not tell.
    static var current: Int {
        // The link reads `PID/task/TID`.
        let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")  // nil gives 0
        return path?.split(separator: "/").last.flatMap { Int($0) } ?? 0
    }

    /// What each thread did since it began; none where the system does not count.
    static func all() -> [Int: ProcessorShares.Usage] {
        // Nil where there is no such folder.
        let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
        var usages: [Int: ProcessorShares.Usage] = [:]
        for name in threads ?? [] {
            guard let thread = Int(name), let usage = Self.read("/proc/self/task/\(name)/schedstat") else { continue }
            usages[thread] = usage
        }
        return usages
    }

    private static func read(_ path: String) -> ProcessorShares.Usage? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return withUnsafeTemporaryAllocation(byteCount: 128, alignment: 1) { buffer in
            let count = Glibc.read(file, buffer.baseAddress, buffer.count)
            guard count > 0 else { return nil }
            let numbers = buffer[..<count].split(separator: UInt8(ascii: " "))
            guard numbers.count >= 2, let ran = Self.number(numbers[0]), let waited = Self.number(numbers[1]) else {
                return nil
            }
            return ProcessorShares.Usage(ran: ran, waited: waited)
        }
    }

    private static func number(_ digits: some Sequence<UInt8>) -> UInt64? {
        UInt64(String(decoding: Array(digits), as: UTF8.self))
    }
}
