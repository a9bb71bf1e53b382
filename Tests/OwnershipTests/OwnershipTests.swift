import Ownership
import Testing

/// A pipeline of epoch 5 with two sessions at one broker, or as a test says.
private struct Script {
    var machine: Ownership
    var attempt: UInt64 = 0

    init(sessions: Int = 2, brokers: Int = 1) {
        self.machine = Ownership(epoch: 5, sessionCount: sessions, brokerCount: brokers)
    }

    /// The effects of one input.
    mutating func step(_ input: (inout Ownership, inout [OwnershipEffect]) -> Void) -> [OwnershipEffect] {
        var effects: [OwnershipEffect] = []
        input(&self.machine, &effects)
        return effects
    }

    mutating func start() -> [OwnershipEffect] { self.step { $0.start(&$1) } }

    mutating func connected(_ session: Int) -> [OwnershipEffect] {
        self.step { $0.sessionConnected(SessionID(session), &$1) }
    }

    mutating func lost(_ session: Int) -> [OwnershipEffect] { self.step { $0.sessionLost(SessionID(session), &$1) } }

    mutating func read(_ reading: OwnerRecordReading, at broker: Int = 0, attempt: UInt64) -> [OwnershipEffect] {
        self.step { $0.recordRead(reading, at: BrokerID(broker), attempt: attempt, &$1) }
    }

    mutating func wrote(_ isAcknowledged: Bool, at broker: Int = 0, attempt: UInt64) -> [OwnershipEffect] {
        self.step { $0.recordWritten(isAcknowledged, at: BrokerID(broker), attempt: attempt, &$1) }
    }

    mutating func checked(_ reading: OwnerRecordReading, at broker: Int = 0, attempt: UInt64) -> [OwnershipEffect] {
        self.step { $0.recordChecked(reading, at: BrokerID(broker), attempt: attempt, &$1) }
    }

    mutating func answered(_ answer: AssignmentAnswer, attempt: UInt64) -> [OwnershipEffect] {
        self.step { $0.coordinatorAnswered(answer, attempt: attempt, &$1) }
    }

    mutating func timer(_ attempt: UInt64) -> [OwnershipEffect] { self.step { $0.timerFired(attempt: attempt, &$1) } }

    /// Up to owning; the settling timer runs as attempt 2.
    static func owning(sessions: Int = 2) -> Script {
        var script = Script(sessions: sessions)
        _ = script.start()
        for session in 0..<sessions { _ = script.connected(session) }
        _ = script.read(.absent, attempt: 1)
        _ = script.wrote(true, attempt: 1)
        return script
    }
}

@Suite struct OwnershipTests {
    @Test func `a claim holds all, reads all, writes all, and then publishes`() {
        var script = Script(sessions: 3, brokers: 2)
        #expect(script.start() == [.connect(SessionID(0)), .connect(SessionID(1)), .connect(SessionID(2))])
        #expect(script.connected(2) == [])
        #expect(script.connected(0) == [])
        let reads = script.connected(1)
        #expect(reads == [.readRecord(BrokerID(0), attempt: 1), .readRecord(BrokerID(1), attempt: 1)])
        #expect(script.read(.absent, at: 1, attempt: 1) == [])
        #expect(script.machine.phase == .claiming)
        let writes = script.read(.epoch(4), at: 0, attempt: 1)
        #expect(writes == [.writeRecord(BrokerID(0), attempt: 1), .writeRecord(BrokerID(1), attempt: 1)])
        #expect(script.wrote(true, at: 0, attempt: 1) == [])
        #expect(script.wrote(true, at: 1, attempt: 1) == [.unmute, .startTimer(.seconds(10), attempt: 2)])
        #expect(script.machine.phase == .owning)
    }

    @Test func `a newer record ends it, before anything is written`() {
        var script = Script(sessions: 1, brokers: 2)
        _ = script.start()
        _ = script.connected(0)
        _ = script.read(.epoch(5), at: 0, attempt: 1)
        #expect(script.read(.epoch(6), at: 1, attempt: 1) == [.disconnectAll, .stopSuperseded])
        #expect(script.machine.phase == .ended)
        #expect(script.lost(0) == [])
    }

    @Test func `a lost session mutes, and is not opened again before a coordinator confirms`() {
        var script = Script.owning()
        #expect(script.lost(0) == [.mute, .askCoordinator(attempt: 3)])
        #expect(script.machine.phase == .doubting)
        #expect(script.lost(1) == [])
        #expect(script.answered(.current, attempt: 3) == [.connect(SessionID(0)), .connect(SessionID(1))])
        #expect(script.connected(0) == [])
        // The records are read again: what was read in the last holding says nothing of this one.
        #expect(script.connected(1) == [.readRecord(BrokerID(0), attempt: 4)])
        #expect(script.read(.epoch(6), attempt: 4) == [.disconnectAll, .stopSuperseded])
    }

