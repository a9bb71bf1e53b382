import ClusterAPI
import Coordinator
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import RaftCore
import Testing

@Suite("Redirections")
struct RedirectionTests {
    @Test("a key does not go where an answer points")
    func notFollowed() async throws {
        let other = try await FakeWorker.start()
        let router = Router()
        router.post("api/v1/pipelines") { _, _ -> Response in
            Response(status: .temporaryRedirect, headers: [.location: "\(other.address)/api/v1/pipelines"])
        }
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        // Ended below.
        let task = Task {
            defer { continuation.finish() }
            try await application.run()
        }
        let number = await ports.first { _ in true }
        let port = try #require(number)
        let address = try PeerAddress("127.0.0.1:\(port)")
        let client = CoordinatorClient(coordinators: [address], apiKey: "the-key")
        await #expect(throws: CoordinatorClient.Unavailable.self) {
            let _: DeployPipelineResponse = try await client.ask(
                .post,
                "/api/v1/pipelines",
                DeployPipelineRequest(name: "p", source: "stream S = A")
            )
        }
        #expect(other.keys.isEmpty)
        task.cancel()
        _ = await task.result
        await other.stop()
    }
}
