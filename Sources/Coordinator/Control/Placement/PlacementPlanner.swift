public import ClusterState

/// Finds workers for several pipelines in one go, and reserves a place for each as it finds it.
public struct PlacementPlanner: Sendable {
    private struct Seat {
        var candidate: PlacementCandidate
        var labels: Labels

        func hasRoom(for places: UInt32) -> Bool {
            let (free, isOverfull) = self.candidate.pipelinesMax.subtractingReportingOverflow(self.candidate.pipelines)
            return !isOverfull && places <= free
        }

        func suits(_ request: PlacementRequest) -> Bool { request.labels.allSatisfy(self.labels.include) }
    }

    private let strategy: any PlacementStrategy
    private let strategies: PlacementStrategies
    private var seats: [Seat] = []
    private var turn: UInt64

    /// - Parameters:
    ///   - turnsTaken: how many turns of those who take turns others have, who plan at this moment.
    ///   - load: how many pipelines each worker said it runs, its own among them.
    ///   - strategy: has the last word where a spec names none, or one that is not known here.
    ///   - strategies: the ones that specs may name.
    ///   - isEligible: leaves workers out that the state still calls ready.
    public init(
        state: ClusterState,
        turnsTaken: UInt64 = 0,
        load: [WorkerID: UInt32] = [:],
        strategy: some PlacementStrategy = RoundRobin(),
        strategies: PlacementStrategies = .standard,
        isEligible: (ClusterState.Worker) -> Bool = { _ in true }
    ) {
        self.strategy = strategy
        self.strategies = strategies
        self.turn = state.lastEpoch.rawValue &+ turnsTaken
        for worker in state.workers where worker.status == .ready && isEligible(worker) {
            let candidate = PlacementCandidate(
                id: worker.id,
                cpuCores: worker.capacity.cpuCores,
                pipelinesMax: worker.capacity.pipelinesMax,
                pipelines: max(worker.assignedCount, load[worker.id, default: 0])
            )
            self.seats.append(Seat(candidate: candidate, labels: worker.labels))
        }
    }

    /// A worker for one pipeline: the preferred one if it has room, else one without a replica of the same pipeline,
    /// else any with room. None if there is no room anywhere.
    public mutating func choose(preferring preferred: WorkerID? = nil, avoiding taken: [WorkerID] = []) -> WorkerID? {
        let siblings = Dictionary(taken.map { ($0, UInt32(1)) }, uniquingKeysWith: +)
        return self.choose(PlacementRequest(preferred: preferred, siblings: siblings))
    }

    /// A worker for one pipeline: with room and the labels asked for; the preferred one if it is such a worker, else one
    /// where the fewest replicas of the same pipeline are close by, as the strategy says. None if there is none.
    public mutating func choose(_ request: PlacementRequest) -> WorkerID? {
        var open = self.seats.indices.filter {
            self.seats[$0].hasRoom(for: request.places) && self.seats[$0].suits(request)
        }
        guard !open.isEmpty else { return nil }
        let welcome = open.filter { !request.avoided.contains(self.seats[$0].candidate.id) }
        if !welcome.isEmpty { open = welcome }
        let chosen: Int
        if let preferred = open.first(where: { self.seats[$0].candidate.id == request.preferred }) {
            chosen = preferred
        } else {
            let apart = self.leastCrowded(open, request)
            let strategy = request.strategy.flatMap { self.strategies[$0] } ?? self.strategy
            let candidate = strategy.choose(among: apart.map { self.candidate($0, request) }, turn: self.turn)
            chosen = apart.first { self.seats[$0].candidate.id == candidate.id } ?? apart[0]
        }
        self.turn &+= UInt64(request.places)
        self.seats[chosen].candidate.pipelines += request.places
        return self.seats[chosen].candidate.id
    }

    /// Takes places at the worker. False if it has not as many, or is not among the workers that may be chosen.
    mutating func reserve(_ worker: WorkerID, places: UInt32 = 1) -> Bool {
        guard let seat = self.seats.firstIndex(where: { $0.candidate.id == worker }) else { return false }
        guard self.seats[seat].hasRoom(for: places) else { return false }
        self.seats[seat].candidate.pipelines += places
        return true
    }

    /// A place at the worker becomes free.
    mutating func release(_ worker: WorkerID) {
        guard let seat = self.seats.firstIndex(where: { $0.candidate.id == worker }) else { return }
        if self.seats[seat].candidate.pipelines > 0 { self.seats[seat].candidate.pipelines -= 1 }
    }

    /// Why `choose` found none, as a sentence.
    func shortage(_ request: PlacementRequest) -> String {
        if self.seats.isEmpty { return "no worker is ready" }
        if !self.seats.contains(where: { $0.suits(request) }) {
            return "no ready worker has the labels \(request.labels.map(\.description).joined(separator: ", "))"
        }
        return request.places == 1
            ? "no worker has room" : "no worker has room for the \(request.places) that need the same one"
    }

    private func candidate(_ seat: Int, _ request: PlacementRequest) -> PlacementCandidate {
        var candidate = self.seats[seat].candidate
        candidate.groupPipelines = request.neighbours[candidate.id, default: 0]
        return candidate
    }

    /// The workers whose value of the label to spread over the fewest replicas have, and among these the ones that the
    /// fewest replicas share.
    private func leastCrowded(_ open: [Int], _ request: PlacementRequest) -> [Int] {
        guard !request.siblings.isEmpty else { return open }
        var open = open
        if let key = request.spread {
            var counts: [Labels.Text?: UInt32] = [:]
            for seat in self.seats {
                guard let count = request.siblings[seat.candidate.id] else { continue }
                counts[seat.labels[key], default: 0] += count
            }
            open = Self.fewest(open) { counts[self.seats[$0].labels[key], default: 0] }
        }
        return Self.fewest(open) { request.siblings[self.seats[$0].candidate.id, default: 0] }
    }

    private static func fewest(_ seats: [Int], _ count: (Int) -> UInt32) -> [Int] {
        let counts = seats.map(count)
        guard let least = counts.min() else { return [] }
        return zip(seats, counts).filter { $0.1 == least }.map(\.0)
    }
}
