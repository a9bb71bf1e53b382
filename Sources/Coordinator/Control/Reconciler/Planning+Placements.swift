internal import ClusterState

extension Planning {
    /// Every placement gets a worker that lives, and every worker what is placed there.
    mutating func convergePlacements() {
        let inventories = self.inventories()
        for group in self.state.groups {
            for placement in group.placements {
                let key = group.key(of: placement)
                guard let id = placement.worker, let worker = self.state.worker(id) else {
                    self.reassign(placement, key, of: group)
                    continue
                }
                // A worker that has just been heard again, or has just fallen silent, is judged first.
                if worker.status == .unhealthy {
                    if !self.isHeard(id) { self.reassign(placement, key, of: group) }
                } else if self.silent.contains(id) {
                    self.note(key, placement.epoch, waitingFor: "worker \(id) is silent")
                } else {
                    self.converge(placement, key, at: id, of: group, reported: inventories[id]?[key])
                    if placement.status != .running { self.note(attemptsAt: key, placement) }
                }
            }
        }
    }

    /// What each worker holds at the epoch at which it should hold it.
    private func inventories() -> [WorkerID: [PlacementKey: ReportedPipeline]] {
        self.reports.mapValues { report in
            var table: [PlacementKey: ReportedPipeline] = [:]
            for pipeline in report.inventory ?? [] {
                guard self.state.placement(pipeline.placement)?.epoch == pipeline.epoch else { continue }
                table[pipeline.placement] = pipeline
            }
            return table
        }
    }

    private mutating func reassign(
        _ placement: ClusterState.Placement,
        _ key: PlacementKey,
        of group: ClusterState.Group
    ) {
        let request = PlacementRequest(moving: placement, of: group)
        guard let target = self.chooseWorker(request) else {
            return self.note(key, placement.epoch, waitingFor: self.shortage(request))
        }
        self.note(key, placement.epoch)
        self.act(
            on: .assignment(key, placement.epoch),
            .propose(.reassign(Command.Reassign(placement: key, from: placement.epoch, to: target)))
        )
    }

    private mutating func converge(
        _ placement: ClusterState.Placement,
        _ key: PlacementKey,
        at worker: WorkerID,
        of group: ClusterState.Group,
        reported: ReportedPipeline?
    ) {
        if let reported {
            switch reported.status {
            case .starting:
                return
            case .running:
                if placement.status != .running || placement.pipelineID != reported.id {
                    self.report(key, placement.epoch, .running, reported.id)
                }
                return
            case .failed(let reason):
                if placement.status != .failed(reason) {
                    self.report(key, placement.epoch, .failed(reason), reported.id)
                }
            case .stopped:
                if placement.status != .stopped { self.report(key, placement.epoch, .stopped, reported.id) }
            }
        } else if placement.status == .running {
            // It was told to be running; only a worker that says what it holds, and says so after the last attempt,
            // proves the contrary.
            guard let report = self.reports[worker], report.inventory != nil else { return }
            let last = self.backOff.lastAttempt(at: .start(key, placement.epoch))
            if let last, report.receivedAt <= last { return }
        }
        guard let spec = group.spec.pipeline(placement.pipeline) else { return }
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
                connectors: state.connectors(mentionedIn: spec.source)
            )
        )
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

extension ClusterState {
    /// The connectors whose names occur in a program as words, be it only in a comment: what is sent needlessly does
    /// no harm, and the program need not be parsed here.
    fileprivate func connectors(mentionedIn source: String) -> [Connector] {
        let connectors = self.connectors
        guard !connectors.isEmpty else { return [] }
        var words: Set<ConnectorName> = []
        for word in source.utf8.split(whereSeparator: { !Self.isWordByte($0) }) {
            words.insert(ConnectorName(String(Substring(word))))
        }
        return connectors.filter { words.contains($0.name) }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
