import AsyncHTTPClient
import ClusterAPI
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Threads

@testable import Worker

/// A worker's real server on a free port, and a client for it.
final class TestWorker: Sendable {
    let port: Int
    private let server: Task<Void, any Error>

    enum Method: String {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
        case put = "PUT"
        case head = "HEAD"
        case options = "OPTIONS"
    }

    struct Answer {
        let status: UInt
        let headers: HTTPHeaders
        let body: String

        func decoded<Body: Decodable>(_ type: Body.Type = Body.self) throws -> Body {
            try APIJSON.decode(type, from: self.body.utf8)
        }

        func header(_ name: String) -> String? { self.headers.first(name: name) }
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(_ change: (inout WorkerConfiguration) -> Void = { _ in }) async throws {
        var configuration = WorkerConfiguration(port: 0, logger: Self.quiet)
        change(&configuration)
        /// Nil for a server that ends before it listens.
        let listening = Promise<Int?>()
        let server = Task { [configuration] in
            // Ends with the test: `stop` cancels it and waits for it.
            defer { listening.fulfil(nil) }
            try await WorkerServer.run(configuration) { listening.fulfil($0) }
        }
        self.server = server
        struct DoesNotStart: Error {}
        guard let port = await listening.value(within: .seconds(20)) ?? nil else {
            server.cancel()
            try await server.value
            throw DoesNotStart()
        }
        self.port = port
    }

    /// Ends the server as a signal would, and waits until it has ended.
    func stop() async {
        self.server.cancel()
        _ = await self.server.result
    }

    func call(
        _ method: Method,
        _ path: String,
        _ body: String? = nil,
        key: String? = nil,
        contentType: String? = "application/json",
        headers: [(String, String)] = [],
        port: Int? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port ?? self.port)\(path)")
        request.method = HTTPMethod(rawValue: method.rawValue)
        request.headers.add(contentsOf: headers)
        if let key { request.headers.add(name: "x-api-key", value: key) }
        if let body {
            if let contentType { request.headers.add(name: "content-type", value: contentType) }
            request.body = .bytes(ByteBuffer(string: body))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: 16 << 20)
        return Answer(status: response.status.code, headers: response.headers, body: String(buffer: bytes))
    }

    func deploy(_ request: DeployPipelineRequest, key: String? = nil) async throws -> Answer {
        let body = String(decoding: try APIJSON.encode(request), as: UTF8.self)
        return try await self.call(.post, "/api/v1/pipelines", body, key: key)
    }

    /// Deploys what must run, and gives its id.
    func running(_ request: DeployPipelineRequest, key: String? = nil) async throws -> String {
        let answer = try await self.deploy(request, key: key)
        struct NotRunning: Error { let body: String }
        guard answer.status == 201 || answer.status == 200 else { throw NotRunning(body: answer.body) }
        let body = try answer.decoded(DeployPipelineResponse.self)
        guard body.status == .running else { throw NotRunning(body: answer.body) }
        return body.id
    }

    func pipelines() async throws -> [PipelineInfo] {
        try await self.call(.get, "/api/v1/pipelines").decoded(Page<PipelineInfo>.self).items
    }
}

/// Runs what blocks on a thread of its own, so that the server in this process keeps its pool.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        _ = NamedThread(name: "test") { continuation.resume(returning: body()) }
    }
}

/// A folder of its own for one test.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        self.path = FileManager.default.temporaryDirectory.appending(path: "worker-\(UUID())").path
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.path)
    }
}

/// Programs that need no broker.
enum Programs {
    static let filter = """
        event Reading:
            value: int

        stream Hot = Reading.where(value > 10).emit(value: value, doubled: value * 2)
        """
    /// Needs one event after the other.
    static let session = "stream S = Reading.window(session: 1h).aggregate(n: count()).emit(n: n)"
}
