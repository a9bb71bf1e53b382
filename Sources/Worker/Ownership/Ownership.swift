/// How one worker holds one pipeline that has sessions at brokers, so that of all workers that believe to have it at most one
/// publishes.
///
/// Two fences stand at each broker. The sessions' client ids depend on nothing but the pipeline's place, so connecting
/// throws the predecessor's connections out; and a retained record says which epoch was the last to own the place. A worker
/// publishes only after it has held every session, then read every record and found none newer, and then written its own over
/// those sessions. A record is written only by who has read it while holding the same sessions, so its epoch never goes
/// down; and once an epoch has published, an older one that takes the sessions back reads the newer record.
///
/// A lost session may have been taken over, and brokers need not say so. The pipeline is muted at once, and no session is
/// opened again before a coordinator has said that the assignment is the present one or, when none answers, the records
/// do not say otherwise. That second look is only a courtesy to a healthy successor: the one that counts is made
/// after the sessions are held again.
///
/// Pure: no clock, no I/O. Answers to an earlier attempt change nothing.
public struct Ownership: Sendable {
    /// Where a pipeline is on its way.
    public enum Phase: Equatable, Sendable {
        /// Opening sessions, reading and writing records.
        case claiming
        case owning
        /// Finding out whether the assignment is still the present one.
        case doubting
        /// Stopped, by will or because a newer assignment exists.
        case ended
    }

    /// The number of this assignment; a higher one is newer.
    public let epoch: UInt64
    private let brokers: [BrokerID]
    private var sessions: [SessionState]
    private var state: State
    /// Numbers what was asked, so that late answers are known.
    private var attempt: UInt64 = 0
    /// Claims that failed, or ended soon, since one that lasted.
    private var failures = 0

    enum SessionState {
        case closed
        case opening
        case held
    }

    enum State {
        case connecting
        case reading(Set<BrokerID>)
        case writing(Set<BrokerID>)
        case owning
        case asking
        case checking(Set<BrokerID>)
        case waiting
        case ended
    }

    /// How long an owner must have held everything for its next loss to be a first one: two clients of one id throw each
    /// other out at once, and must not do so at the speed of the network.
    static let settlingTime: Duration = .seconds(10)
    private static let pausesSeconds = [1, 2, 4, 8, 16, 30]

    /// A pipeline with these many sessions, at least one, at these many brokers. Nothing happens before `start`.
    public init(epoch: UInt64, sessionCount: Int, brokerCount: Int) {
        precondition(sessionCount > 0 && brokerCount > 0, "A pipeline without sessions is held by a lease.")
        self.epoch = epoch
        self.brokers = (0..<brokerCount).map { BrokerID($0) }
        self.sessions = Array(repeating: .closed, count: sessionCount)
        self.state = .waiting
    }

    public var phase: Phase {
        switch self.state {
        case .connecting, .reading, .writing: .claiming
        case .owning: .owning
        case .asking, .checking, .waiting: .doubting
        case .ended: .ended
        }
    }

    // MARK: - Beginning and end

    /// Begins, muted, with a fresh assignment.
    public mutating func start(_ effects: inout [OwnershipEffect]) {
        self.claim(&effects)
    }

    /// Ends the machine because the pipeline is being stopped; closing the sessions in good order is the caller's.
    public mutating func stop() {
        self.state = .ended
    }

    // MARK: - Sessions

    /// A session is open, and its predecessor thrown out.
    public mutating func sessionConnected(_ session: SessionID, _ effects: inout [OwnershipEffect]) {
        self.sessions[session.rawValue] = .held
        guard case .connecting = self.state else { return }
        self.readRecordsIfAllHeld(&effects)
    }

    /// A session could not be opened, or was open and is not any more, for whatever reason.
    public mutating func sessionLost(_ session: SessionID, _ effects: inout [OwnershipEffect]) {
        self.sessions[session.rawValue] = .closed
        switch self.state {
        case .connecting, .reading, .writing:
            self.doubt(&effects)
        case .owning:
            effects.append(.mute)
            self.doubt(&effects)
        case .asking, .checking, .waiting, .ended: break
        }
    }

    // MARK: - Records

