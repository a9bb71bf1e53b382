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
        /// Runs that did not start because their stream held as much as it may.
        public internal(set) var runsRefused: UInt64 = 0
        /// Runs that ended so that others could start in their place.
        public internal(set) var runsEvicted: UInt64 = 0
        /// Groups of partial trends that were not kept because a window had so many: its counts are too low.
        public internal(set) var trendGroupsDropped: UInt64 = 0
        /// Results of trends whose count is the largest that there is, since it would be larger.
        public internal(set) var trendCountsSaturated: UInt64 = 0
        /// Keys that `.distinct` forgot for newer ones.
        public internal(set) var distinctKeysForgotten: UInt64 = 0
        /// Calls that nested too deep and loops that went round too often.
        public internal(set) var evaluationsCut: UInt64 = 0
        /// Events that streams with a watermark dropped because they were too late.
        public internal(set) var eventsLateDropped: UInt64 = 0

        public init() {}

        /// Those that were met, and how often.
        public var reached: [(name: String, count: UInt64)] {
            [
                ("results_too_deep", self.resultsTooDeep), ("join_events_forgotten", self.joinEventsForgotten),
                ("runs_dropped", self.runsDropped), ("runs_refused", self.runsRefused),
                ("runs_evicted", self.runsEvicted), ("trend_groups_dropped", self.trendGroupsDropped),
                ("trend_counts_saturated", self.trendCountsSaturated),
                ("distinct_keys_forgotten", self.distinctKeysForgotten),
                ("evaluations_cut", self.evaluationsCut), ("events_late_dropped", self.eventsLateDropped),
            ].filter { $0.1 > 0 }
        }

        static func += (left: inout Limits, right: Limits) {
            left.resultsTooDeep += right.resultsTooDeep
            left.joinEventsForgotten += right.joinEventsForgotten
            left.runsDropped += right.runsDropped
            left.runsRefused += right.runsRefused
            left.runsEvicted += right.runsEvicted
            left.trendGroupsDropped += right.trendGroupsDropped
            left.trendCountsSaturated += right.trendCountsSaturated
            left.distinctKeysForgotten += right.distinctKeysForgotten
            left.evaluationsCut += right.evaluationsCut
            left.eventsLateDropped += right.eventsLateDropped
        }
    }
}
