/// When the cluster should have more workers, or fewer. Loads are pipelines for each ready worker, in thousandths, so
/// that every member comes to the same advice.
public struct ScalingPolicy: Hashable, Sendable {
    public var workersMin: Int
    public var workersMax: Int
    /// A load above it asks for more workers.
    public var upThousandths: Int
    /// A load below it lets workers go.
    public var downThousandths: Int
    /// Where to send advice that is not `stable`.
    public var webhookURL: String?

    public init(
        workersMin: Int,
        workersMax: Int = 100,
        upThousandths: Int = 5_000,
        downThousandths: Int = 1_000,
        webhookURL: String? = nil
    ) {
        self.workersMin = workersMin
        self.workersMax = workersMax
        self.upThousandths = upThousandths
        self.downThousandths = downThousandths
        self.webhookURL = webhookURL
    }
}

/// What a policy says of a cluster.
struct ScalingDecision: Hashable, Sendable {
    enum Action: Hashable, Sendable { case up, down, stable }

    var action: Action
    var target: Int
    var reason: String

    init(_ policy: ScalingPolicy?, workers: Int, pipelines: Int) {
        guard let policy else {
            self.init(.stable, workers, "No scaling policy configured")
            return
        }
        let shown = Self.shown(workers > 0 ? pipelines * 1_000 / workers : 0)
        // Not divided, so that nothing is lost.
        let load = pipelines * 1_000
        let needed = (load + policy.upThousandths - 1) / policy.upThousandths
        if workers < policy.workersMin {
            self.init(.up, policy.workersMin, "\(workers) workers are ready, \(policy.workersMin) are wanted at least")
        } else if load > policy.upThousandths * workers, workers < policy.workersMax {
            let target = min(max(needed, workers + 1), policy.workersMax)
            self.init(.up, target, "\(shown) pipelines a worker are more than \(Self.shown(policy.upThousandths))")
        } else if load < policy.downThousandths * workers, workers > max(needed, policy.workersMin) {
            let target = max(needed, policy.workersMin)
            self.init(.down, target, "\(shown) pipelines a worker are less than \(Self.shown(policy.downThousandths))")
        } else {
            self.init(.stable, workers, "\(shown) pipelines a worker are within bounds")
        }
    }

    private init(_ action: Action, _ target: Int, _ reason: String) {
        self.action = action
        self.target = target
        self.reason = reason
    }

    private static func shown(_ thousandths: Int) -> String { "\(Double(thousandths) / 1_000)" }
}
