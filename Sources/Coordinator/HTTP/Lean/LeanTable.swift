import HTTPTypes
import NIOCore
import RaftSessions

#if canImport(Glibc)
    import Glibc
#endif

/// Tells which requests the lean path carries out.
struct LeanTable: Sendable {
    let endpoints: [Endpoint]
    /// A larger body is left to the router.
    static let bodyBytesMax = 64 << 10

    /// A request that the lean path may carry out. An object: it is handed on from step to step.
    final class Work: Sendable {
        let endpoint: Endpoint
        let caller: Caller
        let target: String
        let name: String
        let consistency: Consistency
        let contentType: String?

        init(
            endpoint: Endpoint,
            caller: Caller,
            target: String,
            name: String,
            consistency: Consistency,
            contentType: String? = nil
        ) {
            self.endpoint = endpoint
            self.caller = caller
            self.target = target
            self.name = name
            self.consistency = consistency
            self.contentType = contentType
        }
    }

    private static let prefix = Array("/\(Routes.prefix)/".utf8)

    /// Nil for a request that is left to the router.
    func work(for head: RequestHead, by caller: Caller) -> Work? {
        guard head.isPlain, head.bodyByteCount <= Self.bodyBytesMax else { return nil }
        return self.work(head.method, head.target, head.contentType, by: caller, bodyByteCount: head.bodyByteCount)
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
            by: request.caller,
            bodyByteCount: request.body.readableBytes
        )
    }

    private func work(
        _ method: HTTPRequest.Method,
        _ target: String,
        _ contentType: String?,
        by caller: Caller,
        bodyByteCount: Int
    ) -> Work? {
        guard contentType == nil || contentType == "application/json" else { return nil }
        var (target, path) = (target, Path())
        guard target.withUTF8({ path.read($0, below: Self.prefix) }) else { return nil }
        var consistency = Consistency.linearizable
        if let query = path.query {
            guard method == .get, let wish = Self.consistency(query) else { return nil }
            consistency = wish
        }
        guard let endpoint = self.endpoints.first(where: { path.leads(to: $0) && $0.method == method }),
            caller.role >= endpoint.least, endpoint.takesBody == (bodyByteCount > 0)
        else { return nil }
        return Work(
            endpoint: endpoint,
            caller: caller,
            target: target,
            name: path.name ?? "",
            consistency: consistency,
            contentType: contentType
        )
    }

    /// What a query asks for that asks for nothing else.
    private static func consistency(_ query: String) -> Consistency? {
        [Consistency.stale, .lease].first { query == "consistency=\($0.rawValue)" }
    }
}

/// A request's path, taken apart: `/api/v1/cluster/connectors/c?consistency=stale`. Only one that stands for itself in
/// every reading is understood.
private struct Path {
    private var collection = ""
    private(set) var name: String?
    private(set) var query: String?

    func leads(to endpoint: Endpoint) -> Bool {
        endpoint.isNamed == (self.name != nil) && endpoint.collection == self.collection
    }

    /// False if the path is not understood.
    mutating func read(_ target: UnsafeBufferPointer<UInt8>, below prefix: [UInt8]) -> Bool {
        let start = prefix.count
        guard let base = target.baseAddress, target.count > start, memcmp(base, prefix, start) == 0 else {
            return false
        }
        guard let collectionEnd = Self.word(&self.collection, target, from: start) else { return false }
        var end = collectionEnd
        if end < target.count, target[end] == UInt8(ascii: "/") {
            var name = ""
            guard let nameEnd = Self.word(&name, target, from: end + 1) else { return false }
            self.name = name
            end = nameEnd
        }
        if end < target.count, target[end] == UInt8(ascii: "?") {
            self.query = String(decoding: target[(end + 1)...], as: UTF8.self)
            end = target.count
        }
        return end == target.count
    }

    /// Where the letters, digits, `-` and `_` that begin at `start` end. Nil if there are none.
    private static func word(_ word: inout String, _ target: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var end = start
        while end < target.count, self.isPlain(target[end]) { end += 1 }
        word = String(decoding: UnsafeBufferPointer(rebasing: target[start..<end]), as: UTF8.self)
        return end > start ? end : nil
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
