extension DeployPipelineRequest {
    /// How many routes may lead to a pipeline, or from it, and how many patterns one may have.
    public static let routesMax = 1000
    public static let routePatternsMax = 256
    public static let replicasMax: UInt32 = 1000
    private static let textBytesMax = 1024

    /// What is wrong with the routes and the replica, as a sentence; nil if they can be carried out.
    public var routeFault: String? {
        let (outputs, inputs) = (self.outputs ?? [], self.inputs ?? [])
        if !(outputs.isEmpty && inputs.isEmpty), self.groupID == nil {
            return "a pipeline without `group_id` has no routes"
        }
        if max(outputs.count, inputs.count) > Self.routesMax {
            return "a pipeline has at most \(Self.routesMax) `outputs`, and as many `inputs`"
        }
        for output in outputs {
            if let fault = Self.fault("outputs", output.topic, output.eventTypes, output.connector, output.peer) {
                return fault
            }
            if let rule = output.peerReplicas, let fault = Self.fault("peer_replicas", rule.count, rule.partitionKey) {
                return fault
            }
        }
        for input in inputs {
            if let fault = Self.fault("inputs", input.topic, input.eventTypes, input.connector, input.peer) {
                return fault
            }
        }
        guard let replica = self.replica else { return nil }
        guard replica.index < replica.count else { return "`replica.index` must be below `replica.count`" }
        return Self.fault("replica", replica.count, replica.partitionKey)
    }

    private static func fault(
        _ list: String,
        _ topic: String,
        _ eventTypes: [String],
        _ connector: String?,
        _ peer: String
    ) -> String? {
        let texts = [topic, peer] + eventTypes + (connector.map { [$0] } ?? [])
        guard texts.allSatisfy({ (1...Self.textBytesMax).contains($0.utf8.count) }) else {
            return "the texts in `\(list)` must have 1 to \(Self.textBytesMax) bytes"
        }
        guard (1...Self.routePatternsMax).contains(eventTypes.count) else {
            return "`\(list)` must have 1 to \(Self.routePatternsMax) `event_types` each"
        }
        return nil
    }

    private static func fault(_ field: String, _ count: UInt32, _ partitionKey: String?) -> String? {
        guard (1...Self.replicasMax).contains(count) else {
            return "`\(field).count` must be 1 to \(Self.replicasMax)"
        }
        guard (1...Self.textBytesMax).contains(partitionKey?.utf8.count ?? 1) else {
            return "`\(field).partition_key` must have 1 to \(Self.textBytesMax) bytes"
        }
        return nil
    }
}
