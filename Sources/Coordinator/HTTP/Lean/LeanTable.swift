import HTTPTypes
import NIOCore
import RaftSessions

/// Tells which requests the lean path carries out.
struct LeanTable: Sendable {
    let gate: Gate
    let endpoints: [Endpoint]
    /// A larger body is left to the router.
    static let bodyBytesMax = 64 << 10

    /// A request that the lean path may carry out. An object: it is handed on from step to step.
    final class Work: Sendable {
        let endpoint: Endpoint
        let role: Role
        let target: String
        let name: String
        let consistency: Consistency
        let contentType: String?

        init(
            endpoint: Endpoint,
            role: Role,
            target: String,
            name: String,
            consistency: Consistency,
            contentType: String? = nil
        ) {
            self.endpoint = endpoint
            self.role = role
            self.target = target
            self.name = name
            self.consistency = consistency
            self.contentType = contentType
        }
    }

    private static let prefix = "/\(Routes.prefix)/"

    /// Nil for a request that is left to the router.
    func work(for head: RequestHead) -> Work? {
        guard head.isPlain, head.bodyByteCount <= Self.bodyBytesMax, let role = self.gate.role(showing: head.key) else {
            return nil
        }
        return self.work(head.method, head.target, head.contentType, in: role, bodyByteCount: head.bodyByteCount)
    }

    /// Nil also for a request that has a name, or was tried before.
    func work(for request: ForwardedRequest) -> Work? {
        guard let method = HTTPRequest.Method(rawValue: request.method), !request.passage.isRepeated else { return nil }
        switch request.passage.origin {
        case .key: return nil
        case .session: guard method != .get else { return nil }
        case nil: guard method == .get else { return nil }
        }
        return self.work(
            method,
            request.path,
            request.contentType.isEmpty ? nil : request.contentType,
            in: request.role,
            bodyByteCount: request.body.readableBytes
        )
    }

    private func work(
        _ method: HTTPRequest.Method,
        _ target: String,
        _ contentType: String?,
        in role: Role,
        bodyByteCount: Int
    ) -> Work? {
        guard contentType == nil || contentType == "application/json" else { return nil }
        guard target.hasPrefix(Self.prefix) else { return nil }
        var path = target.utf8.dropFirst(Self.prefix.utf8.count)
        var consistency = Consistency.linearizable
        if let mark = path.firstIndex(of: UInt8(ascii: "?")) {
            guard method == .get, let wish = Self.consistency(path[mark...]) else { return nil }
            consistency = wish
            path = path[..<mark]
        }
        let parts = path.split(separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false)
        let isNamed = parts.count == 2
        guard parts.count == 1 || isNamed, let collection = parts.first,
            case let collection = Substring(collection),
            let endpoint = self.endpoints.first(where: {
                $0.isNamed == isNamed && $0.method == method && $0.collection == collection
            }),
            role >= endpoint.least, endpoint.takesBody == (bodyByteCount > 0),
            let name = isNamed ? String(parts[1]) : "", !isNamed || Self.isPlain(name)
        else { return nil }
        return Work(
            endpoint: endpoint,
            role: role,
            target: target,
            name: name,
            consistency: consistency,
            contentType: contentType
        )
    }

    /// What a query asks for that asks for nothing else.
    private static func consistency(_ query: Substring.UTF8View) -> Consistency? {
        [Consistency.stale, .lease].first { query.elementsEqual("?consistency=\($0.rawValue)".utf8) }
    }

    /// Whether the part of a path stands for itself, in every reading.
    private static func isPlain(_ part: String) -> Bool {
        !part.isEmpty
            && part.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
