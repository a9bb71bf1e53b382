import ClusterAPI
import Coordinator
import NIOHTTP1
import RaftCore
import RaftTestSupport
import Testing

@Suite("Requests to an overloaded coordinator", .serialized)
struct OverloadTests {
    private static let prefix = TestCoordinator.prefix
    private static let event = #"{"event_type":"A"}"#

    /// The path to inject events at, into a pipeline that runs.
    private static func injection(_ coordinator: TestCoordinator, _ worker: FakeWorker) async throws -> String {
        #expect(try await coordinator.register("w", at: worker.address).status == 201)
        let group = #"{"name":"g","pipelines":[{"name":"p","source":"stream S = A"}],"routes":[]}"#
        let deployed = try await coordinator.post("\(Self.prefix)/pipeline-groups", group)
        return "\(Self.prefix)/pipeline-groups/\(try deployed.decoded(PipelineGroupInfo.self).id)/inject"
    }

    @Test("nobody is told that nothing was done when only the answer finds no room in the log")
    func answerRefused() async throws {
        let worker = try await FakeWorker.start(outputBytes: 32 << 10)
        try await TestCoordinator.run(adjust: { $0.raft.uncommittedBytesMax = 16 << 10 }) { coordinator in
            let path = try await Self.injection(coordinator, worker)
            #expect(try await coordinator.post(path, Self.event).status == 200)
            for _ in 0..<2 {
                let named = try await coordinator.request(
                    .POST,
                    path,
                    Self.event,
                    headers: ["Idempotency-Key": "k"]
                )
                #expect(named.status == 504 && named.error?.code == .outcomeUnknown, "\(named.body)")
                #expect(named.error?.outcome == .unknown)
            }
            #expect(worker.eventCount == 2)
        }
        await worker.stop()
    }
}
