public import ClusterState

/// Compares what should run with what workers report, and says what to do about the difference.
///
/// Level-triggered: it looks at the situation as it is, not at how it came about, so nothing is lost with a leader
/// that dies half-way. Pure: the same situation and back-off give the same plan.
///
/// Only the leader runs it, and only once it has applied the first entry of its own term. A worker's registration is
/// to be noted as a report without inventory.
public struct Reconciler: Sendable {
    public struct Settings: Hashable, Sendable {
        /// A worker that was not heard of for longer is unhealthy, unless the cluster's settings say otherwise.
        public var heartbeatTimeout: Duration
        /// The wait after the first attempt, and the longest one.
        public var retryFirst: Duration
        public var retryMax: Duration
        /// How many actions one plan may hold; the rest waits for the next plan.
        public var actionsMax: Int
        /// How many of them may start something at one worker, so that one that fails at everything leaves room.
        public var startsPerWorkerMax: Int

        public init(
            heartbeatTimeout: Duration = .seconds(15),
            retryFirst: Duration = .seconds(1),
            retryMax: Duration = .seconds(30),
            actionsMax: Int = 1000,
            startsPerWorkerMax: Int = 100
        ) {
            self.heartbeatTimeout = heartbeatTimeout
            self.retryFirst = retryFirst
            self.retryMax = retryMax
            self.actionsMax = actionsMax
            self.startsPerWorkerMax = startsPerWorkerMax
        }
    }

    public struct Plan: Hashable, Sendable {
        /// In the order in which they are worth doing: judgements of workers, then stops, then updates, then the rest.
        public var actions: [Action]
        /// The workers that are taken for dead without waiting for the timeout, ordered by id.
        public var lost: [WorkerID]
        /// How far each placement is that does not run.
        public var progress: [PlacementKey: PlacementProgress]
        /// To be handed to the next plan.
        public var backOff: BackOff
    }

    private let settings: Settings
    private let strategy: any PlacementStrategy

    public init(settings: Settings = Settings(), strategy: some PlacementStrategy = RoundRobin()) {
        self.settings = settings
        self.strategy = strategy
    }

    public func plan(_ situation: Situation, backOff: BackOff) -> Plan {
        var planning = Planning(situation, settings: self.settings, strategy: self.strategy, backOff: backOff)
        planning.judgeWorkers()
        planning.stopOrphans()
        planning.superviseUpdates()
        planning.convergePlacements()
        return planning.finished()
    }
}
