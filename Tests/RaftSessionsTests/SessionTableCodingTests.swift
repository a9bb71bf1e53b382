import Testing

@testable import RaftSessions

@Suite("The session table as bytes")
struct SessionTableCodingTests {
    /// A table with something of everything in it.
    private static func filled() -> SessionTable {
        var table = SessionTable()
        table.advance(to: 1_000)
        for index in [UInt64(7), 2, 900] {
            let session = table.open(at: index)
            for sequence in [UInt64(3), 9, 4] {
                let stamp = SessionStamp(session: session, sequence: sequence, lowest: 3)
                for part in UInt8(0)...1 {
                    let token = CommandToken(.session(stamp), part: part)
                    if table.admit(token) == .apply { table.keep([part, UInt8(sequence)], to: token) }
                }
            }
        }
        for key in UInt64(1)...3 {
            table.advance(to: 1_000 * key)
            let stamp = KeyStamp(key: Digest128(high: .max - key, low: key), fingerprint: Digest128(high: key, low: 0))
            table.keep([1, 2, 3], to: CommandToken(.key(stamp)))
            table.keep([], to: CommandToken(.key(stamp), part: 255))
        }
        return table
    }

    @Test("a table is the same after a way through bytes")
    func roundTrip() throws {
        for table in [SessionTable(), Self.filled()] {
            let bytes = table.encoded()
            let copy = try SessionTable(decoding: bytes)
            #expect(copy.encoded() == bytes)
            #expect(copy.sessionsWeight == table.sessionsWeight)
            #expect(copy.sessionCount == table.sessionCount && copy.keyCount == table.keyCount)
        }
    }

    @Test("the bytes of a small table are the documented ones")
    func documented() {
        var table = SessionTable()
        table.advance(to: 0x0102)
        let session = table.open(at: 5)
        let stamp = SessionStamp(session: session, sequence: 6, lowest: 4)
        _ = table.admit(CommandToken(.session(stamp)))
        table.keep([0xAA], to: CommandToken(.session(stamp)))
        let expected: [UInt8] =
            [1] + [0, 0, 0, 0, 0, 0, 1, 2] + [0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 5] + [0, 0, 0, 0, 0, 0, 1, 2]
            + [0, 0, 0, 0, 0, 0, 0, 4] + [0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 6] + [0, 1] + [0] + [0, 0, 0, 1] + [0xAA]
            + [0, 0, 0, 0]
        #expect(table.encoded() == expected)
    }

    @Test("bytes cut off anywhere, or with more after them, are refused")
    func truncated() {
        let bytes = Self.filled().encoded()
        for length in bytes.indices {
            #expect(throws: SessionDecodingFailure.self) { try SessionTable(decoding: Array(bytes[..<length])) }
        }
        #expect(throws: SessionDecodingFailure.self) { try SessionTable(decoding: bytes + [0]) }
    }

    @Test("a hostile count or length costs nothing")
    func hostile() {
        let head: [UInt8] = [1] + [UInt8](repeating: 0, count: 8)
        for bytes in [
            head + [255, 255, 255, 255], head + [0, 0, 0, 0, 255, 255, 255, 255],
            head + [0, 0, 0, 1] + [UInt8](repeating: 0, count: 24) + [255, 255, 255, 255],
            [2] + head.dropFirst() + [UInt8](repeating: 0, count: 8),
        ] {
            #expect(throws: SessionDecodingFailure.self) { try SessionTable(decoding: bytes) }
        }
    }

    @Test("what no commands could have made is refused")
    func impossible() throws {
        // Each damages one field of a session (1 reply) or of a key (2 of them), at its place in the bytes.
        var table = SessionTable()
        table.advance(to: 50)
        let session = table.open(at: 5)
        let stamp = SessionStamp(session: session, sequence: 6, lowest: 4)
        _ = table.admit(CommandToken(.session(stamp)))
        table.keep([], to: CommandToken(.session(stamp)))
        for key in UInt64(1)...2 {
            table.keep(
                [],
                to: CommandToken(.key(KeyStamp(key: .init(high: 0, low: key), fingerprint: .init(high: 0, low: 0))))
            )
        }
        let bytes = table.encoded()
        #expect(throws: Never.self) { try SessionTable(decoding: bytes) }
        let sessionAt = 13
        let keysAt = sessionAt + 24 + 4 + 8 + 2 + 5 + 4
        let keyLength = 16 + 16 + 8 + 2 + 5
        for (place, value) in [
            (sessionAt + 15, UInt8(51)),  // used in the future
            (sessionAt + 23, 7),  // its reply was let go
            (sessionAt + 37, 0),  // no reply at all
            (keysAt + 39, 51),  // a time in the future
            (keysAt + 39, 0), (keysAt + keyLength + 39, 49),  // the second: an older time after a newer one
            (keysAt + keyLength + 15, 1),  // the first key again
        ] {
            var damaged = bytes
            damaged[place] = value
            if place == keysAt + 39, value == 0 {
                #expect(throws: Never.self) { try SessionTable(decoding: damaged) }
            } else {
                #expect(throws: SessionDecodingFailure.self, "byte \(place)") { try SessionTable(decoding: damaged) }
            }
        }
    }

    @Test("damaged and random bytes never trap; what is read is written back the same", arguments: UInt64(1)...4)
    func fuzz(seed: UInt64) {
        var random = Seeded(seed)
        let bytes = Self.filled().encoded()
        for _ in 0..<20_000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                damaged[.random(in: damaged.indices, using: &random)] = .random(in: 0 ... .max, using: &random)
            }
            if Bool.random(using: &random) { damaged.removeLast(.random(in: 0..<damaged.count, using: &random)) }
            if let table = try? SessionTable(decoding: damaged) { #expect(table.encoded() == damaged) }
        }
        for _ in 0..<20_000 {
            var noise = random.bytes(.random(in: 0...80, using: &random))
            for place in noise.indices where place % 3 != 0 { noise[place] &= 1 }
            if let table = try? SessionTable(decoding: [1] + noise) { #expect(table.encoded() == [1] + noise) }
        }
    }
}
