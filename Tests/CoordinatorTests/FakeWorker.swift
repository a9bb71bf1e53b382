import ClusterAPI
import Hummingbird
import Logging
import NIOCore

/// A worker's API that says of every pipeline that it runs.
final class FakeWorker: Sendable {
    let address: String
    private let task: Task<Void, any Error>

    private init(address: String, task: Task<Void, any Error>) {
        self.address = address
        self.task = task
    }

    static func start() async throws -> FakeWorker {
        let router = Router()
        router.post("api/v1/pipelines") { request, _ -> ByteBuffer in
            let body = try await request.body.collect(upTo: 1 << 20)
            let order = try APIJSON.decode(DeployPipelineRequest.self, from: body.readableBytesView)
            let answer = DeployPipelineResponse(id: "id-of-\(order.name)", name: order.name, status: .running)
            return ByteBuffer(bytes: try APIJSON.encode(answer))
        }
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        // Ended by `stop`.
        let task = Task {
            defer { continuation.finish() }
            try await application.run()
        }
        for await port in ports { return FakeWorker(address: "http://127.0.0.1:\(port)", task: task) }
        try await task.value
        throw CancellationError()
    }

    func stop() async {
        self.task.cancel()
        _ = await self.task.result
    }
}
