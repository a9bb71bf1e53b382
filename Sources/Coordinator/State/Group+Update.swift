extension ClusterState.Group {
    /// What has become of the group's last change.
    public enum Phase: Hashable, Sendable {
        /// It was never changed, or its last change runs.
        case settled
        /// It was changed, and not all of it has run since. What it was when it last ran is kept, to go back to.
        case updating(previous: ClusterState.GroupSpec)
        /// Its last change was taken back, for this reason.
        case rolledBack(reason: String)
    }

    /// The slots of another spec that the group does not fill: they need workers.
    public func addedSlots(in spec: ClusterState.GroupSpec) -> [ClusterState.Slot] {
        let filled = Set(self.spec.slots)
        return spec.slots.filter { !filled.contains($0) }
    }

    /// The placements of an update that is under way whose pipelines it has changed or added.
    public var changedPlacements: [ClusterState.Placement] {
        guard case .updating(let previous) = self.phase else { return [] }
        let changed = Set(self.spec.pipelines.map(\.name).filter { !self.spec.runs($0, asIn: previous) })
        return self.placements.filter { changed.contains($0.pipeline) }
    }
}

extension ClusterState.GroupSpec {
    /// Whether the pipeline is the same in both specs as far as it runs: its program, what its replicas share out, and
    /// its routes. Where it may be placed matters only when it is placed again.
    func runs(_ pipeline: PipelineName, asIn other: ClusterState.GroupSpec) -> Bool {
        guard let one = self.pipeline(pipeline), let two = other.pipeline(pipeline) else { return false }
        guard one.source.utf8.elementsEqual(two.source.utf8) else { return false }
        guard max(1, one.replicas) == max(1, two.replicas) else { return false }
        guard one.partitionKey.map({ Array($0.utf8) }) == two.partitionKey.map({ Array($0.utf8) }) else { return false }
        return self.routes(of: pipeline).map(\.canonicalBytes) == other.routes(of: pipeline).map(\.canonicalBytes)
    }

    /// The routes that begin or end at the pipeline.
    private func routes(of pipeline: PipelineName) -> [ClusterState.Route] {
        self.routes.filter { PipelineName($0.from) == pipeline || PipelineName($0.to) == pipeline }
    }
}
