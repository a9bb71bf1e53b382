extension ClusterState {
    /// When the cluster says that it wants more workers, or fewer.
    public struct ScalingPolicy: Hashable, Sendable {
        public var workersMin: UInt32
        public var workersMax: UInt32
        /// Pipelines per ready worker, in thousandths: above the first the cluster wants more workers, below the second
        /// fewer.
        public var upThresholdThousandths: UInt32
        public var downThresholdThousandths: UInt32
        /// Where advice is posted to.
        public var webhookURL: String?
        /// How long after one advice is posted the next one may be.
        public var cooldownMilliseconds: UInt64

        public init(
            workersMin: UInt32,
            workersMax: UInt32 = 100,
            upThresholdThousandths: UInt32 = 5_000,
            downThresholdThousandths: UInt32 = 1_000,
            webhookURL: String? = nil,
            cooldownMilliseconds: UInt64 = 60_000
        ) {
            self.workersMin = workersMin
            self.workersMax = workersMax
            self.upThresholdThousandths = upThresholdThousandths
            self.downThresholdThousandths = downThresholdThousandths
            self.webhookURL = webhookURL
            self.cooldownMilliseconds = cooldownMilliseconds
        }

        /// What is wrong with it, as a sentence.
        public var fault: String? {
            if self.workersMin > self.workersMax { return "the least number of workers is above the greatest" }
            if self.upThresholdThousandths == 0 { return "the upper threshold of scaling must be above zero" }
            if self.downThresholdThousandths >= self.upThresholdThousandths {
                return "the lower threshold of scaling must be below the upper one"
            }
            if let url = self.webhookURL {
                guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
                    return "the webhook must be an http or https URL"
                }
                if url.utf8.count > 2_048 { return "the webhook must not have more than 2048 bytes" }
            }
            return nil
        }
    }
}
