import Ownership

/// Several assignments of one place, their brokers and their coordinators, with everything on its way for as long as the
/// seed says. Session 0 of each broker is a source, 1 a sink, 2 carries the record.
struct ModelWorld {
    /// What is known of a session at a broker: which connection holds it.
    private struct Broker {
        var holders: [Int?] = [nil, nil, nil]
        var record: UInt64?
    }

    private struct Owner {
        var machine: Ownership
        /// The connections it believes to hold, by session.
        var connections: [Int?]
        var isMuted = true
        var isStopped = false
    }

    private enum Item {
        // To a broker or a coordinator.
        case connect(owner: Int, session: Int)
        case read(owner: Int, broker: Int, connection: Int?, attempt: UInt64)
        case write(owner: Int, broker: Int, connection: Int?, attempt: UInt64)
        case check(owner: Int, broker: Int, attempt: UInt64)
        case ask(owner: Int, attempt: UInt64)
        // Back to an owner.
        case connected(owner: Int, session: Int, connection: Int)
        case lost(owner: Int, session: Int)
        case other(owner: Int, (inout Ownership, inout [OwnershipEffect]) -> Void)
    }

    private static let sessionsPerBroker = 3
    private var brokers: [Broker]
    private var owners: [Owner] = []
    private var items: [Item] = []
    private var nextConnection = 0
    /// By connection: whose it is.
    private var connectionOwners: [Int: (owner: Int, session: Int)] = [:]
    private var generator: SplitMix64
    /// While the weather is bad connections break and coordinators do not answer.
    var isStormy = true
    /// Epochs of accepted publishes, in order.
    private(set) var accepted: [UInt64] = []

    init(seed: UInt64, brokers: Int) {
        self.generator = SplitMix64(state: seed)
        self.brokers = Array(repeating: Broker(), count: brokers)
    }

    var owningEpochs: [UInt64] { self.owners.filter { $0.machine.phase == .owning }.map(\.machine.epoch) }
    var stoppedCount: Int { self.owners.count { $0.isStopped } }

    /// Gives the place to a new owner, of the next epoch.
    mutating func assign() {
        let sessionCount = self.brokers.count * Self.sessionsPerBroker
        let epoch = UInt64(self.owners.count + 1)
        let machine = Ownership(epoch: epoch, sessionCount: sessionCount, brokerCount: self.brokers.count)
        self.owners.append(Owner(machine: machine, connections: Array(repeating: nil, count: sessionCount)))
        self.input(self.owners.count - 1) { $0.start(&$1) }
    }

    /// Something arrives somewhere, someone publishes or a connection breaks. False when there is nothing to do.
    mutating func step() -> Bool {
        if self.chance(30) { self.publish() }
        if self.isStormy, self.chance(3),
            let broken = self.connectionOwners.keys.sorted().randomElement(using: &self.generator)
        {
            self.end(connection: broken)
        }
        guard !self.items.isEmpty else { return false }
        var place = Int.random(in: self.items.indices, using: &self.generator)
        // What a client tells of one session comes in order.
        if let key = Self.session(self.items[place]),
            let first = self.items.firstIndex(where: { Self.session($0) == key })
        {
            place = first
        }
        self.arrive(self.items.remove(at: place))
        return true
    }

    private mutating func publish() {
        let owner = Int.random(in: self.owners.indices, using: &self.generator)
        let broker = Int.random(in: self.brokers.indices, using: &self.generator)
        guard !self.owners[owner].isMuted else { return }
        let connection = self.owners[owner].connections[broker * Self.sessionsPerBroker + 1]
        guard let connection, self.brokers[broker].holders[1] == connection else { return }
        self.accepted.append(self.owners[owner].machine.epoch)
    }

    // MARK: - Arrivals

