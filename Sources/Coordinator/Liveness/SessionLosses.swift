import ClusterState
import Logging
import Raft
import RaftCore
import Synchronization

/// The workers whose sessions have broken off, kept by the leader, and what probes of them have found.
///
/// A worker is probed a few times, and only one that nobody is found for is lost: its process is gone. One that answers,
/// or is silent, is judged by the timeout.
final class SessionLosses: Sendable {
    struct Loss: Sendable {
        var incarnation: WorkerIncarnation
        /// Of the leader who was told. Another one starts with no losses.
        var term: Term
        var lostAt: ContinuousClock.Instant
        var probeFailedAt: ContinuousClock.Instant?
    }

    private let losses = Mutex<[WorkerID: Loss]>([:])
    private let wishes: AsyncStream<WorkerID>
    private let continuation: AsyncStream<WorkerID>.Continuation
    /// Probes under way at once, and those that wait: when there are more, the timeout judges.
    private static let concurrency = 64
    private static let waitingMax = 4_096
    /// Silence proves nothing, but may be this side's own; and a process that is ending may still take connections when its
    /// session is closed already.
    private static let attemptsMax = 10
    private static let refusalsNeeded = 2
    /// Between two probes of a worker.
    private static let pause = Duration.milliseconds(150)

    init() {
        (self.wishes, self.continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.waitingMax))
    }

    func note(_ worker: WorkerID, _ incarnation: WorkerIncarnation, in term: Term) {
        self.losses.withLock { losses in
            losses[worker] = Loss(incarnation: incarnation, term: term, lostAt: .now, probeFailedAt: nil)
        }
        self.continuation.yield(worker)
    }

    /// Those that this leader was told of in its present office.
    func all(in term: Term) -> [WorkerID: Loss] { self.losses.withLock { $0.filter { $0.value.term == term } } }

    func forget(_ worker: WorkerID) { self.losses.withLock { $0[worker] = nil } }

    /// Forgets those that do not matter any more.
    func keep(where matters: (WorkerID, Loss) -> Bool) {
        self.losses.withLock { losses in losses = losses.filter { matters($0.key, $0.value) } }
    }

    /// Probes, until the task is cancelled.
    func run(_ plane: ControlPlane) async {
        await withTaskGroup(of: Void.self) { group in
            var underWay = 0
            for await worker in self.wishes {
                if underWay == Self.concurrency {
                    await group.next()
                    underWay -= 1
                }
                group.addTask { await self.probe(worker, plane) }
                underWay += 1
            }
            group.cancelAll()
        }
    }

    private func probe(_ worker: WorkerID, _ plane: ControlPlane) async {
        let state = await plane.node.local().machine.state
        guard let known = state.worker(worker), let loss = self.losses.withLock({ $0[worker] }),
            known.incarnation == loss.incarnation
        else { return self.forget(worker) }
        var refusals = 0
        for attempt in 0..<Self.attemptsMax where refusals < Self.refusalsNeeded {
            if attempt > 0 { try? await Task.sleep(for: Self.pause) }  // ends early only when the task does
            switch await WorkerProbe.look(at: known.address) {
            case .nobody: refusals += 1
            case .somebody: refusals = 0
            case .silence: break
            }
        }
        guard refusals == Self.refusalsNeeded else {
            return plane.logger.info(
                "a worker whose session has ended is still there, or silent",
                metadata: ["worker": "\(worker)"]
            )
        }
        self.losses.withLock { losses in
            guard losses[worker]?.incarnation == loss.incarnation else { return }
            losses[worker]?.probeFailedAt = .now
        }
        plane.attention.call()
    }
}
