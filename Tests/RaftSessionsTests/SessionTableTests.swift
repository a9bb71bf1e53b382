import Testing

@testable import RaftSessions

@Suite("The session table")
struct SessionTableTests {
    private static func token(
        _ session: SessionID,
        _ sequence: UInt64,
        lowest: UInt64 = 0,
        part: UInt8 = 0
    )
        -> CommandToken
    {
        CommandToken(.session(SessionStamp(session: session, sequence: sequence, lowest: lowest)), part: part)
    }

    private static func key(_ key: UInt64, fingerprint: UInt64 = 1, part: UInt8 = 0) -> CommandToken {
        CommandToken(.key(Self.stamp(key, fingerprint)), part: part)
    }

    private static func stamp(_ key: UInt64, _ fingerprint: UInt64 = 1) -> KeyStamp {
        KeyStamp(key: Digest128(high: key, low: 7), fingerprint: Digest128(high: 9, low: fingerprint))
    }

    // MARK: Sessions

    @Test("a command is applied once, and a repetition is answered with the first reply")
    func once() {
        var table = SessionTable()
        let session = table.open(at: 5)
        #expect(session == SessionID(5))
        #expect(table.admit(Self.token(session, 1)) == .apply)
        table.keep([1, 2], to: Self.token(session, 1))
        #expect(table.admit(Self.token(session, 1)) == .replay([1, 2]))
        #expect(table.admit(Self.token(session, 2)) == .apply)
    }

    @Test("the parts of a request are commands of their own")
    func parts() {
        var table = SessionTable()
        let session = table.open(at: 1)
        for part in [UInt8(3), 0, 255] {
            #expect(table.admit(Self.token(session, 1, part: part)) == .apply)
            table.keep([part], to: Self.token(session, 1, part: part))
        }
        for part in [UInt8(0), 3, 255] {
            #expect(table.admit(Self.token(session, 1, part: part)) == .replay([part]))
        }
        #expect(table.admit(Self.token(session, 1, part: 1)) == .apply)
    }

    @Test("a command of a session that was never opened is rejected, not given a session")
    func unknownSession() {
        var table = SessionTable()
        #expect(table.admit(Self.token(SessionID(3), 1)) == .reject(.unknownSession))
        #expect(table.sessionCount == 0)
    }

    @Test("replies the client has are let go, and their commands never applied again", arguments: [UInt64(3), 1 << 60])
    func released(lowest: UInt64) {
        var table = SessionTable()
        let session = table.open(at: 1)
        for sequence in UInt64(0)...2 { table.keep([0], to: Self.token(session, sequence)) }
        #expect(table.sessionsWeight == 3 * (1 + SessionLimits.replyOverhead))
        #expect(table.admit(Self.token(session, lowest, lowest: lowest)) == .apply)
        #expect(table.sessionsWeight == 0)
        for sequence in UInt64(0)...2 {
            #expect(table.admit(Self.token(session, sequence)) == .reject(.alreadyAnswered))
        }
        // An older copy of a later command does not take the mark back.
        #expect(table.admit(Self.token(session, lowest, lowest: 1)) == .apply)
        #expect(table.admit(Self.token(session, 2)) == .reject(.alreadyAnswered))
    }

    @Test("a number below its own mark counts as its own mark")
    func contradiction() {
        var table = SessionTable()
        let session = table.open(at: 1)
        #expect(table.admit(Self.token(session, 4, lowest: .max)) == .apply)
        table.keep([4], to: Self.token(session, 4))
        #expect(table.admit(Self.token(session, 4, lowest: .max)) == .replay([4]))
        #expect(table.admit(Self.token(session, 3)) == .reject(.alreadyAnswered))
    }

    @Test("a session with too many replies waiting refuses more, and goes on when some are let go")
    func sessionFull() {
        var limits = SessionLimits()
        limits.repliesPerSessionMax = 2
        var table = SessionTable(limits: limits)
        let session = table.open(at: 1)
        for sequence in UInt64(1)...2 { table.keep([], to: Self.token(session, sequence)) }
        #expect(table.admit(Self.token(session, 3)) == .reject(.sessionFull))
        #expect(table.admit(Self.token(session, 2)) == .replay([]))
        #expect(table.admit(Self.token(session, 3, lowest: 2)) == .apply)

        limits = SessionLimits()
        limits.bytesPerSessionMax = 100
        table = SessionTable(limits: limits)
        let other = table.open(at: 1)
        table.keep([UInt8](repeating: 0, count: 40), to: Self.token(other, 1))
        #expect(table.admit(Self.token(other, 2)) == .reject(.sessionFull))
    }

    @Test("a session lives as long as it is used, by the log's time")
    func expiry() {
        var limits = SessionLimits()
        limits.sessionLifetimeMilliseconds = 1_000
        var table = SessionTable(limits: limits)
        table.advance(to: 500)
        let session = table.open(at: 1)
        table.keep([1], to: Self.token(session, 1))
        table.advance(to: 1_499)
        #expect(table.admit(Self.token(session, 1)) == .replay([1]))
        table.advance(to: 2_498)
        #expect(table.admit(Self.token(session, 1)) == .replay([1]))
        table.advance(to: 100)  // time never goes back
        table.advance(to: 3_498)
        #expect(table.admit(Self.token(session, 1)) == .reject(.unknownSession))
        #expect(table.sessionsWeight == 0)
    }

    @Test("an expired session that nobody uses goes too")
    func sweep() {
        var table = SessionTable()
        _ = table.open(at: 1)
        table.advance(to: SessionLimits().sessionLifetimeMilliseconds)
        #expect(table.sessionCount == 0)
    }

