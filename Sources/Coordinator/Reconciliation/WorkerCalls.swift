import ClusterState
import Synchronization

/// Calls to workers: in order and few at a time to each worker, all workers side by side. A worker that hangs holds up
/// nobody but itself, and least of all the reconciler, which goes on judging workers meanwhile.
///
/// What waits is bounded by what should run: a call that waits, or is under way, is not queued again.
final class WorkerCalls: Sendable {
    /// What a call is about.
    enum Target: Hashable, Sendable {
        case start(PlacementKey, Epoch)
        case stop(pipelineID: String, Epoch)
    }

    struct Call: Sendable {
        var target: Target
        var run: @Sendable () async -> Void
    }

    private struct Lane {
        var waiting: [Call] = []
        var open: Set<Target> = []
        var runners = 0
    }

    /// Calls to one worker under way at once.
    static let concurrency = 4
    private let lanes = Mutex<[WorkerID: Lane]>([:])

    /// Queues a call. True if one more task is to `run` the worker's calls.
    func add(_ call: Call, to worker: WorkerID) -> Bool {
        self.lanes.withLock { lanes in
            var lane = lanes.removeValue(forKey: worker) ?? Lane()
            defer { lanes[worker] = lane }
            guard lane.open.insert(call.target).inserted else { return false }
            lane.waiting.append(call)
            guard lane.runners < Self.concurrency else { return false }
            lane.runners += 1
            return true
        }
    }

    /// Makes the worker's calls until none is waiting.
    func run(_ worker: WorkerID) async {
        while let call = self.next(worker) {
            await call.run()
            self.lanes.withLock { _ = $0[worker]?.open.remove(call.target) }
        }
    }

    private func next(_ worker: WorkerID) -> Call? {
        self.lanes.withLock { lanes in
            guard var lane = lanes.removeValue(forKey: worker) else { return nil }
            if lane.waiting.isEmpty {
                lane.runners -= 1
                if lane.runners > 0 { lanes[worker] = lane }
                return nil
            }
            let call = lane.waiting.removeFirst()
            lanes[worker] = lane
            return call
        }
    }
}
