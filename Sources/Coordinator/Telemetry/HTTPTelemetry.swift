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

    static let bounds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 15]
    /// What a path that is none counts as.
    private static let unknownRoute = "none"
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    private let series = Mutex<[String: Series]>([:])
    let forwarded = Counter()

    /// `route`: as the router has it; nil where no route was found.
    func note(_ method: HTTPRequest.Method, _ route: String?, _ status: Int, _ took: Duration) {
        self.series(method, route).note(status, took)
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

    /// In a steady order.
    var all: [Series] {
        self.series.withLock { $0.values.sorted { ($0.route, $0.method) < ($1.route, $1.method) } }
    }
}
