import Testing

@testable import Engine

/// Bytes that are not those which were written are refused, whatever is wrong with them.
@Suite("The format of checkpoints")
struct CheckpointFormatTests {
    private static let program = """
        stream Sum = E.partition_by(a).window(3).aggregate(n: count(), s: sum(b), l: last(b)).emit(n: n, s: s, l: l)
        stream Pairs = join(E, F).on(E.a == F.a).emit(e: E.b, f: F.b)
        stream New = E.distinct(b).limit(9).tap(seen: 1).emit(b: b)
        """

    private func bytes() throws -> [UInt8] {
        var pipeline = Pipeline(try #require(Plan.load(Self.program).plan))
        var outputs = Outputs()
        let events = (0..<5).map { number in
            let fields: Fields = ["a": number % 2 == 0 ? "x" : 1, "b": .float(Double(number) / 4)]
            return Event(type: number == 3 ? "F" : "E", timestamp: Int64(number), fields: fields)
        }
        pipeline.process(events, into: &outputs)
        var snapshot = pipeline.snapshot
        snapshot.manifest.positions["file"] = [1, 2, 3]
        snapshot.manifest.watermarks["E"] = .min
        return snapshot.checkpoint.encoded()
    }

    private func isRefused(_ bytes: [UInt8]) -> Bool {
        do {
            _ = try Checkpoint(decoding: bytes)
            return false
        } catch {
            return !error.message.isEmpty
        }
    }

    @Test("what was written is read")
    func roundTrip() throws {
        let bytes = try self.bytes()
        let checkpoint = try Checkpoint(decoding: bytes)
        #expect(checkpoint.encoded() == bytes)
        #expect(checkpoint.manifest.counters.processed == 5)
        #expect(checkpoint.manifest.positions == ["file": [1, 2, 3]])
        #expect(checkpoint.manifest.watermarks == ["E": .min])
        #expect(checkpoint.operators.map(\.name) == ["window", "join", "distinct", "limit", "tap seen"])
        #expect(checkpoint.operators.map(\.entryCount) == [1, 3, 4, 0, 0])
    }

    @Test("any bit that is another")
    func flips() throws {
        let bytes = try self.bytes()
        for place in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[place] ^= 1 << bit
                #expect(self.isRefused(changed), "byte \(place), bit \(bit)")
            }
        }
    }

    @Test("any cut, and anything behind it")
    func cuts() throws {
        let bytes = try self.bytes()
        for count in 0..<bytes.count { #expect(self.isRefused(Array(bytes[..<count])), "\(count) bytes") }
        #expect(self.isRefused(bytes + [0]))
        #expect(self.isRefused(bytes + bytes))
    }

    @Test("bytes at random, also behind a header that is right")
    func random() throws {
        var generator = SeededGenerator(seed: 1)
        let header = try self.bytes()[..<10]
        for round in 0..<2000 {
            let count = Int.random(in: 0..<200, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(self.isRefused(round % 2 == 0 ? bytes : header + bytes))
        }
    }

    @Test("a later version is refused with a sentence that says so")
    func version() throws {
        var bytes = try self.bytes()
        bytes[8] = 2
        #expect {
            _ = try Checkpoint(decoding: bytes)
        } throws: { error in
            (error as? CheckpointError)?.code == .unknownFormat && "\(error)".contains("version 2")
        }
    }

    @Test("a length beyond all memory is refused before any is taken")
    func lengths() throws {
        var reader = StateReader([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01])
        #expect(throws: CheckpointError.self) { try reader.count() }
        reader = StateReader([9, 0x80, 0x80, 0x80, 0x80, 0x08, 1])
        #expect(throws: CheckpointError.self) { try reader.value() }
        // 200 arrays in each other.
        reader = StateReader(Array(repeating: [ValueTag.array.rawValue, 1], count: 200).flatMap(\.self) + [1])
        #expect(throws: CheckpointError.self) { try reader.value() }
    }

    @Test("numbers are written as the comment says")
    func numbers() throws {
        var writer = StateWriter()
        writer.write(UInt64(300))
        writer.write(Int64(-2))
        writer.write("ab")
        writer.writeSized { $0.append([1, 2, 3]) }
        #expect(writer.bytes == [0xAC, 0x02, 0x03, 0x02, 0x61, 0x62, 0x83, 0x80, 0x80, 0x80, 0x00, 1, 2, 3])
        writer = StateWriter()
        let numbers: [Int64] = [0, -1, 1, .min, .max, 1 << 35]
        for number in numbers { writer.write(number) }
        var reader = StateReader(writer.bytes)
        for number in numbers { #expect(try reader.signed() == number) }
        try reader.finish()
    }

    @Test("values of all kinds are the same to the last bit")
    func values() throws {
        let values: [Value?] = [
            nil, .null, true, false, 0, .int(.min), .float(-0.0), .float(.nan), .float(.infinity), "", "e\u{301}", "日本",
            .timestamp(.min), .duration(.max), .array([1, .null, .array([])]), .map(["k": 1, "l": .map([:])]),
        ]
        var writer = StateWriter()
        for value in values { writer.write(value) }
        var reader = StateReader(writer.bytes)
        for value in values {
            let read = try reader.value()
            #expect(read == value && read?.typeName == value?.typeName)
            guard case .float(let left) = read, case .float(let right) = value else { continue }
            #expect(left.bitPattern == right.bitPattern)
        }
        try reader.finish()
    }
}
