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
        let same = self.spec.pipelinesRunning(asIn: previous)
        return self.placements.filter { !same.contains($0.pipeline) }
    }
}

extension ClusterState.GroupSpec {
    /// The pipelines that are the same in both specs as far as they run: their programs, what their replicas share out,
    /// and their ways to and from others. Where they may be placed matters only when they are placed again.
    func pipelinesRunning(asIn other: ClusterState.GroupSpec) -> Set<PipelineName> {
        let others = Dictionary(other.pipelines.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let same = self.pipelines.filter { one in
            guard let two = others[one.name], one.runs(as: two) else { return false }
            // Whatever the group and the replica, as long as they are the same.
            let slot = ClusterState.Slot(pipeline: one.name, replica: nil)
            return self.bindings(of: slot, in: "").canonicalBytes == other.bindings(of: slot, in: "").canonicalBytes
        }
        return Set(same.map(\.name))
    }
}

extension ClusterState.PipelineSpec {
    fileprivate func runs(as other: Self) -> Bool {
        guard self.source.utf8.elementsEqual(other.source.utf8) else { return false }
        guard max(1, self.replicas) == max(1, other.replicas) else { return false }
        return self.partitionKey.map { Array($0.utf8) } == other.partitionKey.map { Array($0.utf8) }
    }
}

extension ClusterState.RouteBindings {
    /// The same for two that are the same to the last byte, and for no others.
    fileprivate var canonicalBytes: [UInt8] {
        var writer = ByteWriter()
        writer.number(UInt64(self.outputs.count))
        for output in self.outputs {
            writer.text(output.topic)
            writer.number(UInt64(output.eventTypes.count))
            for type in output.eventTypes { writer.text(type) }
            writer.optional(output.connector) { $0.value($1) }
            writer.value(output.peer)
            writer.optional(output.peerReplicas) { writer, rule in
                writer.number(rule.count)
                writer.optional(rule.partitionKey) { $0.text($1) }
            }
        }
        for input in self.inputs {
            writer.text(input.topic)
            writer.number(UInt64(input.eventTypes.count))
            for type in input.eventTypes { writer.text(type) }
            writer.optional(input.connector) { $0.value($1) }
            writer.value(input.peer)
        }
        return writer.bytes
    }
}
