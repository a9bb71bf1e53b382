import Foundation
import LMDB
import RaftCore
import Testing

@testable import RaftStorage

@Suite("Journal")
struct JournalTests {
    private let directory: TemporaryDirectory
    private var file: String { self.directory.path + "/journal" }

    init() throws { self.directory = try TemporaryDirectory() }

    private func commit(_ batches: [Write]...) throws {
        var database = try open(self.directory)
        for batch in batches { _ = try database.commit(batch) }
    }

    private func recovered() throws -> Recovered { try open(self.directory).recover() }

    private func change(_ body: (inout [UInt8]) -> Void) throws {
        let url = URL(fileURLWithPath: self.file)
        var bytes = [UInt8](try Data(contentsOf: url))
        body(&bytes)
        try Data(bytes).write(to: url)
    }

    private func refusal() -> StorageError? { #expect(throws: StorageError.self) { try self.recovered() } }

    /// A record of each: a vote, an entry, and one of three pages.
    private func fill() throws {
        let large = String(repeating: "x", count: 10_000)
        try self.commit([write(1, term: 1, vote: 2)], [write(2, [entry(1)])], [write(3, [entry(2, large)])])
    }

    @Test("what is appended is in the journal alone, and in the database once it is settled")
    func settled() throws {
        let key = Key(3)
        func isInDatabase() throws -> Bool {
            var found = false
            try tamper(self.directory) { transaction, entries, _ in
                found = try transaction.get(key, in: entries) != nil
            }
            return found
        }
        try self.commit([write(1, term: 1, entries(1...2)), write(2, [entry(3)])])
        #expect(try !isInDatabase())
        do {
            var database = try open(self.directory)
            #expect(database.isUnsettled == false)
            _ = try database.commit([write(1, [entry(4)])])
            #expect(database.isUnsettled == true)
            try database.settle()
            #expect(database.isUnsettled == false)
        }
        #expect(try isInDatabase())
        #expect(try self.recovered().entries == entries(1...2) + [entry(3), entry(4)])
    }

    @Test("a record has the documented form")
    func form() throws {
        let directory = try DataDirectory(self.directory.path)
        try Journal.create(in: directory)
        var journal = try Journal(in: directory, of: Incarnation(5), lap: 7)
        let hi = Entry(
            position: LogPosition(index: LogIndex(3), term: Term(2)),
            time: LogTime(milliseconds: 1000),
            kind: .command,
            payload: Array("hi".utf8)
        )
        let isWritten = try journal.append([write(1, term: 2, vote: 3), write(2, [hi])])
        #expect(isWritten)
        let hex = try Data(contentsOf: URL(fileURLWithPath: self.file)).prefix(81)
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let header = "01000000" + "00000039" + "0000000000000007" + "00000000"
        let hardState = "01" + "01" + "0000000000000002" + "01" + "00000003"
        let entries =
            "0000000000000003" + "00000001"
            + "0101000000000002000000000000000200000000000003e897ff22eb6869"
        #expect(hex == header + "00211dd6" + hardState + entries)
    }

    @Test("a last record that was cut off by a crash is as if it had never been written", arguments: 0..<3)
    func tornTail(page: Int) throws {
        try self.fill()
        try self.change {
            $0.replaceSubrange(((2 + page) * 4_096)..., with: repeatElement(0, count: $0.count - (2 + page) * 4_096))
        }
        let found = try self.recovered()
        #expect(found.hardState == HardState(term: Term(1), vote: NodeID(2)))
        #expect(found.entries == [entry(1)])
        // And the log goes on from there.
        try self.commit([write(1, entries(2...3))])
        #expect(try self.recovered().entries == [entry(1)] + entries(2...3))
    }

    @Test("a flipped bit before the last record is found, whatever the byte", arguments: [0, 1, 5, 12, 17, 21, 24, 40])
    func damage(byte: Int) throws {
        try self.fill()
        try self.change { $0[4_096 + byte] ^= 0x10 }
        let error = self.refusal()
        #expect(error?.code == .damagedRecord)
        #expect(error?.message.contains("Record 1 of the journal") == true)
    }

    @Test("a journal that is missing, cut off or too long keeps the member from starting")
    func missing() throws {
        try self.fill()
        for size in [0, 4_096, Journal.byteCount + 1] {
            try self.change { $0 = Array(repeating: 0, count: size) }
            #expect(self.refusal()?.code == .damagedRecord)
        }
        try FileManager.default.removeItem(atPath: self.file)
        let error = self.refusal()
        #expect(error?.code == .damagedRecord)
        #expect(error?.message.contains("replace the member") == true)
    }

    @Test("a journal whose database is gone keeps the member from starting afresh")
    func bereft() throws {
        try self.fill()
        for name in ["data.mdb", "lock.mdb"] {
            try FileManager.default.removeItem(atPath: self.directory.path + "/" + name)
        }
        try FileManager.default.removeItem(atPath: self.directory.path + "/snapshots")
        #expect(self.refusal()?.code == .damagedRecord)
    }

    @Test("a journal that was made and not yet written to is made again, with the database or without")
    func blank() throws {
        let blank = Data(count: Journal.byteCount)
        try blank.write(to: URL(fileURLWithPath: self.file))
        #expect(try self.recovered().entries == [])
        try tamper(self.directory) { transaction, _, state in try transaction.delete("journal", in: state) }
        try blank.prefix(100).write(to: URL(fileURLWithPath: self.file))
        #expect(try self.recovered().entries == [])
        try self.fill()
        #expect(try self.recovered().entries.count == 2)
    }

    @Test("records that the database took over do not count again, and a shorter lap does not go on with them")
    func laps() throws {
        try self.fill()
        let old = try Data(contentsOf: URL(fileURLWithPath: self.file))
        let before = try self.recovered()
        try self.commit([write(1, term: 2)])
        try self.change { $0.replaceSubrange(4_096..., with: old[4_096...]) }
        let found = try self.recovered()
        #expect(found.entries == before.entries)
        #expect(found.hardState == HardState(term: Term(2)))
    }

    @Test("the journal of another database is not carried out")
    func foreign() throws {
        let other = try TemporaryDirectory()
        do {
            var database = try open(other)
            _ = try database.commit([write(1, term: 9, entries(1...3, term: 9))])
        }
        _ = try open(self.directory)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: other.path + "/journal"))
        try self.change { $0 = [UInt8](bytes) }
        #expect(try self.recovered().entries == [])
    }

    @Test("when the journal is full, the database takes over, and nothing is lost")
    func full() throws {
        let count = UInt64(Journal.byteCount / Journal.pageBytes + 10)
        do {
            var database = try open(self.directory)
            _ = try database.commit([write(1, term: 1)])
            for index in 1...count { _ = try database.commit([write(index + 1, [entry(index)])]) }
            #expect(database.stored.bounds.last.index > .zero)
            #expect(database.isUnsettled == true)
            #expect(try database.recover().entries == (1...count).map { entry($0) })
        }
        #expect(try self.recovered().entries == (1...count).map { entry($0) })
    }

    @Test("what is larger than the journal goes to the database, after what the journal holds")
    func tooLarge() throws {
        let large = entry(2, String(repeating: "x", count: Journal.byteCount))
        do {
            var database = try open(self.directory)
            _ = try database.commit([write(1, term: 1, [entry(1)])])
            _ = try database.commit([write(2, [large])])
            #expect(database.isUnsettled == false)
            _ = try database.commit([write(3, [entry(3)])])
        }
        #expect(try self.recovered().entries == [entry(1), large, entry(3)])
    }

    @Test("no bytes make the decoder of a record trap", arguments: 0..<20 as Range<UInt64>)
    func fuzzed(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var sound: [UInt8] = []
        try JournalRecord.encode([write(1, term: 3, vote: 1, entries(5...8, term: 3))], onto: &sound)
        let whole = try JournalRecord.decode(sound.span.bytes, id: WriteID(1))
        #expect(whole == write(1, term: 3, vote: 1, entries(5...8, term: 3)))
        for _ in 0..<500 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
                case 1: bytes.append(UInt8.random(in: 0...255, using: &random))
                default:
                    guard let place = bytes.indices.randomElement(using: &random) else { continue }
                    bytes[place] = UInt8.random(in: 0...255, using: &random)
                }
            }
            // Every entry has a checksum of its own.
            if let write = try? JournalRecord.decode(bytes.span.bytes, id: WriteID(1)) {
                #expect(write.entries == whole.entries || write.entries.isEmpty)
            }
        }
    }

    @Test("the storage thread settles what waits for long, and all of it before it ends")
    func thread() throws {
        let thread = try StorageThread(database: try open(self.directory), onCommit: { _ in })
        #expect(thread.submit([write(1, term: 1, entries(1...3))]) == .accepted)
        thread.close()
        try tamper(self.directory) { transaction, entries, _ in
            let count = try transaction.count(of: entries)
            #expect(count == 3)
        }
    }
}
