import ClusterAPI
import Engine
import Foundation
import Testing

@testable import Worker

@Suite struct TraceRouteTests {
    @Test func `a pipeline tells what it holds of a key`() async throws {
        let worker = try await TestWorker()
        // A function that changes a global keeps the program out of columns.
        let source = """
            var n = 0
            fn count(x: int):
                n := n + 1
                x
            stream Fraud = Login as a -> Withdrawal where amount > a.limit as w
                .partition_by(user)
                .emit(user: user, amount: count(w.amount))
            """
        let id = try await worker.deploy(DeployPipelineRequest(name: "fraud", source: source))
            .decoded(DeployPipelineResponse.self).id
        _ = try await worker.call(
            .post,
            "/api/v1/pipelines/\(id)/events",
            #"{"event_type":"Login","fields":{"user":"a b","limit":10}}"#
        )
        let answer = try await worker.call(.get, "/api/v1/pipelines/\(id)/trace?key=a%20b")
        #expect(answer.status == 200, "\(answer.body)")
        let trace = try answer.decoded(KeyTrace.self)
        #expect(trace.key == "a b" && trace.isKnown)
        #expect(trace.sequences.map(\.runCount) == [1])
        #expect(trace.sequences.first?.runs.first?.awaited.map(\.condition) == ["amount > a.limit"])
        let none = try await worker.call(.get, "/api/v1/pipelines/\(id)/trace?key=a").decoded(KeyTrace.self)
        #expect(!none.isKnown && none.nearest == ["a b"])
        #expect(try await worker.call(.get, "/api/v1/pipelines/\(id)/trace").status == 400)
        #expect(try await worker.call(.get, "/api/v1/pipelines/nobody/trace?key=a").status == 404)
        await worker.stop()
    }

    @Test func `a pipeline that runs over columns says that it cannot tell`() async throws {
        let worker = try await TestWorker()
        let id = try await worker.deploy(DeployPipelineRequest(name: "hot", source: Programs.filter))
            .decoded(DeployPipelineResponse.self).id
        let answer = try await worker.call(.get, "/api/v1/pipelines/\(id)/trace?key=a")
        #expect(answer.status == 409)
        #expect(try answer.decoded(ErrorBody.self).error.hasPrefix("The pipeline runs over columns"))
        await worker.stop()
    }
}
