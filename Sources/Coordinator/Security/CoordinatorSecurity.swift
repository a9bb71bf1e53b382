import Logging
import NIOCore
import RaftCore
import RaftStorage
import RaftTransport
public import Security

/// What this coordinator lets in, and what it shows to those it calls.
final class CoordinatorSecurity: Sendable {
    let keys: KeyRing
    /// Nil if requests are not limited.
    let limiter: RateLimiter?
    let counters = RefusalCounters()
    /// Nil if it neither speaks TLS nor trusts anybody in particular.
    let credentials: TLSCredentials?
    private let limits: RequestLimits
    private let logger: Logger

    /// Throws a sentence about a file that is missing or broken.
    init(_ configuration: CoordinatorConfiguration) throws {
        try configuration.validateTLS()
        self.keys = try KeyRing(clusterKey: configuration.apiKey, file: configuration.keyFile)
        self.limiter = configuration.rateLimit.map { RateLimiter(perSecond: $0) }
        self.credentials =
            configuration.tls.isEmpty
            ? nil
            : try TLSCredentials(configuration.tls, counters: self.counters, logger: configuration.logger)
        self.limits = configuration.requestLimits
        self.logger = configuration.logger
    }

    /// Reads certificates and keys again.
    func reload() {
        self.keys.reload(self.logger)
        self.credentials?.reload()
    }

    /// For connections to the coordinator's port.
    var guards: ConnectionGuards {
        ConnectionGuards(credentials: self.credentials, counters: self.counters, limits: self.limits)
    }

    /// For connections between members; nil if they are in the clear.
    var peers: PeerSecurity? {
        guard let credentials, credentials.isServing else { return nil }
        return PeerSecurity(
            clientHandlers: { try credentials.clientHandlers(host: Self.name($0.resolvableHost)) },
            admits: { !credentials.knowsClients || TLSCredentials.hasPeerCertificate($0) }
        )
    }

    /// The host, unless it is an address.
    private static func name(_ host: String) -> String? {
        (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil  // nil says that it is a name
    }
}

extension CoordinatorConfiguration {
    /// Members speak TLS with each other, or none of them does: an address that says otherwise is a mistake.
    public func validateTLS() throws(FileError) {
        try self.tls.validate()
        let isSecure = self.tls.certificate != nil
        let addresses =
            switch self.origin {
            case .genesis(let genesis, _): self.isClustered ? genesis.peers : []
            case .joining(let joining): joining.coordinators + [joining.address]
            }
        guard let other = addresses.first(where: { $0.isSecure != isSecure }) else { return }
        throw FileError(
            isSecure
                ? "This coordinator has a certificate, so its cluster speaks TLS, but the address \(other) is http: write https."
                : "The address \(other) is https, but this coordinator has no certificate: give it --tls-cert and --tls-key, or write http."
        )
    }
}
