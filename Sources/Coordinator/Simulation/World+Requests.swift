import ClusterControl
import ClusterState
import RaftCore
import RaftSessions

// What coordinators do for workers and operators.

extension World {
    func handle(_ request: Request, _ place: Int, _ process: Coordinator) throws(Violation) {
        switch request.body {
        case .heartbeat(let heartbeat): try self.handle(heartbeat, request, place, process)
        case .ask: try self.read(for: .request(request), place, process)
        case .register, .operate:
            if process.isLeader { return try self.read(for: .request(request), place, process) }
            self.forward(request, place, process)
        }
    }

    /// Passes a request on to the leader, if one is known.
    private func forward(_ request: Request, _ place: Int, _ process: Coordinator) {
        guard request.via == nil, let leader = process.status.leader, leader != self.coordinators[place].id else {
            return self.reply(.unavailable, to: request, place)
        }
        var request = request
        request.via = place
        let to = Party.coordinator(Int(leader.rawValue) - 1)
        self.send(.request(request), from: .coordinator(place), to: to)
    }

    /// Answers the way the request came.
    func reply(_ body: Reply.Body, to request: Request, _ place: Int) {
        let reply = Reply(number: request.number, to: request.from, body: body)
        let to = request.via.map { Party.coordinator($0) } ?? request.from
        self.send(.reply(reply), from: .coordinator(place), to: to)
    }

    // MARK: Reads

    /// The state of this process holds everything that was acknowledged when the read began.
    func granted(_ reading: Coordinator.Reading, _ place: Int, _ process: Coordinator) throws(Violation) {
        switch reading {
        case .pass: try self.plan(place, process)
        case .confirmation(let heartbeats):
            for (request, heartbeat) in heartbeats { self.confirm(request, heartbeat, place, process) }
        case .request(let request):
            switch request.body {
            case .heartbeat: break
            case .ask(let question):
                let placement = process.state.placement(question.placement)
                let isCurrent =
                    placement?.epoch == question.epoch && placement?.worker == question.worker
                    && process.state.worker(question.worker)?.incarnation == question.incarnation
                self.reply(.verdict(isCurrent: isCurrent), to: request, place)
            case .register(let worker, let incarnation):
                let command = Command.Register(
                    worker: worker,
                    incarnation: incarnation,
                    address: "http://\(worker)",
                    capacity: .init(cpuCores: 4, pipelinesMax: 100),
                    replacing: process.state.worker(worker)?.incarnation
                )
                try self.propose(Submission(.command(.register(command))), for: .request(request), place, process)
            case .operate(let operation): try self.decide(operation, request, place, process)
            }
        }
    }

    func refused(_ reading: Coordinator.Reading, _ place: Int, _ process: Coordinator) {
        switch reading {
        case .pass: process.pass = .idle
        case .confirmation: break
        case .request(let request): self.reply(.unavailable, to: request, place)
        }
    }

    // MARK: Proposals

    /// A proposal is over; without an outcome nobody knows whether it took effect.
    func ended(
        _ writing: Coordinator.Writing,
        _ outcome: Outcome?,
        _ place: Int,
        _ process: Coordinator
    ) throws(Violation) {
        switch writing {
        case .nobody: break
        case .pass: try self.goOn(with: outcome, place, process)
        case .request(let request):
            guard let outcome, case .applied(let receipt) = outcome else {
                return self.reply(.unavailable, to: request, place)
            }
            if case .refused(let refusal) = receipt.response {
                return self.reply(.refused(refusal), to: request, place)
            }
            if case .register(let worker, let incarnation) = request.body {
                process.reports[worker] = (incarnation, self.now, nil)
                self.report.count(.registrations)
                self.reply(.registered, to: request, place)
            } else {
                self.reply(.done(receipt.response, index: process.applied.rawValue), to: request, place)
            }
            try self.callForAttention(place, process)
        }
    }
}
