import Checksum
import RaftCore
import Testing

@testable import RaftStorage

private func decode(_ bytes: [UInt8], at index: LogIndex) throws(StorageError) -> Entry {
    try EntryCodec.decode(bytes.span.bytes, at: index)
}

extension RecordKey {
    fileprivate func decode(_ bytes: [UInt8]) throws(StorageError) -> Value { try self.decode(bytes.span.bytes) }
}

@Suite("EntryCodec")
struct EntryCodecTests {
    private func encode(_ entry: Entry) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try EntryCodec.append(entry, to: &bytes)
        return bytes
    }

    @Test(
        "an entry comes back as it was",
        arguments: [
            entry(1, term: 1, ""), entry(7, term: 3, "x"), entry(UInt64.max, term: UInt64.max, "end"),
            Entry(position: .zero, time: .zero, kind: .noop, payload: []),
            Entry(
                position: LogPosition(index: LogIndex(2), term: Term(2)),
                time: LogTime(milliseconds: .max),
                kind: EntryKind(rawValue: 255),
                payload: [UInt8](repeating: 0xab, count: 100_000)
            ),
        ]
    )
    func roundTrip(entry: Entry) throws {
        let decoded = try decode(self.encode(entry), at: entry.index)
        #expect(decoded == entry)
    }

    @Test("the documented example is what is written")
    func example() throws {
        let command = Entry(
            position: LogPosition(index: LogIndex(3), term: Term(2)),
            time: LogTime(milliseconds: 1000),
            kind: .command,
            payload: Array("hi".utf8)
        )
        let header: [UInt8] = [1, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 3, 0xe8]
        let expected = header + [0x97, 0xff, 0x22, 0xeb] + Array("hi".utf8)
        #expect(try self.encode(command) == expected)
    }

    @Test("a change of any bit, a cut anywhere and another index are found, and named")
    func damage() throws {
        let original = try self.encode(entry(5, term: 2, "abc"))
        var damaged: [[UInt8]] = (0..<original.count).map { Array(original.prefix($0)) }
        damaged.append(original + [0])
        for bit in 0..<(original.count * 8) {
            var changed = original
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            damaged.append(changed)
        }
        for bytes in damaged {
            let error = #expect(throws: StorageError.self) {
                try decode(bytes, at: LogIndex(5))
            }
            #expect(error?.code == .damagedEntry)
            #expect(error?.index == LogIndex(5))
        }
        #expect(throws: StorageError.self) { try decode(original, at: LogIndex(6)) }
    }

    @Test("an intact entry of a later format is told from a damaged one")
    func laterFormat() throws {
        var header = Array(try self.encode(entry(5, term: 2, "")).prefix(24))
        header[0] = 2
        let checksum = CRC32C.checksum([0, 0, 0, 0, 0, 0, 0, 5] + header)
        let bytes = header + withUnsafeBytes(of: checksum.bigEndian) { Array($0) }
        let error = #expect(throws: StorageError.self) { try decode(bytes, at: LogIndex(5)) }
        #expect(error?.code == .unknownFormat)
    }

    @Test("bytes that were never an entry or a record are refused", arguments: 0..<200)
    func garbage(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let bytes = (0..<Int.random(in: 0..<80, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
        #expect(throws: StorageError.self) { try decode(bytes, at: LogIndex(1)) }
        #expect(throws: StorageError.self) { try RecordKey<LogBounds>.bounds.decode(bytes) }
        // With a checksum that fits, the fields themselves have to be looked at.
        var sealed = [recordFormatVersion] + bytes
        sealed.append(bigEndian: CRC32C.checksum(Array("membership".utf8) + sealed))
        #expect(throws: StorageError.self) { try RecordKey<Membership>.membership.decode(sealed) }
    }
}

@Suite("Records")
struct RecordsTests {
    @Test("a record comes back as it was, and only under its own key")
    func roundTrip() throws {
        let identity = DatabaseIdentity(
            cluster: ClusterID(high: 1, low: .max),
            member: NodeID(3),
            incarnation: Incarnation(99)
        )
        let bounds = LogBounds(
            before: LogPosition(index: LogIndex(4), term: Term(2)),
            last: LogPosition(index: LogIndex(9), term: Term(3))
        )
        #expect(try RecordKey.identity.decode(RecordKey.identity.encode(identity)) == identity)
        #expect(try RecordKey.bounds.decode(RecordKey.bounds.encode(bounds)) == bounds)
        for voters in [[], [1], [3, 1, 2]] as [[UInt32]] {
            let membership = Membership(voters: voters.map { NodeID($0) })
            #expect(try RecordKey.membership.decode(RecordKey.membership.encode(membership)) == membership)
        }
        for state in [HardState(), HardState(term: Term(5), vote: NodeID(0)), HardState(term: Term(.max))] {
            let copies = RecordKey<HardState>.copies
            #expect(try copies[0].decode(copies[0].encode(state)) == state)
            #expect(throws: StorageError.self) { try copies[1].decode(copies[0].encode(state)) }
        }
    }

    @Test("the documented examples are what is written")
    func examples() {
        let hardState = HardState(term: Term(2), vote: NodeID(3))
        let fields: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 3]
        #expect(RecordKey<HardState>.copies[0].encode(hardState) == fields + [0x23, 0x72, 0xa8, 0x5f])
        #expect(RecordKey<HardState>.copies[1].encode(hardState) == fields + [0x8b, 0xe1, 0xaf, 0x5c])
        let bounds = LogBounds(before: .zero, last: LogPosition(index: LogIndex(3), term: Term(2)))
        let zeros = [UInt8](repeating: 0, count: 16)
        #expect(
            RecordKey.bounds.encode(bounds)
                == [1] + zeros + [0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2] + [0xa4, 0x1d, 0x8c, 0x80]
        )
    }

    @Test("a change of any bit and a cut anywhere are found")
    func damage() {
        let original = RecordKey.bounds.encode(.empty)
        for length in 0..<original.count {
            #expect(throws: StorageError.self) {
                try RecordKey.bounds.decode(Array(original.prefix(length)))
            }
        }
        for bit in 0..<(original.count * 8) {
            var changed = original
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: StorageError.self) { try RecordKey.bounds.decode(changed) }
        }
    }

    @Test("bounds that end before they begin make no sense")
    func impossibleBounds() {
        let impossible = LogBounds(before: LogPosition(index: LogIndex(2), term: Term(1)), last: .zero)
        let error = #expect(throws: StorageError.self) {
            try RecordKey.bounds.decode(RecordKey.bounds.encode(impossible))
        }
        #expect(error?.code == .damagedRecord)
    }
}
