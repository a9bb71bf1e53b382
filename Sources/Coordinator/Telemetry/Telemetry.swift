/// What this process has counted and measured since it started.
final class Telemetry: Sendable {
    let http = HTTPTelemetry()
    let reconciling = ReconcileTelemetry()
    let sweeps = SweepTelemetry()
    let deploys = OutcomeTelemetry()
    let migrations = OutcomeTelemetry()
    /// Words of workers that reached this member, and those that it passed on to the leader.
    let heartbeats = Counter()
    let heartbeatsRelayed = Counter()
}

/// How long something took that may fail.
final class OutcomeTelemetry: Sendable {
    static let bounds = [0.1, 0.5, 1, 2, 5, 10, 30, 60]
    let success = Histogram(bounds: OutcomeTelemetry.bounds)
    let failure = Histogram(bounds: OutcomeTelemetry.bounds)

    func note(isSuccess: Bool, _ took: Duration) { (isSuccess ? self.success : self.failure).note(took) }

    /// With the value of the label `result`.
    var all: [(result: String, histogram: Histogram)] { [("success", self.success), ("failure", self.failure)] }
}
