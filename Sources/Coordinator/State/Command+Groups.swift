extension Command {
    /// A group shall be another one under the same name and id. Pipelines that stay as they are go on undisturbed.
    public struct UpdateGroup: Hashable, Sendable {
        public var group: GroupID
        /// The generation that the proposer saw.
        public var generation: UInt64
        public var spec: ClusterState.GroupSpec
        /// One for each of the group's `addedSlots(in: spec)`; none where the reconciler has to find one later.
        public var workers: [WorkerID?]

        public init(group: GroupID, generation: UInt64, spec: ClusterState.GroupSpec, workers: [WorkerID?]) {
            self.group = group
            self.generation = generation
            self.spec = spec
            self.workers = workers
        }
    }

    /// An update has come to its end: every pipeline of the new generation runs.
    public struct ConfirmUpdate: Hashable, Sendable {
        public var group: GroupID
        public var generation: UInt64

        public init(group: GroupID, generation: UInt64) {
            self.group = group
            self.generation = generation
        }
    }

    /// An update is taken back: what ran before it shall run again, as a generation of its own.
    public struct RollBackGroup: Hashable, Sendable {
        public static let reasonBytesMax = 4_096

        public var group: GroupID
        /// The generation to be taken back.
        public var generation: UInt64
        public var reason: String
        /// One for each of the group's `addedSlots(in:)` its former spec.
        public var workers: [WorkerID?]

        public init(group: GroupID, generation: UInt64, reason: String, workers: [WorkerID?]) {
            self.group = group
            self.generation = generation
            self.reason = reason
            self.workers = workers
        }
    }
}
