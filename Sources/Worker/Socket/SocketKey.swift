import Foundation
import NIOHTTP1

/// The key that a caller of `/ws` shows: browsers cannot set every header there, so there are several places for it.
enum SocketKey {
    /// From the request's head.
    static func shown(in head: HTTPRequestHead) -> String? {
        self.shown(
            authorization: head.headers.first(name: "authorization"),
            apiKey: head.headers.first(name: "x-api-key"),
            uri: head.uri
        )
    }

    /// `Authorization: Bearer k`, `ApiKey k` or the key alone; `x-api-key`; or the query's `api_key` or `token`.
    static func shown(authorization: String?, apiKey: String?, uri: String) -> String? {
        if let authorization { return self.key(in: authorization) }
        if let apiKey { return apiKey }
        guard let question = uri.firstIndex(of: "?") else { return nil }
        for pair in uri[uri.index(after: question)...].split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0] == "api_key" || parts[0] == "token" else { continue }
            return String(parts[1]).removingPercentEncoding
        }
        return nil
    }

    private static func key(in authorization: String) -> String {
        for scheme in ["bearer ", "apikey "] where authorization.lowercased().hasPrefix(scheme) {
            return String(authorization.dropFirst(scheme.count))
        }
        return authorization
    }
}
