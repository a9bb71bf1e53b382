import ClusterAPI
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A worker's API that says of every pipeline that it runs, and counts the events it is given.
final class FakeWorker: Sendable {
    let address: String
    private let events: Counter
    private let task: Task<Void, any Error>

    private final class Counter: Sendable {
        let count = Mutex(0)
    }

    var eventCount: Int { self.events.count.withLock { $0 } }

    private init(address: String, events: Counter, task: Task<Void, any Error>) {
        self.address = address
        self.events = events
        self.task = task
    }

    /// `outputBytes`: how much comes out of every event.
    static func start(outputBytes: Int = 0) async throws -> FakeWorker {
        let router = Router()
        router.post("api/v1/pipelines") { request, _ -> ByteBuffer in
            let body = try await request.body.collect(upTo: 1 << 20)
            let order = try APIJSON.decode(DeployPipelineRequest.self, from: body.readableBytesView)
            let answer = DeployPipelineResponse(id: "id-of-\(order.name)", name: order.name, status: .running)
            return ByteBuffer(bytes: try APIJSON.encode(answer))
        }
        let events = Counter()
        router.post("api/v1/pipelines/:id/events") { _, _ -> ByteBuffer in
            events.count.withLock { $0 += 1 }
            let text = String(repeating: "x", count: outputBytes)
            let outputs = outputBytes > 0 ? [EventBody(eventType: "Out", fields: ["text": .string(text)])] : []
            return ByteBuffer(bytes: APIJSON.encode(EventResponse(accepted: true, outputEvents: outputs)))
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
        for await port in ports { return FakeWorker(address: "http://127.0.0.1:\(port)", events: events, task: task) }
        try await task.value
        throw CancellationError()
    }

    func stop() async {
        self.task.cancel()
        _ = await self.task.result
    }
}
