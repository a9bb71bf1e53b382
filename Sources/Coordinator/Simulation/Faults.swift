import RaftCore

/// What a seed's world is like: how many of everything, how bad the network, which faults there are and how often.
///
/// Each seed first draws which kinds of faults it has at all (swarm testing: Groce et al., ISSTA 2012). A world where
/// everything happens at once would hide what needs quiet to go wrong.
struct Faults {
    let coordinators = 3
    let workers: Int
    let brokers: Int
    /// How many things operators care for: groups and connectors.
    let subjects: Int
    /// One-way delay of a message, and of one that is late.
    let delay: ClosedRange<Moment>
    let lateMax: Moment
    /// Chances per message, in thousandths.
    var drop: UInt64
    var duplicate: UInt64
    var late: UInt64
    /// The time of a commit.
    let disk: ClosedRange<Moment>
    /// Mean time between two faults, and how long one lasts at most.
    let interval: Moment
    let span: Moment
    let pauseSpan: Moment
    var kinds: [FaultKind]
    /// Chances that what may be followed by an ambush is, in thousandths.
    var ambushLeader: UInt64
    var ambushOwner: UInt64
    /// Mean time between what operators do.
    let operateInterval: Moment
    /// In thousandths.
    let clockRates: ClosedRange<UInt64>
    /// After which silence a worker is lost.
    let heartbeatTimeout: Moment
    /// How many pipelines of ten are fenced by brokers; the others have leases.
    let fencedOfTen: UInt64
    /// Whether operators move pipelines, and take workers out of service.
    let hasMoves: Bool

    var heartbeatInterval: Moment { self.heartbeatTimeout / 3 }
    var lease: Moment { self.heartbeatTimeout / 3 * 2 }
    /// How long a broker and a client take at most to find out that the other end is gone.
    let keepAlive: Moment = .seconds(6)

    /// - Parameter movesLeased: whether pipelines are moved that only leases keep apart.
    init(_ random: inout SeededGenerator, movesLeased: Bool) {
        func draw(_ range: ClosedRange<UInt64>) -> UInt64 { UInt64.random(in: range, using: &random) }
        func chance(_ percent: UInt64) -> Bool { draw(0...99) < percent }
        self.workers = Int(draw(3...5))
        self.brokers = Int(draw(1...2))
        self.subjects = Int(draw(2...7))
        let least = draw(200...10_000)
        self.delay = least...least * draw(2...10)
        self.lateMax = chance(50) ? .seconds(draw(1...5)) : .seconds(draw(5...60))
        self.drop = draw(1...100)
        self.duplicate = draw(1...100)
        self.late = draw(1...60)
        self.disk = 100...draw(500...20_000)
        self.interval = .milliseconds(draw(500...10_000))
        self.heartbeatTimeout = .milliseconds(draw(3_000...9_000))
        self.span = chance(50) ? .seconds(draw(2...10)) : .seconds(draw(10...40))
        self.pauseSpan = chance(30) ? .seconds(3) : .seconds(60)
        self.kinds = FaultKind.allCases.filter { _ in chance(45) }
        self.operateInterval = .milliseconds(draw(500...20_000))
        self.clockRates = chance(50) ? 1_000...1_000 : 970...1_030
        self.hasMoves = chance(40)
        let fencedOfTen: UInt64 = [0, 3, 7, 10][Int(draw(0...3))]
        self.fencedOfTen = self.hasMoves && !movesLeased ? 10 : fencedOfTen
        self.ambushLeader = self.kinds.contains(.ambushLeader) ? draw(10...200) : 0
        self.ambushOwner = self.kinds.contains(.ambushOwner) ? draw(10...100) : 0
        if !self.kinds.contains(.drop) { self.drop = 0 }
        if !self.kinds.contains(.duplicate) { self.duplicate = 0 }
        if !self.kinds.contains(.late) { self.late = 0 }
        self.kinds.removeAll { [.ambushLeader, .ambushOwner, .drop, .duplicate, .late].contains($0) }
    }

    /// Everything works from now on.
    mutating func heal() {
        self.kinds = []
        self.ambushLeader = 0
        self.ambushOwner = 0
        self.drop = 0
        self.duplicate = 0
        self.late = 0
    }

    /// Slower than it is in earnest, so that little time passes between two steps; still fast against the timeout.
    var settings: Settings {
        var settings = Settings()
        settings.heartbeatInterval = .milliseconds(150)
        settings.electionTimeoutMin = .milliseconds(600)
        settings.electionTimeoutMax = .milliseconds(1_200)
        settings.snapshotEntries = .max
        settings.snapshotWeight = .max
        settings.logWeightMax = .max
        return settings
    }
}