    private mutating func arrive(_ item: Item) {
        switch item {
        case .connect(let owner, let session):
            guard !(self.isStormy && self.chance(10)) else {
                return self.items.append(.lost(owner: owner, session: session))
            }
            let (broker, place) = session.quotientAndRemainder(dividingBy: Self.sessionsPerBroker)
            if let predecessor = self.brokers[broker].holders[place] { self.end(connection: predecessor) }
            self.nextConnection += 1
            self.brokers[broker].holders[place] = self.nextConnection
            self.connectionOwners[self.nextConnection] = (owner, session)
            self.items.append(.connected(owner: owner, session: session, connection: self.nextConnection))
        case .read(let owner, let broker, let connection, let attempt):
            let holds = connection != nil && self.brokers[broker].holders[2] == connection
            let reading = holds ? self.reading(broker) : .unreadable
            self.items.append(
                .other(owner: owner) { $0.recordRead(reading, at: BrokerID(broker), attempt: attempt, &$1) }
            )
        case .write(let owner, let broker, let connection, let attempt):
            let holds = connection != nil && self.brokers[broker].holders[2] == connection
            if holds { self.brokers[broker].record = self.owners[owner].machine.epoch }
            self.items.append(
                .other(owner: owner) { $0.recordWritten(holds, at: BrokerID(broker), attempt: attempt, &$1) }
            )
        case .check(let owner, let broker, let attempt):
            let reading = self.isStormy && self.chance(20) ? .unreadable : self.reading(broker)
            self.items.append(
                .other(owner: owner) { $0.recordChecked(reading, at: BrokerID(broker), attempt: attempt, &$1) }
            )
        case .ask(let owner, let attempt):
            let isCurrent = owner == self.owners.count - 1
            let answer: AssignmentAnswer =
                self.isStormy && self.chance(60) ? .none : isCurrent ? .current : .superseded
            self.items.append(.other(owner: owner) { $0.coordinatorAnswered(answer, attempt: attempt, &$1) })
        case .connected(let owner, let session, let connection):
            self.owners[owner].connections[session] = connection
            self.input(owner) { $0.sessionConnected(SessionID(session), &$1) }
        case .lost(let owner, let session):
            self.owners[owner].connections[session] = nil
            self.input(owner) { $0.sessionLost(SessionID(session), &$1) }
        case .other(let owner, let body):
            self.input(owner, body)
        }
    }

    private func reading(_ broker: Int) -> OwnerRecordReading {
        self.brokers[broker].record.map { .epoch($0) } ?? .absent
    }

    /// The broker ends a connection; its owner hears of it later.
    private mutating func end(connection: Int) {
        guard let (owner, session) = self.connectionOwners.removeValue(forKey: connection) else { return }
        let (broker, place) = session.quotientAndRemainder(dividingBy: Self.sessionsPerBroker)
        if self.brokers[broker].holders[place] == connection { self.brokers[broker].holders[place] = nil }
        self.items.append(.lost(owner: owner, session: session))
    }

    private static func session(_ item: Item) -> [Int]? {
        switch item {
        case .connected(let owner, let session, _), .lost(let owner, let session): [owner, session]
        case .connect, .read, .write, .check, .ask, .other: nil
        }
    }

    // MARK: - Owners

    private mutating func input(_ owner: Int, _ body: (inout Ownership, inout [OwnershipEffect]) -> Void) {
        var effects: [OwnershipEffect] = []
        body(&self.owners[owner].machine, &effects)
        for effect in effects { self.carryOut(effect, owner) }
    }

    private mutating func carryOut(_ effect: OwnershipEffect, _ owner: Int) {
        switch effect {
        case .connect(let session): self.items.append(.connect(owner: owner, session: session.rawValue))
        case .readRecord(let broker, let attempt):
            let broker = broker.rawValue
            let connection = self.owners[owner].connections[broker * Self.sessionsPerBroker + 2]
            self.items.append(.read(owner: owner, broker: broker, connection: connection, attempt: attempt))
        case .writeRecord(let broker, let attempt):
            let broker = broker.rawValue
            let connection = self.owners[owner].connections[broker * Self.sessionsPerBroker + 2]
            self.items.append(.write(owner: owner, broker: broker, connection: connection, attempt: attempt))
        case .unmute: self.owners[owner].isMuted = false
        case .mute: self.owners[owner].isMuted = true
        case .askCoordinator(let attempt): self.items.append(.ask(owner: owner, attempt: attempt))
        case .checkRecord(let broker, let attempt):
            self.items.append(.check(owner: owner, broker: broker.rawValue, attempt: attempt))
        case .startTimer(_, let attempt):
            self.items.append(.other(owner: owner) { $0.timerFired(attempt: attempt, &$1) })
        case .disconnectAll:
            let held = self.connectionOwners.filter { $0.value.owner == owner }.keys.sorted()
            for connection in held { self.end(connection: connection) }
        case .stopSuperseded: self.owners[owner].isStopped = true
        }
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self.generator) < percent }
}

/// Steele, Lea and Flood's generator: the same numbers for the same seed everywhere.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
