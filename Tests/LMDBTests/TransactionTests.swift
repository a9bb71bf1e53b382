import LMDB
import Testing

@Suite("Transaction")
struct TransactionTests {
    private let directory: TemporaryDirectory
    private let environment: Environment
    private let numbers: Database

    init() throws {
        self.directory = try TemporaryDirectory()
        self.environment = try Environment(directory: self.directory.path, limits: .init(mapBytes: 1 << 24))
        self.numbers = try self.environment.openDatabase("numbers")
    }

    /// Stores 10, 20 ... 50, in an order that is not theirs.
    private func fill() throws {
        try self.environment.write { transaction in
            for number in [30, 10, 50, 20, 40] as [UInt64] {
                try transaction.put(Key(number), [UInt8(number)], in: self.numbers)
            }
        }
    }

    private func walk(_ range: KeyRange, _ order: Order = .ascending, atMost: Int = .max) throws -> [UInt64] {
        try self.environment.read { transaction in
            var found: [UInt64] = []
            try transaction.forEach(in: self.numbers, range, order: order) { key, value in
                let number = UInt64(key: key)
                let content = value.withUnsafeBytes { Array($0) }
                #expect(content == [UInt8(number ?? 0)])
                found.append(try #require(number))
                return found.count == atMost ? .stop : .next
            }
            return found
        }
    }

    @Test(
        "a walk visits the keys from the lower bound up to the upper one, in order",
        arguments: [
            (KeyRange.all, [10, 20, 30, 40, 50]),
            (KeyRange(from: Key(20)), [20, 30, 40, 50]),
            (KeyRange(from: Key(21)), [30, 40, 50]),
            (KeyRange(upTo: Key(40)), [10, 20, 30]),
            (KeyRange(upTo: Key(41)), [10, 20, 30, 40]),
            (KeyRange(from: Key(20), upTo: Key(50)), [20, 30, 40]),
            (KeyRange(from: Key(20), upTo: Key(20)), []),
            (KeyRange(from: Key(40), upTo: Key(20)), []),
            (KeyRange(from: Key(51)), []),
            (KeyRange(from: Key(1), upTo: Key(10)), []),
            (KeyRange(from: Key(1), upTo: Key(UInt64.max)), [10, 20, 30, 40, 50]),
        ] as [(KeyRange, [UInt64])]
    )
    func ranges(range: KeyRange, expected: [UInt64]) throws {
        try self.fill()
        #expect(try self.walk(range) == expected)
        #expect(try self.walk(range, .descending) == expected.reversed())
    }

    @Test("a walk ends when it is told to, and is empty over nothing")
    func stop() throws {
        #expect(try self.walk(.all) == [])
        #expect(try self.walk(.all, .descending) == [])
        try self.fill()
        #expect(try self.walk(.all, atMost: 2) == [10, 20])
        #expect(try self.walk(.all, .descending, atMost: 2) == [50, 40])
    }

    @Test("keys that are numbers are ordered as numbers, over every width")
    func keyOrder() throws {
        let values: [UInt64] = [0, 1, 255, 256, 65535, 65536, 1 << 32, UInt64.max]
        try self.environment.write { transaction in
            for value in values.reversed() { try transaction.put(Key(value), text("x"), in: self.numbers) }
        }
        #expect(try self.environment.keys(of: self.numbers) == values)
    }

    @Test("an append that does not come last is refused")
    func append() throws {
        try self.fill()
        try self.environment.write { try $0.put(Key(60), text("x"), in: self.numbers, append: true) }
        for number in [60, 55, 1] as [UInt64] {
            let error = #expect(throws: LMDBError.self) {
                try self.environment.write { try $0.put(Key(number), text("y"), in: self.numbers, append: true) }
            }
            #expect(error?.code == .keyExists)
        }
        #expect(try self.environment.read { try $0.count(of: self.numbers) } == 6)
    }

