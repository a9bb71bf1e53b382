import Foundation
import RaftCore
import RaftStorage
import Testing

@Suite("RaftDatabase")
struct RaftDatabaseTests {
    private let directory: TemporaryDirectory

    init() throws { self.directory = try TemporaryDirectory() }

    private func recovered() throws -> Recovered { try open(self.directory).recover() }

    @Test("an empty directory becomes a database with an empty log, once")
    func genesisOnce() throws {
        let first = try open(self.directory)
        #expect(first.isNew == true)
        let found = try first.recover()
        #expect(found.hardState == HardState())
        #expect(found.entries == [])
        #expect(found.membership == threePeers.membership)
        let incarnation = first.incarnation
        _ = consume first
        let second = try open(self.directory)
        #expect(second.isNew == false)
        #expect(second.incarnation == incarnation)
        #expect(second.mendedHardState == false)
    }

    @Test("missing directories are created for their owner only")
    func createsDirectory() throws {
        let path = self.directory.path + "/data/member-1/"
        _ = try RaftDatabase(directory: path, member: NodeID(1), of: threePeers, mapBytes: 1 << 24)
        for created in [path, self.directory.path + "/data"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: created)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
        }
        let file = self.directory.path + "/file"
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        for impossible in [file, file + "/data"] {
            let error = #expect(throws: StorageError.self) {
                _ = try RaftDatabase(directory: impossible, member: NodeID(1), of: threePeers)
            }
            #expect(error?.code == .directoryUnusable)
        }
    }

    @Test("two databases have two incarnations")
    func incarnations() throws {
        let other = try TemporaryDirectory()
        let (one, two) = (try open(self.directory).incarnation, try open(other).incarnation)
        #expect(one != two)
    }

    @Test("what was committed is recovered: term, vote and entries")
    func roundTrip() throws {
        do {
            var database = try open(self.directory)
            let receipt = try database.commit([
                write(1, term: 1, vote: 1), write(2, entries(1...3)), write(3, term: 2, entries(4...5, term: 2)),
            ])
            #expect(receipt == Receipt(write: WriteID(3)))
            #expect(try database.recover().entries == entries(1...3) + entries(4...5, term: 2))
        }
        let found = try self.recovered()
        #expect(found.hardState == HardState(term: Term(2)))
        #expect(found.entries == entries(1...3) + entries(4...5, term: 2))
    }

    @Test(
        "a truncation takes the entries from its index on, and what is appended takes their place",
        arguments: 1...6 as ClosedRange<UInt64>
    )
    func truncation(from index: UInt64) throws {
        do {
            var database = try open(self.directory)
            _ = try database.commit([write(1, term: 1, entries(1...5))])
            _ = try database.commit([write(2, term: 2, truncateFrom: index, entries(index...(index + 1), term: 2))])
        }
        let kept = index == 1 ? [] : entries(1...(index - 1))
        #expect(try self.recovered().entries == kept + entries(index...(index + 1), term: 2))
    }

    @Test("a truncation of everything leaves an empty log, which can be appended to after it is opened again")
    func truncationOfAll() throws {
        do {
            var database = try open(self.directory)
            _ = try database.commit([write(1, term: 1, entries(1...5)), write(2, truncateFrom: 1)])
        }
        #expect(try self.recovered().entries == [])
        do {
            var database = try open(self.directory)
            _ = try database.commit([write(1, entries(1...2))])
        }
        #expect(try self.recovered().entries == entries(1...2))
    }

    @Test("many commits over many openings add up")
    func manyOpenings() throws {
        for round in 0..<5 as Range<UInt64> {
            var database = try open(self.directory)
            for step in 1...20 as ClosedRange<UInt64> {
                let index = round * 20 + step
                _ = try database.commit([write(step, term: index, [entry(index, term: index)])])
            }
        }
        #expect(try self.recovered().entries == (1...100).map { entry($0, term: $0) })
        #expect(try self.recovered().hardState.term == Term(100))
    }

    @Test(
        "a write that contradicts what is stored is refused, and nothing of its batch is stored",
        arguments: [
            ("an entry out of order", write(9, [entry(6, term: 2)])),
            ("an entry that is there", write(9, [entry(4, term: 2)])),
            ("a term that goes back", write(9, [entry(5, term: 1)])),
            ("an entry of a later term than the member's", write(9, [entry(5, term: 3)])),
            ("a member's term that goes back", write(9, term: 1)),
            ("another vote in the same term", write(9, term: 2, vote: 3)),
            ("a vote taken back", write(9, term: 2)),
            ("a truncation before the log", write(9, truncateFrom: 0)),
            ("a truncation after the log", write(9, truncateFrom: 6)),
            ("a write that comes twice", write(8)),
        ] as [(String, Write)]
    )
    func refusals(name: String, wrong: Write) throws {
        do {
            var database = try open(self.directory)
            _ = try database.commit([write(1, term: 2, vote: 2, entries(1...3, term: 2))])
            do {
                _ = try database.commit([write(8, [entry(4, term: 2)]), wrong])
                Issue.record("\(name) was stored")
            } catch {
                #expect(error.code == .badWrite)
            }
            #expect(try database.recover().entries == entries(1...3, term: 2))
        }
        let found = try self.recovered()
        #expect(found.entries == entries(1...3, term: 2))
        #expect(found.hardState == HardState(term: Term(2), vote: NodeID(2)))
    }
}
