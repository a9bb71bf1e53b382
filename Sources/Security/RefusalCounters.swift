import Synchronization

/// Counts what was refused for the sake of safety, for the page of metrics.
public final class RefusalCounters: Sendable {
    /// Why something was refused.
    public enum Reason: Int, CaseIterable, Sendable {
        /// No key, or one that nobody knows.
        case unauthorized
        /// A key whose role is too weak.
        case forbidden
        /// More requests than the client's address may make.
        case rateLimited
        /// A body or a head larger than is read.
        case tooLarge
        /// A request that did not come in good time.
        case tooSlow
        /// A TLS handshake that failed, or did not end in good time.
        case tlsHandshake

        /// As the value of a label.
        public var label: String {
            switch self {
            case .unauthorized: "unauthorized"
            case .forbidden: "forbidden"
            case .rateLimited: "rate_limited"
            case .tooLarge: "too_large"
            case .tooSlow: "too_slow"
            case .tlsHandshake: "tls_handshake"
            }
        }
    }

    private let unauthorized = Atomic(0)
    private let forbidden = Atomic(0)
    private let rateLimited = Atomic(0)
    private let tooLarge = Atomic(0)
    private let tooSlow = Atomic(0)
    private let tlsHandshake = Atomic(0)

    public init() {}

    /// One more.
    public func count(_ reason: Reason) {
        switch reason {
        case .unauthorized: self.unauthorized.add(1, ordering: .relaxed)
        case .forbidden: self.forbidden.add(1, ordering: .relaxed)
        case .rateLimited: self.rateLimited.add(1, ordering: .relaxed)
        case .tooLarge: self.tooLarge.add(1, ordering: .relaxed)
        case .tooSlow: self.tooSlow.add(1, ordering: .relaxed)
        case .tlsHandshake: self.tlsHandshake.add(1, ordering: .relaxed)
        }
    }

    /// How many since the start.
    public subscript(_ reason: Reason) -> Int {
        switch reason {
        case .unauthorized: self.unauthorized.load(ordering: .relaxed)
        case .forbidden: self.forbidden.load(ordering: .relaxed)
        case .rateLimited: self.rateLimited.load(ordering: .relaxed)
        case .tooLarge: self.tooLarge.load(ordering: .relaxed)
        case .tooSlow: self.tooSlow.load(ordering: .relaxed)
        case .tlsHandshake: self.tlsHandshake.load(ordering: .relaxed)
        }
    }

    /// Counts what a refused request was answered, if that is one of the reasons.
    public func count(status: Int) {
        switch status {
        case 401: self.count(.unauthorized)
        case 403: self.count(.forbidden)
        case 413: self.count(.tooLarge)
        default: break
        }
    }
}
