import Dispatch
import Logging
import Ownership
import Synchronization

/// Holds a pipeline without sessions by the worker's lease. Everything happens on a queue of its own.
final class LeaseOwner: PipelineOwner {
    private typealias Machine = LeaseOwnership<ContinuousClock.Instant>

    private let fence: Fence
    private let machine: Mutex<Machine>
    private let queue: DispatchQueue

    init(_ fence: Fence) {
        self.fence = fence
        self.queue = DispatchQueue(label: "lease-\(fence.place.name)")
        let latest = fence.standing.confirmations.latest
        self.machine = Mutex(Machine(duration: latest.lease, confirmedAt: latest.sent))
    }

    func start() {
        let confirmations = self.fence.standing.confirmations
        confirmations.add(self) { [weak self] in
            self?.input { machine, effects in
                let latest = confirmations.latest
                machine.confirmed(sentAt: latest.sent, lease: latest.lease, now: .now, &effects)
            }
        }
        self.input { $0.start(&$1) }
    }

    func stop() {
        self.fence.standing.confirmations.remove(self)
        self.machine.withLock { $0.stop() }
    }

    private func input(_ body: @escaping @Sendable (inout Machine, inout [OwnershipEffect]) -> Void) {
        self.queue.async {
            var effects: [OwnershipEffect] = []
            let deadline = self.machine.withLock { machine in
                body(&machine, &effects)
                return machine.deadline
            }
            for effect in effects { self.carryOut(effect) }
            // Each confirmation moves the end; its own clock tells the permission when it is reached.
            if let deadline {
                self.fence.permission.give(until: deadline)
                self.look(at: deadline)
            }
        }
    }

    private func look(at deadline: ContinuousClock.Instant) {
        self.queue.asyncAfter(deadline: .now() + max(0, (deadline - .now) / .seconds(1))) { [weak self] in
            guard let self, self.machine.withLock({ $0.deadline == deadline }) else { return }
            self.input { $0.clockAdvanced(to: .now, &$1) }
        }
    }

    private func carryOut(_ effect: OwnershipEffect) {
        switch effect {
        case .unmute:
            self.fence.logger.info("owning")
            self.fence.progress.owns()
        case .mute:
            self.fence.permission.withhold()
            self.fence.logger.warning("muted until a coordinator confirms this worker")
        case .askCoordinator(let attempt):
            // Nobody waits for it: it ends within its timeout, and an answer that comes too late is ignored.
            Task {
                let answer = await self.fence.standing.standing(of: self.fence.place, epoch: self.fence.epoch)
                if answer == .none { self.fence.progress.claimFailed("no coordinator confirms the assignment") }
                self.input { $0.coordinatorAnswered(answer, attempt: attempt, now: .now, &$1) }
            }
        case .stopSuperseded:
            self.fence.supersede()
        case .connect, .readRecord, .writeRecord, .checkRecord, .startTimer, .disconnectAll:
            preconditionFailure("A lease has no sessions.")
        }
    }
}
