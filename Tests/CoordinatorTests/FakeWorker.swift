import ClusterAPI
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A worker's API that says of every pipeline that it runs, and keeps the events it is given.
final class FakeWorker: Sendable {
    let address: String
    private let memory: Memory
    private let task: Task<Void, any Error>

    private final class Memory: Sendable {
        let count = Mutex(0)
        /// The lines of batches, by the pipeline's id.
        let lines = Mutex<[String: [String]]>([:])
        let refused = Mutex<[String: String]>([:])
        /// The key that came with each order.
        let keys = Mutex<[String?]>([])
        let requestIDs = Mutex<[String]>([])
        let orders = Mutex<[DeployPipelineRequest]>([])
    }

    var eventCount: Int { self.memory.count.withLock { $0 } }
    var lines: [String: [String]] { self.memory.lines.withLock { $0 } }
    /// What it was told to run, in that order.
    var orders: [DeployPipelineRequest] { self.memory.orders.withLock { $0 } }
    /// What it was shown with each order.
    var keys: [String?] { self.memory.keys.withLock { $0 } }
    /// Of the requests that had one.
    var requestIDs: [String] { self.memory.requestIDs.withLock { $0 } }

    /// That pipeline is not started any more, for that reason.
    func refuse(_ pipeline: String, _ reason: String) { self.memory.refused.withLock { $0[pipeline] = reason } }

    private init(address: String, memory: Memory, task: Task<Void, any Error>) {
        self.address = address
        self.memory = memory
        self.task = task
    }

    /// `outputBytes`: how much comes out of every event.
    static func start(outputBytes: Int = 0) async throws -> FakeWorker {
        let router = Router()
        let memory = Memory()
        router.post("api/v1/pipelines") { request, _ -> Response in
            let body = try await request.body.collect(upTo: 1 << 20)
            let order = try APIJSON.decode(DeployPipelineRequest.self, from: body.readableBytesView)
            if let id = request.headers[HTTPField.Name("x-request-id")!] {
                memory.requestIDs.withLock { $0.append(id) }
            }
            memory.orders.withLock { $0.append(order) }
            memory.keys.withLock { $0.append(request.headers[HTTPField.Name("x-api-key")!]) }
            if let reason = memory.refused.withLock({ $0[order.name] }) {
                let refusal = try APIJSON.encode(ErrorBody(error: reason, code: .engineError))
                return Response(status: .badRequest, body: .init(byteBuffer: ByteBuffer(bytes: refusal)))
            }
            let answer = DeployPipelineResponse(id: "id-of-\(order.name)", name: order.name, status: .running)
            return Response(status: .created, body: .init(byteBuffer: ByteBuffer(bytes: try APIJSON.encode(answer))))
        }
        router.post("api/v1/pipelines/:id/events-batch") { request, context -> ByteBuffer in
            let id = (context.parameters.get("id") ?? "").replacing("%23", with: "#")
            let body = try await request.body.collect(upTo: 2 << 20)
            let lines = String(buffer: body).split(separator: "\n").map(String.init)
            memory.lines.withLock { $0[id, default: []] += lines }
            let outputs = lines.map { _ in ["event_type": JSONValue.string("Out"), "n": .integer(1)] }
            let answer = LinesResponse(accepted: lines.count, rejected: 0, outputEvents: outputs)
            return ByteBuffer(bytes: APIJSON.encode(answer))
        }
        router.post("api/v1/pipelines/:id/events") { request, _ -> ByteBuffer in
            memory.count.withLock { $0 += 1 }
            if let id = request.headers[HTTPField.Name("x-request-id")!] {
                memory.requestIDs.withLock { $0.append(id) }
            }
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
        for await port in ports { return FakeWorker(address: "http://127.0.0.1:\(port)", memory: memory, task: task) }
        try await task.value
        throw CancellationError()
    }

    func stop() async {
        self.task.cancel()
        _ = await self.task.result
    }
}
