import ClusterControl
import ClusterState
import RaftCore

// Heartbeats are taken wherever they arrive, and reach the leader in batches.

extension World {
    /// By what this coordinator's own state says, which may be old.
    func handle(
        _ heartbeat: Heartbeat,
        _ request: Request,
        _ place: Int,
        _ process: Coordinator
    ) throws(Violation) {
        let known = process.state.worker(heartbeat.worker)
        guard known?.incarnation == heartbeat.incarnation else {
            // A worker that this member does not know may be one that has not reached it yet; the leader can tell.
            let body: Reply.Body = known == nil && !process.isLeader ? .unavailable : .unknownWorker
            return self.reply(body, to: request, place)
        }
        self.reply(.known, to: request, place)
        if self.overrides.mutants.contains(.confirmUnheard) { self.reply(.confirmed, to: request, place) }
        if process.isLeader {
            let isNews = self.note(heartbeat, at: self.now, process)
            try self.beginConfirming([(request, heartbeat)], place, process)
            if isNews { try self.callForAttention(place, process) }
        } else {
            process.waiting[heartbeat.worker] = (request, heartbeat, self.now)
        }
    }

    /// A word that was overtaken on its way changes nothing, and neither does one of a process that is not registered
    /// any more: in the place of its successor's it would make the successor look silent.
    /// - Returns: Whether it says anything that the last one did not. What silence means, is judged at the loop's own pace.
    private func note(_ heartbeat: Heartbeat, at time: Moment, _ process: Coordinator) -> Bool {
        let isRegistered = process.state.worker(heartbeat.worker)?.incarnation == heartbeat.incarnation
        guard isRegistered || self.overrides.mutants.contains(.hearFormer) else { return false }
        let last = process.reports[heartbeat.worker]
        if let last, last.received > time { return false }
        process.reports[heartbeat.worker] = (heartbeat.incarnation, time, heartbeat.inventory)
        return last?.incarnation != heartbeat.incarnation || last?.inventory != heartbeat.inventory
    }

    /// Heartbeats are taken down. Whether this is the leader still, a quorum knows.
    private func beginConfirming(
        _ heartbeats: [(Request, Heartbeat)],
        _ place: Int,
        _ process: Coordinator
    ) throws(Violation) {
        if self.overrides.mutants.contains(.confirmAlone) {
            for (request, _) in heartbeats { self.reply(.confirmed, to: request, place) }
        }
        try self.read(for: .confirmation(heartbeats), place, process)
    }

    /// The leader has taken the heartbeat, and led still when it read the state that it has now. So whoever leads next
    /// gives the worker a whole timeout from after the heartbeat was sent. An unhealthy worker is not confirmed: what it has
    /// may be on its way to others already.
    func confirm(_ request: Request, _ heartbeat: Heartbeat, _ place: Int, _ process: Coordinator) {
        let known = process.state.worker(heartbeat.worker)
        guard let known, known.incarnation == heartbeat.incarnation else {
            return self.reply(.unknownWorker, to: request, place)
        }
        if known.status != .unhealthy { self.reply(.confirmed, to: request, place) }
    }

    // MARK: Relaying

    /// Sends what has gathered to the leader. A coordinator that has become the leader takes it itself.
    func relay(_ place: Int, _ process: Coordinator) throws(Violation) {
        guard !process.waiting.isEmpty, let leader = process.status.leader else { return }
        let waiting = process.waiting
        process.waiting = [:]
        let workers = waiting.keys.sorted()
        let clock = self.coordinators[place].clock
        let heartbeats = workers.compactMap { worker -> RelayedHeartbeat? in
            guard let (request, heartbeat, received) = waiting[worker] else { return nil }
            let age = (clock.nanoseconds(at: self.now) - clock.nanoseconds(at: received)) / 1_000
            return RelayedHeartbeat(request: request, heartbeat: heartbeat, age: age)
        }
        if process.isLeader { return try self.take(heartbeats, place, process) }
        let number = self.nextNumber()
        process.relayed[number] = waiting
        let to = Party.coordinator(Int(leader.rawValue) - 1)
        self.send(.relay(number: number, heartbeats), from: .coordinator(place), to: to)
        self.plan(.relayTimeout(number), for: place, in: .seconds(2))
    }

    /// Nobody took them: they go with the next batch, unless something newer has come.
    func putBack(_ number: UInt64, _ process: Coordinator) {
        guard let waiting = process.relayed.removeValue(forKey: number) else { return }
        process.waiting.merge(waiting) { newer, _ in newer }
    }

    /// The leader's side.
    func take(
        _ heartbeats: [RelayedHeartbeat],
        number: UInt64,
        from: Party,
        _ place: Int,
        _ process: Coordinator
    ) throws(Violation) {
        guard process.isLeader else { return }
        self.send(.relayTaken(number: number), from: .coordinator(place), to: from)
        self.report.count(.relayedHeartbeats)
        guard case .coordinator(let via) = from else { return }
        let routed = heartbeats.map { relayed in
            var relayed = relayed
            relayed.request.via = via
            return relayed
        }
        try self.take(routed, place, process)
    }

    private func take(
        _ heartbeats: [RelayedHeartbeat],
        _ place: Int,
        _ process: Coordinator
    ) throws(Violation) {
        var isNews = false
        for relayed in heartbeats {
            let age = self.coordinators[place].clock.span(min(relayed.age, .seconds(60)))
            if self.note(relayed.heartbeat, at: self.now - min(self.now, age), process) { isNews = true }
        }
        try self.beginConfirming(heartbeats.map { ($0.request, $0.heartbeat) }, place, process)
        if isNews { try self.callForAttention(place, process) }
    }
}
