import ClusterAPI
import NIOHTTP1
import Raft
import RaftCore
import RaftTestSupport
import RaftTransport
import Testing

@testable import Coordinator

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

    /// Requests of this kind are answered ahead of the router, named ones by the router.
    private static let connectors = "\(prefix)/connectors"

    private static func expectRefusal(
        _ answer: TestCoordinator.Answer,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(answer.status == 503, "\(answer.body)", sourceLocation: sourceLocation)
        #expect(answer.error?.code == .overloaded, sourceLocation: sourceLocation)
        #expect(answer.error?.outcome == ErrorBody.Outcome.none, sourceLocation: sourceLocation)
        #expect(answer.headers.first(name: "retry-after") == "1", sourceLocation: sourceLocation)
    }

    @Test("a write that finds no room is refused for certain, and asks to be sent again later")
    func write() async throws {
        try await TestCoordinator.run(adjust: { $0.raft.uncommittedBytesMax = 16 << 10 }) { coordinator in
            let url = "http://" + String(repeating: "h", count: 32 << 10)
            let body = #"{"name":"c","connector_type":"http","params":{"url":"\#(url)"}}"#
            #expect(try await coordinator.request(.DELETE, "\(Self.connectors)/c").status == 404)
            for headers: HTTPHeaders in [[:], ["Idempotency-Key": "k"]] {
                Self.expectRefusal(
                    try await coordinator.request(.POST, Self.connectors, body, headers: headers)
                )
            }
            #expect(try await coordinator.get("\(Self.connectors)/c").status == 404)
        }
    }

    @Test("a read that finds no room is refused at once, whatever it wants to see, and local ones are not")
    func read() async throws {
        try await TestCoordinator.run(adjust: { $0.limits.openReadsMax = 0 }) { coordinator in
            let began = ContinuousClock.now
            for path in [
                "\(Self.connectors)/c", Self.connectors, "\(Self.connectors)?min_index=1", "\(Self.prefix)/summary",
                "\(Self.connectors)?consistency=lease", "\(Self.connectors)/c?consistency=lease",
            ] {
                Self.expectRefusal(try await coordinator.get(path))
            }
            // None of them has waited for another leader.
            #expect(ContinuousClock.now - began < LeaderGate.patience)
            #expect(try await coordinator.get("\(Self.connectors)?consistency=stale").status == 200)
        }
    }

    @Test("a full connection to the leader refuses a request for certain, unless an earlier try may have got through")
    func forwarding() {
        for effect in [LeaderGate.Effect.none, .logged, .elsewhere] {
            let error = #expect(throws: APIError.self) {
                try LeaderGate.settle(.failure(CallError.congested), effect: effect)
            }
            #expect(error?.body.code == .overloaded && error?.retryAfterSeconds == 1)
            #expect(throws: Unsettled.nothingDone) {
                try LeaderGate.settle(.failure(CallError.congested), effect: effect, isRepeated: true)
            }
        }
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
