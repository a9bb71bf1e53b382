import ClusterAPI
import Testing

@testable import Worker

@Suite struct EpochTests {
    private func request(
        _ epoch: UInt64,
        name: String = "p#0",
        source: String = Programs.filter
    ) -> DeployPipelineRequest {
        DeployPipelineRequest(name: name, source: source, groupID: "g1", epoch: epoch)
    }

    @Test func `a deploy that is repeated finds the pipeline it made`() async throws {
        let worker = try await TestWorker()
        let first = try await worker.deploy(self.request(3))
        let second = try await worker.deploy(self.request(3))
        #expect(first.status == 201)
        #expect(second.status == 200)
        #expect(first.body == second.body)
        let other = try await worker.deploy(self.request(3, name: "p#1"))
        #expect(other.status == 201)
        let listed = try await worker.pipelines()
        #expect(listed.map(\.name) == ["p#0", "p#1"])
        #expect(listed.map(\.groupID) == ["g1", "g1"])
        #expect(listed.map(\.epoch) == [3, 3])
        await worker.stop()
    }

    @Test func `a higher epoch replaces, a lower one is refused`() async throws {
        let worker = try await TestWorker()
        let old = try await worker.running(self.request(3))
        let changed = "stream Hot = Reading.where(value > 100).emit(value: value)\n"
        let new = try await worker.running(self.request(4, source: changed))
        #expect(old != new)
        let listed = try await worker.pipelines()
        #expect(listed.map(\.id) == [new])
        #expect(listed.first?.epoch == 4)
        #expect(listed.first?.source == changed)
        #expect(try await worker.call(.get, "/api/v1/pipelines/\(old)").status == 404)

        let late = try await worker.deploy(self.request(3))
        #expect(late.status == 409)
        #expect(try late.decoded(ErrorBody.self).code.rawValue == "stale_epoch")
        #expect(try await worker.pipelines().map(\.id) == [new])
        await worker.stop()
    }

    @Test func `a delete of an older epoch is refused`() async throws {
        let worker = try await TestWorker()
        let id = try await worker.running(self.request(4))
        let late = try await worker.call(.delete, "/api/v1/pipelines/\(id)?epoch=3")
        #expect(late.status == 409)
        #expect(try late.decoded(ErrorBody.self).code.rawValue == "stale_epoch")
        #expect(try await worker.pipelines().count == 1)
        #expect(try await worker.call(.delete, "/api/v1/pipelines/\(id)?epoch=4").status == 200)
        // Started anew, and deleted by someone who knows of a later assignment elsewhere.
        let again = try await worker.running(self.request(4))
        #expect(try await worker.call(.delete, "/api/v1/pipelines/\(again)?epoch=9").status == 200)
        #expect(try await worker.pipelines().isEmpty)
        await worker.stop()
    }

    @Test func `events and checkpoints for another epoch are refused`() async throws {
        let worker = try await TestWorker()
        let id = try await worker.running(self.request(4))
        let event = #"{"event_type":"Reading","fields":{"value":30}}"#
        func inject(_ epoch: String, batch: Bool = false) async throws -> TestWorker.Answer {
            try await worker.call(
                .post,
                "/api/v1/pipelines/\(id)/\(batch ? "events-batch" : "events")",
                batch ? #"{"events":[\#(event)]}"# : event,
                headers: [("Varpulis-Epoch", epoch)]
            )
        }
        #expect(try await inject("4").status == 200)
        #expect(try await inject("4", batch: true).status == 200)
        for late in [try await inject("3"), try await inject("5"), try await inject("3", batch: true)] {
            #expect(late.status == 409)
            let body = try late.decoded(ErrorBody.self)
            #expect(body.code.rawValue == "stale_epoch")
            #expect(body.epoch == 4)
        }
        #expect(try await inject("four").status == 400)
        for verb in ["checkpoint", "restore"] {
            let path = "/api/v1/pipelines/\(id)/\(verb)"
            #expect(try await worker.call(.post, "\(path)?epoch=3").status == 409)
            #expect(try await worker.call(.post, "\(path)?epoch=4").status == 501)
        }
        await worker.stop()
    }

    @Test func `an id of the caller's choice is kept, and given once`() async throws {
        let worker = try await TestWorker()
        var request = DeployPipelineRequest(name: "a", source: Programs.filter, id: "mine")
        #expect(try await worker.running(request) == "mine")
        #expect(try await worker.deploy(request).status == 200)
        request.name = "b"
        let taken = try await worker.deploy(request)
        #expect(taken.status == 409)
        #expect(try taken.decoded(ErrorBody.self).id == "mine")
        await worker.stop()
    }

    @Test func `many deploys of one place at once leave one pipeline, of the highest epoch`() async throws {
        let worker = try await TestWorker()
        await withTaskGroup(of: Void.self) { group in
            for epoch in (1...20).shuffled() {
                group.addTask { _ = try? await worker.deploy(self.request(UInt64(epoch))) }
            }
        }
        let listed = try await worker.pipelines()
        #expect(listed.map(\.epoch) == [20])
        #expect(listed.first?.status == .running)
        await worker.stop()
    }
}
