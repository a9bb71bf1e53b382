public import ClusterState

/// Evens out how many pipelines the workers have.
public enum Rebalancing {
    /// Migrations to be proposed: away from workers that have more than one pipeline above the average, the busiest
    /// pipelines first. What prefers a worker stays, and so does what has to stay with others or is on its way already.
    ///
    /// - Parameters:
    ///   - eventCounts: how many events each placement has taken in.
    ///   - isEligible: leaves workers out that the state still calls ready.
    public static func moves(
        in state: ClusterState,
        eventCounts: [PlacementKey: UInt64] = [:],
        isEligible: (ClusterState.Worker) -> Bool = { _ in true }
    ) -> [Command.StartMigration] {
        let workers = state.workers.filter { $0.status == .ready && isEligible($0) }
        guard workers.count > 1 else { return [] }
        var loads = Loads(workers)
        for migration in state.migrationsUnderWay where migration.phase == .checkpointing {
            loads.move(from: migration.source, to: migration.target)
        }
        let overloaded = workers.map(\.id).filter(loads.isAboveAverage).sorted { one, other in
            loads[one] == loads[other] ? one < other : loads[one] > loads[other]
        }
        guard !overloaded.isEmpty else { return [] }
        var movable = Self.movable(in: state, from: Set(overloaded))
        var planner = PlacementPlanner(state: state) { worker in
            isEligible(worker) && !loads.isAboveAverage(worker.id)
        }
        var moves: [Command.StartMigration] = []
        for source in overloaded {
            let candidates = movable.removeValue(forKey: source) ?? []
            let busiestFirst = candidates.sorted { one, other in
                let (a, b) = (eventCounts[one.key, default: 0], eventCounts[other.key, default: 0])
                return a == b ? one.key < other.key : a > b
            }
            for candidate in busiestFirst where loads.isAboveAverage(source) {
                var request = candidate.request
                request.strategy = .leastLoaded
                guard let target = planner.choose(request) else { continue }
                guard loads[target] + 1 < loads[source] else {
                    planner.release(target)
                    continue
                }
                loads.move(from: source, to: target)
                moves.append(candidate.move(to: target, seenAt: state.appliedIndex))
            }
        }
        return moves
    }

    private struct Candidate {
        var key: PlacementKey
        var epoch: Epoch
        var request: PlacementRequest

        func move(to target: WorkerID, seenAt index: UInt64) -> Command.StartMigration {
            Command.StartMigration(
                migration: MigrationID(moving: self.key, from: self.epoch, seenAt: index),
                placement: self.key,
                from: self.epoch,
                target: target,
                reason: .rebalance
            )
        }
    }

    private static func movable(
        in state: ClusterState,
        from workers: Set<WorkerID>
    ) -> [WorkerID: [Candidate]] {
        var movable: [WorkerID: [Candidate]] = [:]
        for group in state.groups {
            for placement in group.placements {
                guard let worker = placement.worker, workers.contains(worker) else { continue }
                let key = group.key(of: placement)
                let request = PlacementRequest(moving: placement, of: group)
                guard placement.status == .running, request.preferred == nil, request.places == 1 else { continue }
                guard state.openMigration(of: key) == nil else { continue }
                movable[worker, default: []].append(
                    Candidate(key: key, epoch: placement.epoch, request: request)
                )
            }
        }
        return movable
    }

    /// How many pipelines each worker has or will have.
    private struct Loads {
        private var loads: [WorkerID: Int] = [:]
        private var total = 0

        init(_ workers: [ClusterState.Worker]) {
            for worker in workers {
                self.loads[worker.id] = Int(worker.assignedCount)
                self.total += Int(worker.assignedCount)
            }
        }

        subscript(worker: WorkerID) -> Int { self.loads[worker, default: 0] }

        mutating func move(from source: WorkerID, to target: WorkerID) {
            for (worker, change) in [(source, -1), (target, 1)] where self.loads[worker] != nil {
                self.loads[worker, default: 0] += change
                self.total += change
            }
        }

        /// By more than one; multiplied, since the average is a fraction.
        func isAboveAverage(_ worker: WorkerID) -> Bool {
            self[worker] * self.loads.count > self.total + self.loads.count
        }
    }
}
