import HTTPTypes

/// What of a request decides whether its rate is limited.
enum RateLimitedRequests {
    private static let workers = "/\(Routes.prefix)/workers/"

    /// Whatever may change something, but for what workers must tell: they must not be silenced by their own number.
    static func contain(_ method: HTTPRequest.Method, _ path: some StringProtocol) -> Bool {
        guard method != .get, method != .head, method != .options else { return false }
        guard path.hasPrefix(self.workers) else { return true }
        return !(path.hasSuffix("/heartbeat") || path == "\(self.workers)register")
    }
}
