/// What this process has counted and measured since it started.
final class Telemetry: Sendable {
    let http = HTTPTelemetry()
}
