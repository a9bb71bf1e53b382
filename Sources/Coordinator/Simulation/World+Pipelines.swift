import ClusterControl
import ClusterState
import Ownership

// What a worker runs: the rules of its registry.

extension World {
    /// A coordinator calls.
    func handle(_ call: WorkerCall, _ place: Int, _ process: Worker) throws(Violation) {
        let answer: CallAnswer
        switch call.body {
        case .deploy(let key, let epoch, let source):
            answer = try self.deploy(key, epoch, source, place, process)
        case .undeploy(let id, let epoch): answer = self.undeploy(id, epoch, place, process)
        }
        self.send(.callAnswer(number: call.number, answer), from: .worker(place), to: .coordinator(call.from))
    }

    /// A repeated request gets the pipeline that is there; a higher epoch takes the place of a lower one, and a lower one
    /// is refused.
    private func deploy(
        _ key: PlacementKey,
        _ epoch: Epoch,
        _ source: String,
        _ place: Int,
        _ process: Worker
    ) throws(Violation) -> CallAnswer {
        let held = process.pipelines.first { $0.key == key }
        if let held {
            if held.epoch == epoch {
                self.report.count(.repeatedDeploys)
                return .deployed(id: held.id, isRunning: held.isOwning)
            }
            if epoch < held.epoch {
                self.report.count(.staleDeploys)
                guard self.overrides.mutants.contains(.deployOlder) else { return .stale }
            }
            self.remove(held.serial, place, process)
        }
        let pipeline = Pipeline(
            serial: self.nextNumber(),
            key: key,
            epoch: epoch,
            program: Program(source),
            lease: .microseconds(Int64(self.faults.lease)),
            // A process that was never confirmed: as long ago as can be.
            confirmedAt: process.confirmed.map { ControlInstant(sinceOrigin: .nanoseconds(Int64($0))) }
                ?? ControlInstant(sinceOrigin: .seconds(-1_000_000))
        )
        process.pipelines.append(pipeline)
        if let held, held.epoch > epoch {
            throw Violation(.newerStays, "worker \(place) gives \(key) at \(held.epoch) up for \(epoch)")
        }
        self.report.count(.deploys)
        self.narrate("worker \(place) starts \(key) at \(epoch) as \(pipeline.id)")
        self.change(pipeline.serial, place, process) { pipeline, effects, _ in
            switch pipeline.holding {
            case .fenced(var ownership):
                ownership.start(&effects)
                pipeline.holding = .fenced(ownership)
            case .leased(var ownership):
                ownership.start(&effects)
                pipeline.holding = .leased(ownership)
            }
        }
        self.wantHeartbeat(place, process)
        let isRunning = process.pipelines.first { $0.serial == pipeline.serial }?.isOwning ?? false
        return .deployed(id: pipeline.id, isRunning: isRunning)
    }

    private func undeploy(_ id: String, _ epoch: Epoch, _ place: Int, _ process: Worker) -> CallAnswer {
        guard let held = process.pipelines.first(where: { $0.id == id }) else { return .undeployed }
        guard epoch >= held.epoch else { return .stale }
        self.narrate("worker \(place) stops \(held.key) at \(held.epoch)")
        self.report.count(.undeploys)
        self.remove(held.serial, place, process)
        self.wantHeartbeat(place, process)
        return .undeployed
    }

    /// Takes a pipeline out, in good order.
    func remove(_ serial: UInt64, _ place: Int, _ process: Worker) {
        guard let index = process.place(serial: serial) else { return }
        let pipeline = process.pipelines.remove(at: index)
        for number in pipeline.connections.compactMap({ $0 }) + pipeline.probes { self.close(number) }
    }

    // MARK: Publishing

    /// A pipeline that may publish does so now and then. What no broker fences looks at its lease each time.
    func publish(_ serial: UInt64, _ place: Int, _ process: Worker) throws(Violation) {
        self.change(serial, place, process) { pipeline, effects, now in
            guard case .leased(var ownership) = pipeline.holding else { return }
            ownership.clockAdvanced(to: now, &effects)
            pipeline.holding = .leased(ownership)
        }
        guard let index = process.place(serial: serial) else { return }
        let pipeline = process.pipelines[index]
        let isUnmuted = pipeline.isOwning || (!pipeline.isFenced && self.overrides.mutants.contains(.ignoreLease))
        guard isUnmuted else {
            if !pipeline.isFenced { self.report.count(.mutedPublishes) }
            process.pipelines[index].isPublishing = false
            return
        }
        self.plan(.publish(serial: serial), for: place, in: self.draw(500_000...3_000_000))
        if let sink = pipeline.sessions.last {
            if let connection = pipeline.connection(at: sink.broker) {
                self.sendUp(.publish(pipeline.key, pipeline.epoch), over: connection)
            }
        } else {
            self.report.count(.leasedPublishes)
            try self.noteArrival(pipeline.key, pipeline.epoch, after: self.oracle.newest[pipeline.key])
            self.oracle.newest[pipeline.key] = pipeline.epoch
        }
    }
}
