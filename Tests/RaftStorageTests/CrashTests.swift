import Foundation
import RaftCore
import RaftStorage
import Testing

/// A script of writes that can be played to any point: term `n` comes with write `n`, so the term that is recovered
/// says which write was the last.
private struct Script {
    private(set) var number: UInt64 = 0
    private(set) var log: [Entry] = []

    mutating func next(id: UInt64) -> Write {
        self.number += 1
        var generator = SeededGenerator(seed: self.number)
        var truncateFrom: UInt64?
        if !self.log.isEmpty, UInt64.random(in: 0..<5, using: &generator) == 0 {
            let first = max(1, self.log.count - 10)
            let index = Int.random(in: first...self.log.count, using: &generator)
            truncateFrom = UInt64(index)
            self.log.removeSubrange((index - 1)...)
        }
        let appended = (0..<Int.random(in: 0...6, using: &generator)).map { offset in
            let length = Int.random(in: 0...3_000, using: &generator)
            return entry(
                UInt64(self.log.count + offset + 1),
                term: self.number,
                String(repeating: "\(self.number % 10)", count: length)
            )
        }
        self.log += appended
        return write(id, term: self.number, vote: UInt32(self.number % 3) + 1, truncateFrom: truncateFrom, appended)
    }
}

@Suite("Crashes")
struct CrashTests {
    @Test("whatever was acknowledged is there after the process was killed in the middle of writing, twenty times over")
    func killed() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        var acknowledged: UInt64 = 0
        for round in 0..<20 {
            let result = await #expect(
                processExitsWith: .signal(SIGKILL),
                observing: [\.standardOutputContent]
            ) { [path = path as String, round = round as Int] in
                try writeUntilKilled(path, afterMilliseconds: Int.random(in: 1...(20 + 5 * round)))
            }
            let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
            // The last line may have been cut off by the kill.
            let lines = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            for line in lines where line.hasPrefix("durable ") {
                acknowledged = try #require(UInt64(line.dropFirst("durable ".count)))
            }

            let recovered = try open(directory).recover()
            let last = recovered.hardState.term.rawValue
            #expect(last >= acknowledged, "round \(round)")
            var script = Script()
            while script.number < last { _ = script.next(id: 1) }
            #expect(recovered.entries == script.log, "round \(round)")
        }
        #expect(acknowledged > 0)
    }

    @Test("a disk that takes no more ends the process with status 74, and what was acknowledged is there")
    func fileSizeLimit() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        let result = await #expect(
            processExitsWith: .exitCode(74),
            observing: [\.standardOutputContent, \.standardErrorContent]
        ) { [path = path as String] in
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 4 << 20, rlim_max: 4 << 20)
            try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            try writeUntilKilled(path, afterMilliseconds: nil)
        }
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        let last = try #require(output.split(separator: "\n").last { $0.hasPrefix("durable ") })
        let acknowledged = try #require(UInt64(last.dropFirst("durable ".count)))
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("the Raft storage failed"))

        let recovered = try open(directory).recover()
        var script = Script()
        while script.number < recovered.hardState.term.rawValue { _ = script.next(id: 1) }
        #expect(recovered.entries == script.log)
        #expect(recovered.hardState.term.rawValue >= acknowledged && acknowledged > 0)
    }
}

/// Continues the script in `path` and prints the number of each write that is durable, until the process ends.
private func writeUntilKilled(_ path: String, afterMilliseconds delay: Int?) throws {
    let database = try RaftDatabase(directory: path, member: NodeID(1), of: threePeers, mapBytes: 1 << 30)
    let start = try database.recover().hardState.term.rawValue
    var script = Script()
    while script.number < start { _ = script.next(id: 1) }
    var limits = StorageThread.Limits()
    limits.waitingEntriesMax = 500
    let thread = try StorageThread(database: database, limits: limits) { receipt in
        let line = Array("durable \(start + receipt.write.rawValue)\n".utf8)
        _ = write(STDOUT_FILENO, line, line.count)
    }
    if let delay {
        // The moment of death has to be one that no step of the program chooses.
        Thread.detachNewThread {
            usleep(UInt32(delay) * 1_000)
            kill(getpid(), SIGKILL)
        }
    }
    var id: UInt64 = 0
    while true {
        id += 1
        let next = script.next(id: id)
        while thread.submit([next]) != .accepted { sched_yield() }
    }
}
