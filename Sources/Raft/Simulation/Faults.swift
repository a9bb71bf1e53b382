import RaftCore

/// What a seed's world is like: how many members, how bad the network, which faults exist and how often they come.
///
/// Each seed first draws which classes of faults it has at all (swarm testing: Groce et al., ISSTA 2012). A world
/// where everything happens at once would hide what needs quiet to go wrong.
struct Faults: Sendable {
    var members: Int
    /// Chances per message, in parts of 1,000.
    var drop: UInt64
    var duplicate: UInt64
    /// One-way delay of a message, in microseconds: usually near the first, now and then up to the second.
    var delayUsual: UInt64
    var delayMax: UInt64
    var delaySpikes: UInt64
    /// Time of one commit, in microseconds.
    var diskUsual: UInt64
    var diskMax: UInt64
    var diskSpikes: UInt64
    /// How much a chunk of a snapshot weighs where the next snapshot is decided on, and how long it is on its way besides,
    /// in microseconds.
    var chunkBytes = UInt64(Snapshot.chunkBytes)
    var chunkTime: UInt64 = 0
    /// Mean time between faults of the classes below, in microseconds.
    var faultInterval: UInt64
    /// How long a fault lasts, at most, in microseconds.
    var faultSpan: UInt64
    var classes: [Class]
    /// Small messages and windows make a member catch up in many steps, each of which may be its last.
    var settings: Settings
    /// Chance, in parts of 1,000, that a leader loses power in the very step in which it writes or commits something:
    /// before its messages are out, or just after.
    var ambush: UInt64
    /// What the operator does, and the mean time between two of its acts, in microseconds.
    var operateClasses: [Operator.Act]
    var operateInterval: UInt64
    /// How fast the members' clocks run, in thousandths. A lease bears a difference of a tenth.
    var clockRates: ClosedRange<UInt64>
    /// Mean time between client requests, in microseconds, and the most commands in one.
    var clientInterval: UInt64
    var clientBatchMax: Int
    /// How many of the requests are reads, and how many reads are content with a lease, in parts of 1,000.
    var reads: UInt64 = 200
    var leaseReads: UInt64 = 500

    enum Class: String, Sendable, CaseIterable {
        /// A member loses power: what it had not synced is gone.
        case crash
        /// The leader loses power.
        case crashLeader
        /// All members lose power at once.
        case crashAll
        /// The members fall into two groups that don't hear each other.
        case partition
        /// One member is cut off.
        case isolate
        /// One direction of one link is dead.
        case oneWay
        /// Two members can't hear each other; all others can.
        case bridge
        /// A member is stopped and goes on later, believing that no time has passed for it.
        case pause
        /// A member's disk takes no more writes for a while, or until the member is started anew.
        case stall
        /// A member takes its leader for dead: the connection was closed.
        case disconnect
        /// A member's disk is wiped. It comes back under its old id, without its promises; then it is replaced.
        case wipe
    }

    /// Everything works from now on; what goes on by itself goes on.
    mutating func heal() {
        self.drop = 0
        self.ambush = 0
        self.classes = []
        self.operateClasses = []
    }

    init(_ random: inout SeededGenerator) {
        func draw(_ range: ClosedRange<UInt64>) -> UInt64 { UInt64.random(in: range, using: &random) }
        func chance(_ percent: UInt64) -> Bool { draw(0...99) < percent }
        let size = draw(0...99)
        self.members = size < 3 ? 1 : size < 55 ? 3 : 5
        self.drop = chance(50) ? draw(1...200) : 0
        self.duplicate = chance(50) ? draw(1...200) : 0
        self.delayUsual = draw(50...5_000)
        self.delayMax = self.delayUsual * draw(2...100)
        self.delaySpikes = chance(50) ? draw(1...200) : 0
        self.diskUsual = draw(50...10_000)
        self.diskMax = self.diskUsual * draw(2...50)
        self.diskSpikes = chance(50) ? draw(1...100) : 0
        self.faultInterval = draw(30_000...2_000_000)
        self.faultSpan = draw(10_000...3_000_000)
        self.classes = Class.allCases.filter { _ in chance(50) }
        self.clientInterval = draw(500...100_000)
        self.clientBatchMax = chance(70) ? 3 : 40
        self.ambush = chance(50) ? draw(1...100) : 0
        self.operateClasses = Operator.Act.allCases.filter { _ in chance(40) }
        self.operateInterval = draw(100_000...5_000_000)
        self.clockRates = chance(50) ? 1_000...1_000 : 955...1_045
        self.settings = Settings()
        self.settings.allowsLeases = chance(30)
        // What is wrong with leases shows only in reads at the wrong moment: many of them, and late answers.
        if self.settings.allowsLeases && chance(60) {
            self.reads = 700
            self.leaseReads = 900
            self.delaySpikes = max(self.delaySpikes, draw(50...300))
            self.delayMax = max(self.delayMax, draw(200_000...600_000))
        }
        // Small, so that logs are cut and snapshots move; or as usual, so that they don't.
        self.settings.snapshotEntries = chance(70) ? Int(draw(5...200)) : 50_000
        self.settings.trailingEntries = chance(50) ? 0 : Int(draw(1...100))
        if chance(20) { self.settings.logWeightMax = Int(draw(1_000...50_000)) }
        self.settings.diskPatience = .milliseconds(Int(draw(400...3_000)))
        if chance(20) { self.settings.uncommittedBytesMax = Int(draw(200...5_000)) }
        switch draw(0...3) {
        case 0: self.settings.appendEntriesMax = Int(draw(1...4))
        case 1: self.settings.appendsInFlightMax = Int(draw(1...4))
        case 2: self.settings.bytesInFlightMax = Int(draw(300...3_000))
        default: return
        }
        // What goes through a narrow window must be little, or no time would be enough to catch up.
        self.clientBatchMax = 3
        self.clientInterval = max(self.clientInterval, 5_000)
    }
}