    /// The record of a broker, as read while all sessions are held.
    public mutating func recordRead(
        _ reading: OwnerRecordReading,
        at broker: BrokerID,
        attempt: UInt64,
        _ effects: inout [OwnershipEffect]
    ) {
        guard case .reading(var missing) = self.state, attempt == self.attempt else { return }
        switch reading {
        case .epoch(let epoch) where epoch > self.epoch:
            self.supersede(&effects)
        case .epoch, .absent:
            missing.remove(broker)
            self.state = .reading(missing)
            guard missing.isEmpty else { return }
            self.state = .writing(Set(self.brokers))
            effects += self.brokers.map { .writeRecord($0, attempt: self.attempt) }
        case .unreadable:
            self.doubt(&effects)
        }
    }

    /// A broker has acknowledged this worker's record, or has not.
    public mutating func recordWritten(
        _ isAcknowledged: Bool,
        at broker: BrokerID,
        attempt: UInt64,
        _ effects: inout [OwnershipEffect]
    ) {
        guard case .writing(var missing) = self.state, attempt == self.attempt else { return }
        guard isAcknowledged else { return self.doubt(&effects) }
        missing.remove(broker)
        self.state = .writing(missing)
        guard missing.isEmpty else { return }
        self.state = .owning
        self.attempt += 1
        effects.append(.unmute)
        effects.append(.startTimer(Self.settlingTime, attempt: self.attempt))
    }

    /// The record of a broker, as read over a connection of its own because no coordinator answered.
    public mutating func recordChecked(
        _ reading: OwnerRecordReading,
        at broker: BrokerID,
        attempt: UInt64,
        _ effects: inout [OwnershipEffect]
    ) {
        guard case .checking(var missing) = self.state, attempt == self.attempt else { return }
        switch reading {
        case .epoch(let epoch) where epoch > self.epoch:
            self.supersede(&effects)
        case .epoch, .absent:
            missing.remove(broker)
            self.state = .checking(missing)
            if missing.isEmpty { self.claim(&effects) }
        case .unreadable:
            self.wait(&effects)
        }
    }

    // MARK: - Coordinators and time

    public mutating func coordinatorAnswered(
        _ answer: AssignmentAnswer,
        attempt: UInt64,
        _ effects: inout [OwnershipEffect]
    ) {
        guard case .asking = self.state, attempt == self.attempt else { return }
        switch answer {
        case .current:
            self.claim(&effects)
        case .superseded:
            self.supersede(&effects)
        case .none:
            self.attempt += 1
            self.state = .checking(Set(self.brokers))
            effects += self.brokers.map { .checkRecord($0, attempt: self.attempt) }
        }
    }

    public mutating func timerFired(attempt: UInt64, _ effects: inout [OwnershipEffect]) {
        guard attempt == self.attempt else { return }
        switch self.state {
        case .waiting: self.ask(&effects)
        case .owning: self.failures = 0
        case .connecting, .reading, .writing, .asking, .checking, .ended: break
        }
    }

    // MARK: - Steps

    private mutating func claim(_ effects: inout [OwnershipEffect]) {
        self.attempt += 1
        self.state = .connecting
        for place in self.sessions.indices where self.sessions[place] == .closed {
            self.sessions[place] = .opening
            effects.append(.connect(SessionID(place)))
        }
        self.readRecordsIfAllHeld(&effects)
    }

    private mutating func readRecordsIfAllHeld(_ effects: inout [OwnershipEffect]) {
        guard self.sessions.allSatisfy({ $0 == .held }) else { return }
        self.state = .reading(Set(self.brokers))
        effects += self.brokers.map { .readRecord($0, attempt: self.attempt) }
    }

    /// The first doubt after a time of owning is looked into at once, a later one after a pause.
    private mutating func doubt(_ effects: inout [OwnershipEffect]) {
        if self.failures == 0 {
            self.failures = 1
            self.ask(&effects)
        } else {
            self.wait(&effects)
        }
    }

    private mutating func ask(_ effects: inout [OwnershipEffect]) {
        self.attempt += 1
        self.state = .asking
        effects.append(.askCoordinator(attempt: self.attempt))
    }

    private mutating func wait(_ effects: inout [OwnershipEffect]) {
        let seconds = Self.pausesSeconds[min(max(self.failures - 1, 0), Self.pausesSeconds.count - 1)]
        self.failures += 1
        self.attempt += 1
        self.state = .waiting
        effects.append(.startTimer(.seconds(seconds), attempt: self.attempt))
    }

    private mutating func supersede(_ effects: inout [OwnershipEffect]) {
        self.state = .ended
        effects.append(.disconnectAll)
        effects.append(.stopSuperseded)
    }
}
