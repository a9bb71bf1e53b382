import ArgumentParser
import ClusterAPI
import Foundation
import Worker

/// `varpulis deploy -f FILE`
struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Run a program at a worker.",
        discussion: """
            The worker checks the program first, and refuses one with errors.

              varpulis deploy -f readings.vpl -n readings --server http://127.0.0.1:9000

            \(WorkerOptions.exitCodes)
            """
    )

    @Option(name: [.short, .long], help: "The program.")
    var file: String
    @Option(name: [.short, .long], help: "What to call it (default: `name` in .varpulis.toml, or the file's name).")
    var name: String?
    @OptionGroup var worker: WorkerOptions

    func run() async throws {
        let source = try TextFile.read(self.file)
        let fileName = URL(filePath: self.file).deletingPathExtension().lastPathComponent
        let name = try self.name ?? self.worker.settings().deployName ?? fileName
        let answer = try await self.worker.ask(
            .post,
            "/pipelines",
            DeployPipelineRequest(name: name, source: source),
            for: DeployPipelineResponse.self
        )
        try self.worker.show(
            answer,
            "ID: \(answer.id)\nName: \(answer.name)\nStatus: \(answer.status.rawValue)\n"
        )
    }
}

/// `varpulis pipelines`
struct PipelinesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipelines",
        abstract: "List the pipelines of a worker.",
        discussion: "A line for each: id | name | status.\n\n\(WorkerOptions.exitCodes)"
    )

    @OptionGroup var worker: WorkerOptions

    func run() async throws {
        var pipelines: [PipelineInfo] = []
        var hasMore = true
        while hasMore {
            let page = try await self.worker.ask(
                .get,
                "/pipelines?limit=\(PageRequest.limitMax)&offset=\(pipelines.count)",
                for: Page<PipelineInfo>.self
            )
            pipelines += page.items
            hasMore = page.pagination.hasMore && !page.items.isEmpty
        }
        let lines = pipelines.map { "\($0.id) | \($0.name) | \($0.status.rawValue)\n" }
        try self.worker.show(pipelines, lines.joined())
    }
}

/// `varpulis undeploy --pipeline-id ID`
struct UndeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undeploy",
        abstract: "End a pipeline at a worker.",
        discussion: "Returns when nothing of it runs any more.\n\n\(WorkerOptions.exitCodes)"
    )

    @Option(name: .customLong("pipeline-id"), help: "Which one (varpulis pipelines lists them).")
    var pipelineID: String
    @OptionGroup var worker: WorkerOptions

    func run() async throws {
        let path = "/pipelines/\(self.pipelineID.asPathPart)"
        let answer = try await self.worker.ask(.delete, path, for: DeletedResponse.self)
        try self.worker.show(answer, "Deleted \(self.pipelineID)\n")
    }
}
