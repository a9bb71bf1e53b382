import ArgumentParser
import Coordinator

/// The flags for advice on the number of workers.
struct ScalingOptions: ParsableArguments {
    @Option(
        name: .customLong("scaling-min-workers"),
        help: "Ready workers wanted at least; 0 gives no advice (or VARPULIS_SCALING_MIN_WORKERS; default 0)."
    )
    var workersMin: Int?
    @Option(
        name: .customLong("scaling-max-workers"),
        help: "Workers wanted at most (or VARPULIS_SCALING_MAX_WORKERS; default 100)."
    )
    var workersMax: Int?
    @Option(
        name: .customLong("scaling-up-threshold"),
        help: "Pipelines a worker above which more are wanted (or VARPULIS_SCALING_UP_THRESHOLD; default 5.0)."
    )
    var upThreshold: String?
    @Option(
        name: .customLong("scaling-down-threshold"),
        help: "Pipelines a worker below which fewer will do (or VARPULIS_SCALING_DOWN_THRESHOLD; default 1.0)."
    )
    var downThreshold: String?
    @Option(
        name: .customLong("scaling-webhook-url"),
        help: "Where to POST advice, once a minute at most (or VARPULIS_SCALING_WEBHOOK_URL)."
    )
    var webhookURL: String?

    var policy: ScalingPolicy? {
        get throws {
            let policy = ScalingPolicy(
                workersMin: try Self.count(self.workersMin, "VARPULIS_SCALING_MIN_WORKERS", default: 0),
                workersMax: try Self.count(self.workersMax, "VARPULIS_SCALING_MAX_WORKERS", default: 100),
                upThousandths: try Self.thousandths(
                    self.upThreshold ?? ProcessEnvironment["VARPULIS_SCALING_UP_THRESHOLD"] ?? "5.0"
                ),
                downThousandths: try Self.thousandths(
                    self.downThreshold ?? ProcessEnvironment["VARPULIS_SCALING_DOWN_THRESHOLD"] ?? "1.0"
                ),
                webhookURL: self.webhookURL ?? ProcessEnvironment["VARPULIS_SCALING_WEBHOOK_URL"]
            )
            guard policy.workersMin <= policy.workersMax else {
                throw ValidationError("--scaling-min-workers must not exceed --scaling-max-workers.")
            }
            guard policy.upThousandths > 0, policy.downThousandths <= policy.upThousandths else {
                throw ValidationError("--scaling-up-threshold must be positive, and --scaling-down-threshold below it.")
            }
            if let url = policy.webhookURL, !url.hasPrefix("http://"), !url.hasPrefix("https://") {
                throw ValidationError("--scaling-webhook-url must be an http or https URL.")
            }
            return policy.workersMin > 0 ? policy : nil
        }
    }

    private static func count(_ flag: Int?, _ variable: String, default fallback: Int) throws -> Int {
        let value =
            try flag
            ?? ProcessEnvironment[variable].map { text in
                guard let number = Int(text) else { throw ValidationError("\(variable) is not a number: \(text)") }
                return number
            }
        guard (0...1_000_000).contains(value ?? fallback) else {
            throw ValidationError("A number of workers is between 0 and 1000000.")
        }
        return value ?? fallback
    }

    /// `2.5` is 2500.
    static func thousandths(_ text: String) throws -> Int {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? parts[1] : ""
        guard (1...2).contains(parts.count), let whole = Int(parts[0]), (0...1_000_000).contains(whole),
            fraction.utf8.count <= 3, fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let rest = Int((fraction + "000").prefix(3))
        else { throw ValidationError("A threshold is a number with up to three decimals, not \(text).") }
        return whole * 1_000 + rest
    }
}
