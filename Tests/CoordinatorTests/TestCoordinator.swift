import AsyncHTTPClient
import ClusterAPI
import Coordinator
import Logging
import NIOCore
import NIOHTTP1
import RaftCore
import RaftStorage
import RaftTestSupport
import Testing

/// A coordinator on a free port, a cluster of one with a directory of its own.
final class TestCoordinator: Sendable {
    static let key = "the-key"

    let port: Int
    private let task: Task<Void, any Error>
    private let directory: TemporaryDirectory

    private init(port: Int, task: Task<Void, any Error>, directory: TemporaryDirectory) {
        self.port = port
        self.task = task
        self.directory = directory
    }

    /// Runs `body` against a coordinator that leads.
    static func run(
        apiKey: String? = TestCoordinator.key,
        adjust: (inout CoordinatorConfiguration) -> Void = { _ in },
        _ body: (TestCoordinator) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        var configuration = CoordinatorConfiguration(
            bind: "127.0.0.1",
            port: 0,
            apiKey: apiKey,
            origin: .genesis(try Genesis(peers: [PeerAddress("sole-member:1")]), member: NodeID(1)),
            isClustered: false,
            dataDirectory: directory.path,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        adjust(&configuration)
        let coordinator = try await Self.start(configuration, in: directory)
        let result: Result<Void, any Error>
        do {
            #expect(try await eventually { try await coordinator.get("/ready", key: nil).status == 200 })
            try await body(coordinator)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await coordinator.stop()
        try result.get()
    }

    /// Starts a coordinator; `stop` ends it.
    static func start(
        _ configuration: CoordinatorConfiguration,
        in directory: TemporaryDirectory
    ) async throws -> TestCoordinator {
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        // Ended and awaited by `stop`.
        let task = Task {
            defer { continuation.finish() }
            try await CoordinatorServer.run(configuration) { continuation.yield($0) }
        }
        for await port in ports { return TestCoordinator(port: port, task: task, directory: directory) }
        try await task.value
        throw CancellationError()
    }

    func stop() async {
        self.task.cancel()
        _ = await self.task.result
    }

    /// Why it ended by itself, once it has.
    func failure() async -> (any Error)? {
        do { try await self.task.value } catch { return error }
        return nil
    }

    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var body: String

        var error: ErrorBody? { try? APIJSON.decode(ErrorBody.self, from: self.body.utf8) }  // nil: it is none

        func decoded<Body: Decodable>(_ type: Body.Type = Body.self) throws -> Body {
            try APIJSON.decode(type, from: self.body.utf8)
        }
    }

    func request(
        _ method: HTTPMethod,
        _ path: String,
        _ body: String? = nil,
        contentType: String? = "application/json",
        key: String? = TestCoordinator.key,
        headers: HTTPHeaders = [:]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(self.port)\(path)")
        request.method = method
        request.headers = headers
        if let key { request.headers.add(name: "x-api-key", value: key) }
        if let body {
            if let contentType { request.headers.add(name: "content-type", value: contentType) }
            request.body = .bytes(ByteBuffer(string: body))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: 4 << 20)
        return Answer(status: Int(response.status.code), headers: response.headers, body: String(buffer: bytes))
    }

    func get(_ path: String, key: String? = TestCoordinator.key) async throws -> Answer {
        try await self.request(.GET, path, key: key)
    }

    func post(_ path: String, _ body: String) async throws -> Answer { try await self.request(.POST, path, body) }

    // MARK: What tests do often

    static let prefix = "/api/v1/cluster"

    func register(
        _ worker: String,
        at address: String = "http://127.0.0.1:1",
        incarnation: UInt64 = 1,
        apiKey: String = TestCoordinator.key,
        as key: String? = TestCoordinator.key
    ) async throws -> Answer {
        let body = RegisterRequest(
            workerID: worker,
            address: address,
            apiKey: apiKey,
            capacity: WorkerCapacity(cpuCores: 2),
            incarnation: incarnation
        )
        return try await self.request(
            .POST,
            "\(Self.prefix)/workers/register",
            String(decoding: try APIJSON.encode(body), as: UTF8.self),
            key: key
        )
    }

    /// `worker` as it stands in a path.
    func heartbeat(_ worker: String, incarnation: UInt64? = 1) async throws -> Answer {
        let body = HeartbeatRequest(eventsProcessed: 0, pipelinesRunning: 0, pipelines: [], incarnation: incarnation)
        return try await self.post(
            "\(Self.prefix)/workers/\(worker)/heartbeat",
            String(decoding: try APIJSON.encode(body), as: UTF8.self)
        )
    }
}
