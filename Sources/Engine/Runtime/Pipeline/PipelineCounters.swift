extension Pipeline {
    /// What a pipeline has done, and where it met a limit.
    public struct Counters: Hashable, Sendable {
        /// Events given to the pipeline.
        public internal(set) var processed: UInt64 = 0
        /// Events sent to the program's output.
        public internal(set) var emitted: UInt64 = 0
        public internal(set) var limits = Limits()

        public static func += (left: inout Counters, right: Counters) {
            left.processed += right.processed
            left.emitted += right.emitted
            left.limits += right.limits
        }
    }

    /// How often something was given up because a program may have only so much of it.
    public struct Limits: Hashable, Sendable {
        /// Results that were dropped because they were the results of so many others: streams read each other in a circle.
        public internal(set) var resultsTooDeep: UInt64 = 0
        /// Events that a join forgot because it keeps only so many of one key.
        public internal(set) var joinEventsForgotten: UInt64 = 0
        /// Runs of sequences that did not start because there were so many of one partition.
        public internal(set) var runsDropped: UInt64 = 0
        /// Groups of partial trends that were not kept because a window had so many: its counts are too low.
        public internal(set) var trendGroupsDropped: UInt64 = 0
        /// Results of trends whose count is the largest that there is, since it would be larger.
        public internal(set) var trendCountsSaturated: UInt64 = 0
        /// Keys that `.distinct` forgot for newer ones.
        public internal(set) var distinctKeysForgotten: UInt64 = 0
        /// Calls that nested too deep and loops that went round too often.
        public internal(set) var evaluationsCut: UInt64 = 0

        public init() {}

        /// Those that were met, and how often.
        public var reached: [(name: String, count: UInt64)] {
            [
                ("results_too_deep", self.resultsTooDeep), ("join_events_forgotten", self.joinEventsForgotten),
                ("runs_dropped", self.runsDropped), ("trend_groups_dropped", self.trendGroupsDropped),
                ("trend_counts_saturated", self.trendCountsSaturated),
                ("distinct_keys_forgotten", self.distinctKeysForgotten),
                ("evaluations_cut", self.evaluationsCut),
            ].filter { $0.1 > 0 }
        }

        static func += (left: inout Limits, right: Limits) {
            left.resultsTooDeep += right.resultsTooDeep
            left.joinEventsForgotten += right.joinEventsForgotten
            left.runsDropped += right.runsDropped
            left.trendGroupsDropped += right.trendGroupsDropped
            left.trendCountsSaturated += right.trendCountsSaturated
            left.distinctKeysForgotten += right.distinctKeysForgotten
            left.evaluationsCut += right.evaluationsCut
        }
    }
}
