import ClusterAPI
import Engine
import Foundation
import Testing

@testable import Worker

@Suite struct TraceRouteTests {
    /// The program runs over columns.
    @Test func `a pipeline tells what it holds of a key`() async throws {
        let worker = try await TestWorker()
        let source = """
            stream Fraud = Login as a -> Withdrawal where amount > a.limit as w
                .partition_by(user)
                .emit(user: user, amount: w.amount)
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

    @Test func `a pipeline that needs one event after the other tells it too, and how far its time has come`()
        async throws
    {
        let worker = try await TestWorker()
        // A watermark keeps the program out of columns.
        let source = """
            stream Sums = Reading
                .watermark(out_of_order: 2s)
                .partition_by(room)
                .window(10s)
                .aggregate(n: count())
                .emit(n: n)
            """
        let id = try await worker.deploy(DeployPipelineRequest(name: "sums", source: source))
            .decoded(DeployPipelineResponse.self).id
        _ = try await worker.call(
            .post,
            "/api/v1/pipelines/\(id)/events",
            #"{"event_type":"Reading","fields":{"room":"a"},"timestamp":"1970-01-01T00:00:05Z"}"#
        )
        let trace = try await worker.call(.get, "/api/v1/pipelines/\(id)/trace?key=a").decoded(KeyTrace.self)
        #expect(trace.windows.map(\.heldCount) == [1])
        #expect(trace.windows.first?.until != nil && trace.watermarks.first?.effective != nil)
        await worker.stop()
    }
}
