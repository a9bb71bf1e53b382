import Logging
import Security

/// What this worker lets in, and what it shows to those it calls.
final class WorkerSecurity: Sendable {
    /// Nil if requests are not limited.
    let limiter: RateLimiter?
    let counters = RefusalCounters()
    /// Nil if it neither speaks TLS nor trusts anybody in particular.
    let credentials: TLSCredentials?
    private let limits: RequestLimits

    /// Throws a sentence about a file that is missing or broken.
    init(_ configuration: WorkerConfiguration) throws {
        self.limiter = configuration.rateLimit.map { RateLimiter(perSecond: $0) }
        self.credentials =
            configuration.tls.isEmpty
            ? nil
            : try TLSCredentials(configuration.tls, counters: self.counters, logger: configuration.logger)
        self.limits = configuration.requestLimits
    }

    /// Reads the certificates again.
    func reload() { self.credentials?.reload() }

    /// For connections to the worker's port.
    var guards: ConnectionGuards {
        ConnectionGuards(credentials: self.credentials, counters: self.counters, limits: self.limits)
    }
}