    @Test func `sessions that are still held are kept, and their records read again`() {
        var script = Script.owning()
        _ = script.lost(1)
        #expect(script.answered(.current, attempt: 3) == [.connect(SessionID(1))])
        #expect(script.connected(1) == [.readRecord(BrokerID(0), attempt: 4)])
        #expect(script.read(.epoch(5), attempt: 4) == [.writeRecord(BrokerID(0), attempt: 4)])
        #expect(script.wrote(true, attempt: 4) == [.unmute, .startTimer(.seconds(10), attempt: 5)])
    }

    @Test func `a coordinator that names another assignment ends it`() {
        var script = Script.owning()
        _ = script.lost(0)
        #expect(script.answered(.superseded, attempt: 3) == [.disconnectAll, .stopSuperseded])
        #expect(script.answered(.current, attempt: 3) == [])
    }

    @Test func `when no coordinator answers, the records decide`() {
        var newer = Script.owning()
        _ = newer.lost(0)
        #expect(newer.answered(.none, attempt: 3) == [.checkRecord(BrokerID(0), attempt: 4)])
        var same = newer
        var unreadable = newer
        #expect(newer.checked(.epoch(6), attempt: 4) == [.disconnectAll, .stopSuperseded])
        #expect(same.checked(.epoch(5), attempt: 4) == [.connect(SessionID(0))])
        #expect(unreadable.checked(.unreadable, attempt: 4) == [.startTimer(.seconds(1), attempt: 5)])
        #expect(unreadable.timer(5) == [.askCoordinator(attempt: 6)])
    }

    @Test func `a claim is made only when every broker's record was seen`() {
        var script = Script(sessions: 2, brokers: 2)
        _ = script.start()
        #expect(script.lost(0) == [.askCoordinator(attempt: 2)])
        let checks = script.answered(.none, attempt: 2)
        #expect(checks == [.checkRecord(BrokerID(0), attempt: 3), .checkRecord(BrokerID(1), attempt: 3)])
        #expect(script.checked(.absent, at: 1, attempt: 3) == [])
        // The second session, asked for in the first attempt, is still being opened.
        #expect(script.checked(.absent, at: 0, attempt: 3) == [.connect(SessionID(0))])
        #expect(script.connected(0) == [])
        #expect(script.connected(1).count == 2)
    }

    @Test func `pauses grow to half a minute, and an owner that lasted begins anew`() {
        var script = Script(sessions: 1)
        _ = script.start()
        var effects = script.lost(0)
        var pauses: [Duration] = []
        for _ in 0..<8 {
            guard case .askCoordinator(let asked) = effects.first else { break }
            _ = script.answered(.current, attempt: asked)
            guard case .startTimer(let pause, let attempt) = script.lost(0).first else { break }
            pauses.append(pause)
            effects = script.timer(attempt)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 30, 30, 30].map { Duration.seconds($0) })

        var lasting = Script.owning()
        #expect(lasting.timer(2) == [])
        #expect(lasting.lost(0) == [.mute, .askCoordinator(attempt: 3)])
        var brief = Script.owning(sessions: 1)
        _ = brief.lost(0)
        _ = brief.answered(.current, attempt: 3)
        _ = brief.connected(0)
        _ = brief.read(.epoch(5), attempt: 4)
        _ = brief.wrote(true, attempt: 4)
        #expect(brief.lost(0) == [.mute, .startTimer(.seconds(1), attempt: 6)])
    }

    @Test func `a record that cannot be read or written is no permission`() {
        var script = Script(sessions: 1)
        _ = script.start()
        _ = script.connected(0)
        var refused = script
        #expect(script.read(.unreadable, attempt: 1) == [.askCoordinator(attempt: 2)])
        _ = refused.read(.absent, attempt: 1)
        #expect(refused.wrote(false, attempt: 1) == [.askCoordinator(attempt: 2)])
        // The session is still held.
        #expect(refused.answered(.current, attempt: 2) == [.readRecord(BrokerID(0), attempt: 3)])
    }

    @Test func `answers to an earlier attempt change nothing`() {
        var script = Script.owning(sessions: 1)
        _ = script.lost(0)
        #expect(script.answered(.superseded, attempt: 2) == [])
        _ = script.answered(.none, attempt: 3)
        #expect(script.answered(.current, attempt: 3) == [])
        #expect(script.checked(.epoch(9), attempt: 3) == [])
        _ = script.checked(.absent, attempt: 4)
        _ = script.connected(0)
        #expect(script.read(.epoch(9), attempt: 1) == [])
        #expect(script.wrote(true, attempt: 1) == [])
        #expect(script.timer(2) == [])
        #expect(script.machine.phase == .claiming)
    }

    @Test func `a stopped machine does nothing any more`() {
        var script = Script.owning(sessions: 1)
        script.machine.stop()
        #expect(script.lost(0) == [])
        #expect(script.timer(2) == [])
        #expect(script.machine.phase == .ended)
    }
}