    @Test("beyond the limits, sessions go that were used least recently")
    func leastRecentlyUsed() {
        var limits = SessionLimits()
        limits.sessionsMax = 2
        var table = SessionTable(limits: limits)
        let first = table.open(at: 1)
        let second = table.open(at: 2)
        table.advance(to: 10)
        _ = table.admit(Self.token(first, 1))
        let third = table.open(at: 3)
        #expect(table.admit(Self.token(second, 1)) == .reject(.unknownSession))
        #expect(table.admit(Self.token(first, 1)) == .apply)
        #expect(table.admit(Self.token(third, 1)) == .apply)

        limits = SessionLimits()
        limits.bytesMax = 200
        table = SessionTable(limits: limits)
        let sessions = (UInt64(1)...3).map { table.open(at: $0) }
        for session in sessions { table.keep([UInt8](repeating: 0, count: 30), to: Self.token(session, 1)) }
        #expect(table.sessionCount == 2)
        #expect(table.admit(Self.token(sessions[0], 1)) == .reject(.unknownSession))
        #expect(table.sessionsWeight == 2 * (30 + SessionLimits.replyOverhead))
        // One that is too large alone stays: its client is owed the reply.
        table.keep([UInt8](repeating: 0, count: 500), to: Self.token(sessions[2], 2))
        #expect(table.sessionCount == 1)
    }

    // MARK: Keys

    @Test("a named request is applied once, its other parts too, and another request of the name is refused")
    func keys() {
        var table = SessionTable()
        #expect(table.memory(of: Self.stamp(1)) == .nothing)
        #expect(table.admit(Self.key(1)) == .apply)
        table.keep([1], to: Self.key(1))
        #expect(table.admit(Self.key(1)) == .replay([1]))
        #expect(table.admit(Self.key(1, part: 1)) == .apply)
        table.keep([2], to: Self.key(1, part: 1))
        #expect(table.memory(of: Self.stamp(1)) == .replies([[1], [2]]))
        #expect(table.admit(Self.key(1, fingerprint: 2)) == .reject(.keyConflict))
        #expect(table.admit(Self.key(1, fingerprint: 2, part: 9)) == .reject(.keyConflict))
        #expect(table.memory(of: Self.stamp(1, 2)) == .conflict)
        #expect(table.admit(Self.key(2, fingerprint: 2)) == .apply)
    }

    @Test("a key is forgotten a day after its first command, by the log's time")
    func keyExpiry() {
        let day = SessionLimits().keyLifetimeMilliseconds
        var table = SessionTable()
        table.advance(to: 1_000)
        table.keep([1], to: Self.key(1))
        table.advance(to: day)
        table.keep([2], to: Self.key(1, part: 1))
        table.keep([2], to: Self.key(2))
        #expect(table.admit(Self.key(1)) == .replay([1]))
        table.advance(to: day + 1_000)
        #expect(table.admit(Self.key(1)) == .apply)
        #expect(table.admit(Self.key(2)) == .replay([2]))
        #expect(table.keyCount == 1)
    }

    @Test("beyond the limits, the oldest keys go")
    func keyLimits() {
        var limits = SessionLimits()
        limits.keysMax = 3
        limits.keyBytesMax = 1_000
        var table = SessionTable(limits: limits)
        for key in UInt64(1)...5 { table.keep([], to: Self.key(key)) }
        #expect((UInt64(1)...5).map { table.admit(Self.key($0)) == .apply } == [true, true, false, false, false])
        table.keep([UInt8](repeating: 0, count: 850), to: Self.key(6))
        #expect((UInt64(4)...6).map { table.admit(Self.key($0)) == .apply } == [true, false, false])
        table.keep([UInt8](repeating: 0, count: 1_001), to: Self.key(7))
        #expect(table.keyCount == 0)
    }

    // MARK: Many at once

    @Test("whatever is repeated, delayed, reordered or released, nothing is applied twice", arguments: UInt64(1)...8)
    func property(seed: UInt64) throws {
        var random = Seeded(seed)
        var limits = SessionLimits()
        limits.sessionsMax = 3
        limits.sessionLifetimeMilliseconds = 2_000
        limits.repliesPerSessionMax = 20
        limits.bytesMax = 3_000
        var table = SessionTable(limits: limits)
        var clock: UInt64 = 0
        var sessions: [SessionID] = []
        var next: UInt64 = 1
        var sent: [CommandToken] = []
        var replies: [CommandToken: [UInt8]] = [:]
        for index in UInt64(1)...3_000 {
            clock += .random(in: 0...30, using: &random)
            table.advance(to: clock)
            if sessions.isEmpty || Int.random(in: 0..<100, using: &random) == 0 {
                sessions.append(table.open(at: index))
            }
            let token: CommandToken
            if let old = sent.suffix(60).randomElement(using: &random), Bool.random(using: &random) {
                token = old
            } else {
                let session = try #require(sessions.suffix(4).randomElement(using: &random))
                let lowest = next - min(next, .random(in: 0...30, using: &random))
                token = Self.token(session, next, lowest: lowest, part: .random(in: 0...1, using: &random))
                next += 1
                sent.append(token)
            }
            switch table.admit(token) {
            case .apply:
                #expect(replies[token] == nil, "applied twice, seed \(seed)")
                let reply = random.bytes(.random(in: 0...40, using: &random))
                replies[token] = reply
                table.keep(reply, to: token)
            case .replay(let reply): #expect(reply == replies[token])
            case .reject: break
            }
            #expect(table.sessionCount <= 3)
            // A copy that went through bytes goes on like the original.
            if index % 50 == 0 {
                let bytes = table.encoded()
                table = try SessionTable(decoding: bytes, limits: limits)
                #expect(table.encoded() == bytes)
            }
        }
        #expect(replies.count > 500)
    }
}
