internal import ClusterState

extension Planning {
    /// A pipeline that has to subscribe before this one publishes: brokers keep nothing for a subscriber that they have
    /// never seen.
    ///
    /// It is waited for until it runs or fails, but no longer than for a second try. From then on, and where routes lead
    /// back, what is published finds the sessions of earlier times.
    func subscriberToAwait(by placement: ClusterState.Placement, of group: ClusterState.Group) -> PlacementKey? {
        guard group.spec.broker != nil else { return nil }
        let subscribers = group.spec.subscribers(to: placement.pipeline)
        guard !subscribers.isEmpty else { return nil }
        let awaited = group.placements.first { other in
            guard subscribers.contains(other.pipeline), other.worker != nil, other.status == .pending else {
                return false
            }
            return self.attempts(atStarting: group.key(of: other), other.epoch) < 2
        }
        return awaited.map(group.key)
    }
}

extension ClusterState.GroupSpec {
    /// The pipelines that routes lead to from this one, and from which none leads back.
    fileprivate func subscribers(to pipeline: PipelineName) -> Set<PipelineName> {
        let targets = Set(self.targets(of: pipeline))
        return targets.filter { !self.leads(from: $0, to: pipeline) }
    }

    private func targets(of pipeline: PipelineName) -> [PipelineName] {
        self.routes.filter { PipelineName($0.from) == pipeline }.map { PipelineName($0.to) }
    }

    private func leads(from start: PipelineName, to end: PipelineName) -> Bool {
        var seen: Set = [start]
        var open = [start]
        while let pipeline = open.popLast() {
            if pipeline == end { return true }
            open += self.targets(of: pipeline).filter { seen.insert($0).inserted }
        }
        return false
    }
}
