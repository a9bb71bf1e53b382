import ClusterControl
import ClusterState
import RaftCore

// The loop around the reconciler. One pass at a time: it reads, plans, proposes all commands in their order, and when they
// are over queues the calls to workers.

extension World {
    func callForAttention(_ place: Int, _ process: Coordinator) throws(Violation) {
        process.isWanted = true
        guard case .idle = process.pass, process.isLeader else { return }
        process.isWanted = false
        process.pass = .reading
        try self.read(for: .pass, place, process)
    }

    /// The state is at least as new as everything that this leader's predecessors have acknowledged.
    func plan(_ place: Int, _ process: Coordinator) throws(Violation) {
        guard process.isLeader else {
            process.pass = .idle
            return
        }
        self.report.count(.passes)
        let term = process.status.term
        if process.office?.term != term {
            // Whatever this member heard in an earlier office is old; every worker gets a full timeout.
            process.reports = [:]
            process.office = Coordinator.Office(term: term, lastPass: self.now, since: self.now)
        }
        guard var office = process.office else { return }
        let timeout = self.coordinators[place].clock.span(self.faults.heartbeatTimeout)
        // A leader that was stopped for a while must not take its own absence for the workers' silence: what they said
        // meanwhile may not have been read yet.
        if self.now - office.lastPass > timeout / 2 { office.since = self.now }
        office.lastPass = self.now
        self.forgetLosses(process)
        let since = self.overrides.mutants.contains(.blameEarly) ? 0 : office.since
        let situation = Situation(
            state: process.state,
            reports: process.reports.mapValues { report in
                WorkerReport(
                    incarnation: report.incarnation,
                    receivedAt: self.moment(report.received, place),
                    pipelinesRunning: UInt32(report.inventory?.count ?? 0),
                    inventory: report.inventory
                )
            },
            losses: process.losses.filter { $0.value.term == term }.mapValues { loss in
                SessionLoss(
                    incarnation: loss.incarnation,
                    lostAt: self.moment(loss.lostAt, place),
                    probeFailedAt: loss.probeFailedAt.map { self.moment($0, place) }
                )
            },
            leaderSince: self.moment(since, place),
            now: self.moment(self.now, place),
            timeMilliseconds: self.wallMilliseconds
        )
        let plan = self.reconciler.plan(situation, backOff: office.backOff)
        process.office = office
        for worker in plan.lost { self.narrate("coordinator \(place) takes \(worker) for lost") }
        if !plan.lost.isEmpty { self.report.count(.losses) }
        let commands = plan.actions.compactMap { action -> Command? in
            if case .propose(let command) = action { command } else { nil }
        }
        let proposing = Coordinator.Proposing(open: commands.count, plan: plan)
        if commands.isEmpty { return try self.finish(proposing, place, process) }
        process.pass = .proposing(proposing)
        for command in commands { try self.propose(Submission(.command(command)), for: .pass, place, process) }
    }

    /// A proposal of the pass is over.
    func goOn(with outcome: Outcome?, _ place: Int, _ process: Coordinator) throws(Violation) {
        guard case .proposing(var proposing) = process.pass else { return }
        proposing.open -= 1
        if outcome == nil { proposing.hasFailed = true }
        process.pass = .proposing(proposing)
        if proposing.open == 0 { try self.finish(proposing, place, process) }
    }

    /// What could not be proposed was not tried, and nothing is called for: the next pass asks again.
    private func finish(
        _ proposing: Coordinator.Proposing,
        _ place: Int,
        _ process: Coordinator
    ) throws(Violation) {
        process.pass = .idle
        if !proposing.hasFailed {
            process.office?.backOff = proposing.plan.backOff
            for action in proposing.plan.actions { self.queue(action, place, process) }
        }
        if process.isWanted { try self.callForAttention(place, process) }
    }

    /// A moment on the coordinator's clock, as the reconciler counts it.
    private func moment(_ time: Moment, _ place: Int) -> ControlInstant {
        let nanoseconds = self.coordinators[place].clock.nanoseconds(at: time)
        return ControlInstant(sinceOrigin: .nanoseconds(Int64(nanoseconds)))
    }
}
