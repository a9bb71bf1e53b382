import ClusterAPI
import Foundation
import Testing

@testable import Worker

@Suite struct StateDirectoryTests {
    @Test func `pipelines run again after a restart`() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/state"
        let connectors = [Connector(name: "C", connectorType: "console", params: ["note": "secret"])]
        let first = try await TestWorker { $0.stateDirectory = path }
        let kept = try await first.running(
            DeployPipelineRequest(
                name: "kept",
                source: "stream S = Reading.where(value > 0).emit(value: value)\n",
                groupID: "g",
                epoch: 7,
                connectors: connectors
            )
        )
        let deleted = try await first.running(DeployPipelineRequest(name: "deleted", source: Programs.filter))
        _ = try await first.call(.delete, "/api/v1/pipelines/\(deleted)")
        _ = try await first.running(
            DeployPipelineRequest(name: "changed", source: Programs.filter, groupID: "g", epoch: 1)
        )
        let changed = try await first.running(
            DeployPipelineRequest(name: "changed", source: Programs.filter, groupID: "g", epoch: 2)
        )
        await first.stop()

        let second = try await TestWorker { $0.stateDirectory = path }
        let listed = try await second.pipelines().sorted { $0.name < $1.name }
        #expect(listed.map(\.id) == [changed, kept])
        #expect(listed.map(\.epoch) == [2, 7])
        #expect(listed.allSatisfy { $0.status == .running })
        let event = #"{"event_type":"Reading","fields":{"value":5}}"#
        let answer = try await second.call(.post, "/api/v1/pipelines/\(kept)/events", event)
        #expect(answer.body.contains(#""fields":{"value":5}"#))
        await second.stop()
    }

    @Test func `in a cluster only what was deployed past the coordinators runs again`() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/state"
        let coordinator = try await FakeCoordinator()
        let first = try await TestWorker { $0.stateDirectory = path }
        let placed = DeployPipelineRequest(name: "placed", source: Programs.filter, groupID: "g", epoch: 3)
        _ = try await first.running(placed)
        let own = try await first.running(DeployPipelineRequest(name: "own", source: Programs.filter))
        await first.stop()

        let second = try await TestWorker {
            $0.stateDirectory = path
            $0.coordinators = [coordinator.url]
        }
        let told = try #require(try await coordinator.heartbeat { $0.pipelines?.first?.status == .running })
        #expect(told.pipelines?.map(\.id) == [own])
        // Its place may be another's by now; the state directory does not bring it back either.
        await second.stop()
        let third = try await TestWorker { $0.stateDirectory = path }
        #expect(try await third.pipelines().map(\.id) == [own])
        await third.stop()
        await coordinator.stop()
    }

    @Test func `files are readable by their owner alone, and what is no pipeline stays and stops nothing`() async throws
    {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/state"
        let first = try await TestWorker { $0.stateDirectory = path }
        let id = try await first.running(DeployPipelineRequest(name: "a", source: Programs.filter))
        await first.stop()
        let file = "\(path)/\(id).pipeline.json"
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        // A write that was cut short, a file of nonsense, and a program that is refused now.
        try "{\"id\":".write(toFile: "\(file).new", atomically: false, encoding: .utf8)
        try "{\"id\":".write(toFile: "\(path)/broken.pipeline.json", atomically: false, encoding: .utf8)
        try String(contentsOfFile: file, encoding: .utf8).replacingOccurrences(of: "stream", with: "steam")
            .replacingOccurrences(of: id, with: "refused")
            .write(toFile: "\(path)/refused.pipeline.json", atomically: false, encoding: .utf8)

        let second = try await TestWorker { $0.stateDirectory = path }
        #expect(try await second.pipelines().map(\.id) == [id])
        await second.stop()
        #expect(FileManager.default.fileExists(atPath: "\(path)/broken.pipeline.json"))
        #expect(FileManager.default.fileExists(atPath: "\(path)/refused.pipeline.json"))
    }

    @Test func `a stop between writing a successor and removing its predecessor leaves the successor`() async throws {
        let folder = try TemporaryFolder()
        let store = try PipelineStore("\(folder.path)/state")
        for (id, epoch) in [("a", UInt64(2)), ("b", 5), ("c", 4)] {
            try store.save(
                PipelineSpec(id: id, name: "p", source: Programs.filter, groupID: "g", epoch: epoch, connectors: [])
            )
        }
        let registry = PipelineRegistry(store: store, surroundings: .forTests(), pipelinesMax: 10)
        try await registry.restore(inCluster: false)
        #expect(await registry.pipelines.map(\.spec.id) == ["b"])
        #expect(try store.load(TestWorker.quiet).map(\.id) == ["b"])
        await registry.stopAll()
    }

    @Test func `a directory serves one process at a time, and keeps the worker's id`() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/state"
        do {
            let store = try PipelineStore(path)
            #expect(throws: StateDirectoryError.self) { try PipelineStore(path) }
            #expect(store.workerID() == nil)
            try store.save(workerID: "w-1")
        }
        #expect(try PipelineStore(path).workerID() == "w-1")
        #expect(throws: StateDirectoryError.self) { try PipelineStore("\(folder.path)/no/such/parent") }
    }
}

extension PipelineSurroundings {
    static func forTests(onPhaseChange: @escaping @Sendable () -> Void = {}) -> PipelineSurroundings {
        PipelineSurroundings(
            clientIDPrefix: "test",
            workDirectory: WorkDirectory("."),
            console: ConsoleWriter(),
            onPhaseChange: onPhaseChange,
            logger: TestWorker.quiet
        )
    }
}
