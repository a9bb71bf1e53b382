import ClusterControl
import ClusterState
import Ownership

/// A pipeline that a worker holds, with the real machine that decides whether it may publish.
struct Pipeline {
    enum Holding {
        case fenced(Ownership)
        case leased(LeaseOwnership<ControlInstant>)
    }

    /// Its own in the world.
    let serial: UInt64
    /// The worker's id of it.
    let id: String
    let key: PlacementKey
    let epoch: Epoch
    /// The sessions it needs; none if no broker fences it.
    let sessions: [SessionName]
    /// The brokers of its sessions, each once.
    let brokers: [Int]
    var holding: Holding
    /// The connection of each session.
    var connections: [UInt64?]
    /// Connections that only look at an owner record.
    var probes: [UInt64] = []
    /// Whether its next publish is planned.
    var isPublishing = false

    init(
        serial: UInt64,
        key: PlacementKey,
        epoch: Epoch,
        program: Program,
        lease: Duration,
        confirmedAt: ControlInstant
    ) {
        self.serial = serial
        self.id = "p\(serial)"
        self.key = key
        self.epoch = epoch
        self.sessions = program.sessions(of: key)
        self.brokers = program.brokers
        self.connections = Array(repeating: nil, count: self.sessions.count)
        if self.sessions.isEmpty {
            self.holding = .leased(LeaseOwnership(duration: lease, confirmedAt: confirmedAt))
        } else {
            self.holding = .fenced(
                Ownership(epoch: epoch.rawValue, sessionCount: self.sessions.count, brokerCount: self.brokers.count)
            )
        }
    }

    var isFenced: Bool { !self.sessions.isEmpty }

    var isOwning: Bool {
        switch self.holding {
        case .fenced(let ownership): ownership.phase == .owning
        case .leased(let ownership): ownership.isOwning
        }
    }

    /// As heartbeats say it.
    var status: ReportedPipeline.Status { self.isOwning ? .running : .starting }

    /// A connection by which a session at that broker is held.
    func connection(at broker: Int) -> UInt64? {
        self.sessions.firstIndex { $0.broker == broker }.flatMap { self.connections[$0] }
    }
}

/// A session at a broker. Its name is made of the pipeline's, so that a successor's connection takes it over.
struct SessionName: Hashable {
    enum Role: Hashable { case source, sink }
    var key: PlacementKey
    var role: Role
    var broker: Int
}

/// What a broker retains about a pipeline.
struct OwnerRecord: Hashable {
    var epoch: Epoch
    var worker: WorkerID
    var incarnation: WorkerIncarnation
}

/// A program in the simulation: where it reads and where it writes. Written as `mqtt(0, 1)` or `file`, and
/// maybe a version.
struct Program {
    var source: Int?
    var sink: Int?

    init(source: Int?, sink: Int?) {
        self.source = source
        self.sink = sink
    }

    init(_ text: String) {
        let words = text.split { !$0.isLetter && !$0.isNumber }
        guard words.first == "mqtt", words.count >= 3 else { return }
        self.source = Int(words[1])
        self.sink = Int(words[2])
    }

    var text: String {
        guard let source = self.source, let sink = self.sink else { return "file" }
        return "mqtt(\(source), \(sink))"
    }

    /// Where source and sink are at one broker, the sink uses the source's session.
    func sessions(of key: PlacementKey) -> [SessionName] {
        guard let source = self.source, let sink = self.sink else { return [] }
        let first = SessionName(key: key, role: .source, broker: source)
        return source == sink ? [first] : [first, SessionName(key: key, role: .sink, broker: sink)]
    }

    var brokers: [Int] {
        guard let source = self.source, let sink = self.sink else { return [] }
        return source == sink ? [source] : [source, sink]
    }
}
