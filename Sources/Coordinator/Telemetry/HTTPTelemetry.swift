import HTTPTypes
import Synchronization

/// What came in over HTTP, by method, route and class of status: as many series as there are routes, whoever asks for
/// what.
final class HTTPTelemetry: Sendable {
    /// Requests of one method to one route.
    final class Series: Sendable {
        let method: String
        let route: String
        /// By class: 1xx to 5xx.
        let classes: [Histogram]

        init(_ method: String, _ route: String) {
            self.method = method
            self.route = route
            self.classes = (1...5).map { _ in Histogram(bounds: HTTPTelemetry.bounds) }
        }

        func note(_ status: Int, _ took: Duration) { self.classes[min(max(status / 100, 1), 5) - 1].note(took) }
    }

    /// Why requests were turned away.
    enum Rejection: String, CaseIterable, Sendable {
        case unauthorized, forbidden
        case tooLarge = "too_large"
        case rateLimited = "rate_limited"
        /// The sender fell silent within a request.
        case slow

        init?(status: Int) {
            switch status {
            case 401: self = .unauthorized
            case 403: self = .forbidden
            case 413: self = .tooLarge
            case 429: self = .rateLimited
            default: return nil
            }
        }
    }

    static let bounds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 15]
    /// What a path that is none counts as.
    private static let unknownRoute = "none"
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    private let series = Mutex<[String: Series]>([:])
    private let rejections = Rejection.allCases.map { _ in Counter() }
    let forwarded = Counter()

    /// `route`: as the router has it; nil where no route was found.
    func note(_ method: HTTPRequest.Method, _ route: String?, _ status: Int, _ took: Duration) {
        self.series(method, route).note(status, took)
        if let reason = Rejection(status: status) { self.reject(reason) }
    }

    func series(_ method: HTTPRequest.Method, _ route: String?) -> Series {
        let method = Self.methods.contains(method.rawValue) ? method.rawValue : "other"
        let route = route.flatMap { $0 == "NotFound" ? nil : $0 } ?? Self.unknownRoute
        return self.series.withLock { all in
            let key = "\(method) \(route)"
            if let known = all[key] { return known }
            let new = Series(method, route)
            all[key] = new
            return new
        }
    }

    func reject(_ reason: Rejection) { self.counter(reason).add() }

    private func counter(_ reason: Rejection) -> Counter {
        // Every case is among all cases.
        self.rejections[Rejection.allCases.firstIndex(of: reason)!]
    }

    /// In a steady order.
    var all: [Series] {
        self.series.withLock { $0.values.sorted { ($0.route, $0.method) < ($1.route, $1.method) } }
    }

    var rejected: [(reason: Rejection, count: UInt64)] { Rejection.allCases.map { ($0, self.counter($0).value) } }
}
