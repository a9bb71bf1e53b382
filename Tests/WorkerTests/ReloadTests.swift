import ClusterAPI
import Foundation
import Testing

@testable import Worker

@Suite struct ReloadTests {
    private static func body(_ source: String) throws -> String {
        String(decoding: try APIJSON.encode(ReloadPipelineRequest(source: source)), as: UTF8.self)
    }

    @Test func `a pipeline gets another program, threshold included, and keeps its id`() async throws {
        let worker = try await TestWorker()
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: Programs.filter))
        let path = "/api/v1/pipelines/\(id)"
        let event = #"{"event_type":"Reading","fields":{"value":30}}"#
        #expect(try await worker.call(.post, path + "/events", event).body.contains("Hot"))

        let same = try await worker.call(.post, path + "/reload", try Self.body(Programs.filter))
        #expect(same.body == #"{"reloaded":true,"state_kept":true}"#)
        let higher = Programs.filter.replacingOccurrences(of: "> 10", with: "> 100")
        let answer = try await worker.call(.post, path + "/reload", try Self.body(higher))
        #expect(answer.status == 200)
        #expect(answer.body == #"{"reloaded":true,"state_kept":false}"#)
        #expect(
            try await worker.call(.post, path + "/events", event).body == #"{"accepted":true,"output_events":[]}"#
        )
        let shown = try await worker.call(.get, path).decoded(PipelineInfo.self)
        #expect(shown.source == higher)
        #expect(shown.status == .running)
        // What the program before has done still counts for its tenant.
        let usage = try await worker.call(.get, "/api/v1/usage").decoded(UsageResponse.self)
        #expect(usage.eventsProcessed == 2)
        #expect(usage.outputEventsEmitted == 1)
        await worker.stop()
    }

    @Test func `a program with errors changes nothing`() async throws {
        let worker = try await TestWorker()
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: Programs.filter))
        let path = "/api/v1/pipelines/\(id)"
        let answer = try await worker.call(.post, path + "/reload", try Self.body("stream A = Reading.where(value > )"))
        #expect(answer.status == 400)
        #expect(try answer.decoded(ErrorBody.self).diagnostics?.first?.column == 34)
        #expect(try await worker.call(.post, path + "/reload", "{}").status == 400)
        let event = #"{"event_type":"Reading","fields":{"value":30}}"#
        #expect(try await worker.call(.post, path + "/events", event).body.contains("Hot"))
        await worker.stop()
    }

    @Test func `a pipeline of the cluster is not changed past the coordinators`() async throws {
        let worker = try await TestWorker()
        let id = try await worker.running(
            DeployPipelineRequest(name: "p", source: Programs.filter, groupID: "g", epoch: 1)
        )
        let higher = Programs.filter.replacingOccurrences(of: "> 10", with: "> 100")
        let answer = try await worker.call(.post, "/api/v1/pipelines/\(id)/reload", try Self.body(higher))
        #expect(answer.status == 409)
        await worker.stop()
    }

    @Test func `the new program is what a restart runs, and one that is taken back is not`() async throws {
        let folder = try TemporaryFolder()
        let store = try PipelineStore("\(folder.path)/state")
        let registry = PipelineRegistry(store: store, surroundings: .forTests(), pipelinesMax: 10)
        let tenant = Tenant.own(pipelinesMax: 10)
        func program(_ spec: Worker.PipelineSpec) throws -> Program {
            try Program(spec, clientIDPrefix: "test", workDirectory: WorkDirectory("."))
        }
        let spec = Worker.PipelineSpec(
            id: "a",
            name: "a",
            source: Programs.filter,
            groupID: nil,
            epoch: 0,
            connectors: []
        )
        let first = try await registry.deploy(spec, try program(spec), for: tenant).pipeline
        let other = spec.replacing(source: Programs.filter.replacingOccurrences(of: "10", with: "11"))
        let second = try await registry.reload(first, other, try program(other), for: tenant)
        #expect(try store.load(TestWorker.quiet) == [other])
        #expect(await second.progress.engineDecided.value(within: .seconds(20)) != nil)
        #expect(first.progress.phase == .stopped)
        let third = try await registry.takeBack(second, to: spec, try program(spec), for: tenant)
        #expect(try store.load(TestWorker.quiet) == [spec])
        #expect(await third.progress.engineDecided.value(within: .seconds(20)) != nil)
        #expect(await registry.pipelines.map(\.spec) == [spec])
        // Whoever comes late does not replace what it never saw.
        await #expect(throws: PipelineRefusal.self) {
            try await registry.reload(first, other, try program(other), for: tenant)
        }
        await registry.stopAll()
    }
}
