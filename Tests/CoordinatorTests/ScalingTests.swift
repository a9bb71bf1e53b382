import ClusterAPI
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import RaftTestSupport
import Synchronization
import Testing

@testable import Coordinator

@Suite("Advice on the number of workers")
struct ScalingTests {
    /// Ready workers and pipelines, and what is to be done about them.
    struct Case: Sendable {
        var workers: Int
        var pipelines: Int
        var action: ScalingDecision.Action
        var target: Int
    }

    @Test(
        "follows from the load, within its bounds",
        arguments: [
            Case(workers: 0, pipelines: 0, action: .up, target: 2),
            Case(workers: 1, pipelines: 100, action: .up, target: 2),
            Case(workers: 2, pipelines: 10, action: .stable, target: 2),
            Case(workers: 2, pipelines: 11, action: .up, target: 3),
            Case(workers: 2, pipelines: 1_000, action: .up, target: 6),
            Case(workers: 6, pipelines: 1_000, action: .stable, target: 6),
            Case(workers: 4, pipelines: 4, action: .stable, target: 4),
            Case(workers: 4, pipelines: 3, action: .down, target: 2),
            Case(workers: 2, pipelines: 0, action: .stable, target: 2),
        ]
    )
    func decisions(wanted: Case) {
        let policy = ScalingPolicy(workersMin: 2, workersMax: 6)
        let decision = ScalingDecision(policy, workers: wanted.workers, pipelines: wanted.pipelines)
        #expect(decision.action == wanted.action && decision.target == wanted.target, "\(decision.reason)")
        #expect(ScalingDecision(nil, workers: wanted.workers, pipelines: wanted.pipelines).action == .stable)
    }

    @Test("is told to who asks, and once a minute to the webhook")
    func webhook() async throws {
        let calls = Mutex<[ScalingAdvice]>([])
        let router = Router()
        router.post("hook") { request, _ -> HTTPResponse.Status in
            let body = try await request.body.collect(upTo: 1 << 20)
            let advice = try APIJSON.decode(ScalingAdvice.self, from: body.readableBytesView)
            calls.withLock { $0.append(advice) }
            return .ok
        }
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let receiver = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        // Ended below.
        let task = Task { try await receiver.run() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        try await TestCoordinator.run { configuration in
            configuration.scaling = ScalingPolicy(workersMin: 2, webhookURL: "http://127.0.0.1:\(port)/hook")
            configuration.heartbeatInterval = .milliseconds(100)
        } _: { (coordinator) async throws in
            let advice = try await coordinator.get("\(TestCoordinator.prefix)/scaling").decoded(ScalingAdvice.self)
            #expect(advice.action == .scaleUp && advice.targetWorkers == 2 && advice.currentWorkers == 0)
            #expect(await eventually { calls.withLock { $0.count } == 1 })
            #expect(calls.withLock { $0.first?.action } == .scaleUp)
            // Several more rounds bring no second call.
            try await Task.sleep(for: .milliseconds(500))
            #expect(calls.withLock { $0.count } == 1)
        }
        task.cancel()
        _ = await task.result
    }

    @Test("without a policy the cluster is as large as it should be")
    func none() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let advice = try await coordinator.get("\(TestCoordinator.prefix)/scaling").decoded(ScalingAdvice.self)
            #expect(advice.action == .stable && advice.reason == "No scaling policy configured")
        }
    }
}
