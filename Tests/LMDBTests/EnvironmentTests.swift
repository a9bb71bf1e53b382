import LMDB
import Testing

@Suite("Environment")
struct EnvironmentTests {
    private let directory: TemporaryDirectory

    init() throws { self.directory = try TemporaryDirectory() }

    private func open(mapBytes: Int = 1 << 24) throws -> (Environment, Database) {
        let environment = try Environment(directory: self.directory.path, limits: .init(mapBytes: mapBytes))
        return (environment, try environment.openDatabase("numbers"))
    }

    @Test("what was committed is there after the environment is opened again")
    func persistence() throws {
        do {
            let (environment, numbers) = try self.open()
            try environment.write { try $0.put("one", text("1"), in: numbers) }
        }
        let (environment, numbers) = try self.open()
        #expect(try environment.value("one", in: numbers) == "1")
    }

    @Test("a transaction whose body throws leaves nothing")
    func abortedTransaction() throws {
        struct ChangeOfMind: Error {}
        let (environment, numbers) = try self.open()
        #expect(throws: ChangeOfMind.self) {
            try environment.write { transaction in
                try transaction.put("one", text("1"), in: numbers)
                throw ChangeOfMind()
            }
        }
        #expect(try environment.value("one", in: numbers) == nil)
        try environment.write { try $0.put("two", text("2"), in: numbers) }
        #expect(try environment.read { try $0.count(of: numbers) } == 1)
    }

    @Test("a full map is an error, and what was committed before it stays readable and writable")
    func mapFull() throws {
        let (environment, numbers) = try self.open(mapBytes: 1 << 17)
        try environment.write { try $0.put("small", text("1"), in: numbers) }
        let large = [UInt8](repeating: 7, count: 1 << 18)
        let error = #expect(throws: LMDBError.self) {
            try environment.write { try $0.put("large", large, in: numbers) }
        }
        #expect(error?.code == .mapFull)
        #expect(error?.description.contains("put a value into numbers") == true)
        try environment.write { try $0.put("more", text("2"), in: numbers) }
        #expect(try environment.value("small", in: numbers) == "1")
        #expect(try environment.value("large", in: numbers) == nil)
        #expect(try environment.value("more", in: numbers) == "2")
    }

    @Test("an error inside a transaction cannot be ignored: the commit fails")
    func failedTransactionDoesNotCommit() throws {
        let (environment, numbers) = try self.open(mapBytes: 1 << 17)
        let large = [UInt8](repeating: 7, count: 1 << 18)
        let error = #expect(throws: LMDBError.self) {
            try environment.write { transaction in
                try transaction.put("small", text("1"), in: numbers)
                _ = try? transaction.put("large", large, in: numbers)
            }
        }
        #expect(error?.code == .badTransaction)
        #expect(try environment.value("small", in: numbers) == nil)
    }

    @Test("a second environment on the same directory is refused, under any path, until the first is closed")
    func openTwice() throws {
        do {
            let (environment, numbers) = try self.open()
            let path = self.directory.path + "/../" + self.directory.path.split(separator: "/").last!
            let error = #expect(throws: LMDBError.self) {
                try Environment(directory: path, limits: .init(mapBytes: 1 << 24))
            }
            #expect(error?.code == .alreadyOpen)
            try environment.write { try $0.put("one", text("1"), in: numbers) }
        }
        let (environment, numbers) = try self.open()
        #expect(try environment.value("one", in: numbers) == "1")
    }

    @Test("a missing directory and too many databases are errors")
    func refusals() throws {
        let missing = #expect(throws: LMDBError.self) {
            try Environment(directory: self.directory.path + "/missing", limits: .init(mapBytes: 1 << 24))
        }
        #expect(missing?.code.rawValue == 2)
        let environment = try Environment(
            directory: self.directory.path,
            limits: .init(mapBytes: 1 << 24, databasesMax: 1)
        )
        _ = try environment.openDatabase("a")
        let full = #expect(throws: LMDBError.self) { try environment.openDatabase("b") }
        #expect(full?.code == .databasesFull)
    }

    @Test("a read sees the last commit, also while a write is under way")
    func isolation() throws {
        let (environment, numbers) = try self.open()
        try environment.write { transaction in
            try transaction.put("one", text("1"), in: numbers)
            #expect(try environment.value("one", in: numbers) == nil)
            #expect(try transaction.get("one", in: numbers) { $0?.byteCount } == 1)
        }
        #expect(try environment.value("one", in: numbers) == "1")
    }

    @Test("the usage grows with what is stored, and no reader is dead")
    func usage() throws {
        let (environment, numbers) = try self.open()
        let before = try environment.usage()
        let large = [UInt8](repeating: 7, count: 1 << 16)
        try environment.write { try $0.put("large", large, in: numbers) }
        let after = try environment.usage()
        #expect(before.mapBytes == 1 << 24)
        #expect(after.usedBytes >= before.usedBytes + large.count)
        #expect(try environment.checkReaders() == 0)
    }

    @Test("a write inside a write on the same thread stops the program instead of waiting for ever")
    func nestedWrite() async {
        let path = self.directory.path
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            [path = path as String] in
            let environment = try Environment(directory: path, limits: .init(mapBytes: 1 << 20))
            try environment.write { _ in try environment.write { _ in } }
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("inside another on the same thread"))
    }
}