    @Test("a put replaces, a delete says whether the key was there, a value may be empty")
    func putAndDelete() throws {
        try self.environment.write { transaction in
            try transaction.put("key", text("old"), in: self.numbers)
            try transaction.put("key", text("new"), in: self.numbers)
            try transaction.put("empty", [], in: self.numbers)
            #expect(try transaction.delete("missing", in: self.numbers) == false)
        }
        #expect(try self.environment.value("key", in: self.numbers) == "new")
        #expect(try self.environment.value("empty", in: self.numbers) == "")
        #expect(try self.environment.write { try $0.delete("key", in: self.numbers) })
        #expect(try self.environment.value("key", in: self.numbers) == nil)
    }

    @Test(
        "a range is deleted whole, across many pages, and nothing beside it",
        arguments: [(0, 3000), (1, 2999), (700, 701), (1000, 2000), (0, 1), (2999, 3000), (5, 5)]
    )
    func deleteRange(lower: Int, upper: Int) throws {
        let value = [UInt8](repeating: 1, count: 100)
        try self.environment.write { transaction in
            for number in 0..<3000 {
                try transaction.put(Key(UInt64(number)), value, in: self.numbers, append: true)
            }
        }
        let deleted = try self.environment.write { transaction in
            try transaction.delete(KeyRange(from: Key(UInt64(lower)), upTo: Key(UInt64(upper))), in: self.numbers)
        }
        #expect(deleted == upper - lower)
        let left = try self.environment.keys(of: self.numbers)
        #expect(left == (0..<3000).filter { !(lower..<upper).contains($0) }.map(UInt64.init))
        try self.environment.write { try $0.put(Key(3000), value, in: self.numbers, append: true) }
    }

    @Test("of a range the first keys go, as many as were asked for", arguments: [0, 1, 700, 2000, 2001])
    func deleteSome(limit: Int) throws {
        let value = [UInt8](repeating: 1, count: 100)
        try self.environment.write { transaction in
            for number in 0..<3000 {
                try transaction.put(Key(UInt64(number)), value, in: self.numbers, append: true)
            }
        }
        let deleted = try self.environment.write { transaction in
            try transaction.delete(KeyRange(from: Key(500), upTo: Key(2500)), in: self.numbers, atMost: limit)
        }
        let expected = min(limit, 2000)
        #expect(deleted == expected)
        let left = try self.environment.keys(of: self.numbers)
        #expect(left == (0..<3000).filter { !(500..<(500 + expected)).contains($0) }.map(UInt64.init))
    }

    @Test("a database that is emptied takes keys again, and a failed transaction empties nothing")
    func deleteAll() throws {
        try self.fill()
        #expect(throws: CancellationError.self) {
            try self.environment.write { transaction in
                try transaction.deleteAll(in: self.numbers)
                throw CancellationError()
            }
        }
        #expect(try self.environment.keys(of: self.numbers) == [10, 20, 30, 40, 50])
        try self.environment.write { transaction in
            try transaction.deleteAll(in: self.numbers)
            try transaction.put(Key(7), text("x"), in: self.numbers, append: true)
        }
        #expect(try self.environment.keys(of: self.numbers) == [7])
    }

    @Test("keys that are empty or too long are refused")
    func keySizes() throws {
        for key in [Key(""), Key([UInt8](repeating: 1, count: 512))] {
            let error = #expect(throws: LMDBError.self) {
                try self.environment.write { try $0.put(key, text("x"), in: self.numbers) }
            }
            #expect(error?.code == .badValueSize)
        }
    }

    @Test("a key that is not eight bytes long is no number")
    func keyWidth() {
        let tooShort = UInt64(key: text("1234567").span.bytes)
        let tooLong = UInt64(key: text("123456789").span.bytes)
        let number = UInt64(key: text("\0\0\0\0\0\0\u{1}\u{2}").span.bytes)
        #expect(tooShort == nil)
        #expect(tooLong == nil)
        #expect(number == 258)
    }
}
