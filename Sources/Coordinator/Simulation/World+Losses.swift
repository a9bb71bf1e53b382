import ClusterControl
import ClusterState
import RaftCore

// Sessions between workers and coordinators that break off, and what probes find after that.

extension World {
    /// The coordinator at the other end notices, and tells the leader.
    func breakSession(_ place: Int) {
        guard let process = self.workers[place].process, process.registration != 0 else { return }
        let message = Message.sessionLost(self.workers[place].id, process.incarnation)
        self.send(message, from: .worker(place), to: .coordinator(process.coordinator))
    }

    func noteLoss(_ worker: WorkerID, _ incarnation: WorkerIncarnation, _ place: Int, _ process: Coordinator) {
        guard process.isLeader else {
            guard let leader = process.status.leader, leader != self.coordinators[place].id else { return }
            let to = Party.coordinator(Int(leader.rawValue) - 1)
            return self.send(.sessionLost(worker, incarnation), from: .coordinator(place), to: to)
        }
        process.losses[worker] = Coordinator.Loss(
            incarnation: incarnation,
            term: process.status.term,
            lostAt: self.now
        )
        self.probe(worker, place, process)
    }

    func probe(_ worker: WorkerID, _ place: Int, _ process: Coordinator) {
        guard let loss = process.losses[worker], let machine = self.workers.firstIndex(where: { $0.id == worker }),
            process.state.worker(worker)?.incarnation == loss.incarnation
        else {
            process.losses[worker] = nil
            return
        }
        let number = self.nextNumber()
        process.probes[number] = worker
        self.send(.probe(number: number, from: place), from: .coordinator(place), to: .worker(machine))
    }

    /// Nobody is there: connections are refused.
    func refuse(_ message: Message, _ place: Int) {
        guard case .probe(let number, let from) = message else { return }
        self.send(.probeAnswer(number: number, nil), from: .worker(place), to: .coordinator(from))
    }

    func probed(
        _ number: UInt64,
        _ found: WorkerIncarnation?,
        _ place: Int,
        _ process: Coordinator
    ) throws(Violation) {
        guard let worker = process.probes.removeValue(forKey: number), var loss = process.losses[worker],
            found != loss.incarnation
        else { return }
        loss.probesLeft -= 1
        if loss.probesLeft == 0 { loss.probeFailedAt = self.now }
        process.losses[worker] = loss
        if loss.probesLeft > 0 { return self.plan(.probe(worker), for: place, in: .milliseconds(150)) }
        try self.callForAttention(place, process)
    }

    /// Those of workers that have been heard since, or are not registered as the same process any more.
    func forgetLosses(_ process: Coordinator) {
        process.losses = process.losses.filter { worker, loss in
            guard process.state.worker(worker)?.incarnation == loss.incarnation else { return false }
            guard let report = process.reports[worker] else { return true }
            return report.received <= loss.probeFailedAt ?? loss.lostAt
        }
    }
}
