internal import ClusterState

extension Planning {
    /// Every placement gets a worker that lives, and every worker what is placed there.
    mutating func convergePlacements() {
        let inventories = Inventories(self)
        for group in self.groups {
            for placement in group.placements {
                let key = group.key(of: placement)
                guard let id = placement.worker, let worker = self.state.worker(id) else {
                    self.reassign(placement, key, of: group)
                    continue
                }
                // A worker that has just been heard again, or has just fallen silent, is judged first. An earlier leader may
                // have heard an unhealthy one again, and confirmed its lease, without living to record it: so this leader
                // waits, too, until the worker has been silent towards it.
                if worker.status == .unhealthy {
                    if self.silent.contains(id) {
                        self.reassign(placement, key, of: group)
                    } else if !self.isHeard(id) {
                        self.note(key, placement.epoch, waitingFor: "worker \(id) is silent")
                    }
                } else if self.silent.contains(id) {
                    self.note(key, placement.epoch, waitingFor: "worker \(id) is silent")
                } else {
                    self.converge(placement, key, at: id, of: group, inventories)
                }
            }
        }
    }

    private mutating func reassign(
        _ placement: ClusterState.Placement,
        _ key: PlacementKey,
        of group: ClusterState.Group
    ) {
        guard !self.underWay.contains(key) else { return self.note(key, placement.epoch) }
        let request = PlacementRequest(moving: placement, of: group)
        guard let target = self.chooseWorker(request) else {
            return self.note(key, placement.epoch, waitingFor: self.shortage(request))
        }
        self.note(key, placement.epoch)
        // What goes along is not asked about again.
        for member in group.company(of: placement) { self.underWay.insert(group.key(of: member)) }
        // From no worker it is no migration.
        let migration = placement.worker.map { _ in
            MigrationID(moving: key, from: placement.epoch, seenAt: self.state.appliedIndex)
        }
        let reassign = Command.Reassign(placement: key, from: placement.epoch, to: target, migration: migration)
        self.act(on: .assignment(key, placement.epoch), .propose(.reassign(reassign)))
    }

    private mutating func converge(
        _ placement: ClusterState.Placement,
        _ key: PlacementKey,
        at worker: WorkerID,
        of group: ClusterState.Group,
        _ inventories: Inventories
    ) {
        let reported = inventories.current[worker]?[key]
        if self.isWanting(placement, key, at: worker, reported), self.isDue(.start(key, placement.epoch)),
            let spec = group.spec.pipeline(placement.pipeline)
        {
            let slot = ClusterState.Slot(pipeline: placement.pipeline, replica: placement.replica)
            let routes = group.spec.bindings(of: slot, in: group.id)
            let isFenced = routes.usesBroker || self.state.isFencedByBroker(spec.source)
            if !isFenced, let former = self.formerOwner(of: placement, key, in: group, inventories) {
                return self.note(key, placement.epoch, waitingFor: "worker \(former) has not let go of it yet")
            }
            if let other = self.subscriberToAwait(by: placement, of: group) {
                return self.note(
                    key,
                    placement.epoch,
                    waitingFor: "\(other.name), which its routes lead to, starts first"
                )
            }
            let state = self.state
            self.start(
                key,
                placement.epoch,
                at: worker,
                StartPipeline(
                    worker: worker,
                    placement: key,
                    epoch: placement.epoch,
                    source: spec.source,
                    connectors: state.connectors(
                        mentionedIn: spec.source,
                        and: routes.usesBroker ? group.spec.broker : nil
                    ),
                    routes: routes
                )
            )
        }
        if placement.status != .running { self.note(attemptsAt: key, placement) }
    }

    /// Records what the worker says of a placement. True if it has to be started.
    private mutating func isWanting(
        _ placement: ClusterState.Placement,
        _ key: PlacementKey,
        at worker: WorkerID,
        _ reported: ReportedPipeline?
    ) -> Bool {
        guard let reported else {
            if placement.status != .running { return true }
            // It was told to be running; only a worker that says what it holds, and says so after the last attempt,
            // proves the contrary.
            guard let report = self.reports[worker], report.inventory != nil else { return false }
            let last = self.backOff.lastAttempt(at: .start(key, placement.epoch))
            return last.map { report.receivedAt > $0 } ?? true
        }
        switch reported.status {
        case .starting:
            return false
        case .running:
            if placement.status != .running || placement.pipelineID != reported.id {
                self.report(key, placement.epoch, .running, reported.id)
            }
            return false
        case .failed(let why):
            let reason = why.cutToReason
            if placement.status != .failed(reason) { self.report(key, placement.epoch, .failed(reason), reported.id) }
            return true
        case .stopped:
            if placement.status != .stopped { self.report(key, placement.epoch, .stopped, reported.id) }
            return true
        }
    }

    private mutating func report(
        _ key: PlacementKey,
        _ epoch: Epoch,
        _ status: ClusterState.Placement.Status,
        _ pipelineID: String
    ) {
        self.act(
            on: .report(key, epoch),
            .propose(
                .reportPlacement(
                    Command.ReportPlacement(placement: key, epoch: epoch, status: status, pipelineID: pipelineID)
                )
            )
        )
    }
}
