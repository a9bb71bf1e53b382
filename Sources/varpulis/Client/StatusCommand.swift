import ArgumentParser
import ClusterAPI
import Worker

/// `varpulis status`
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what has been done at a worker, and what may be.",
        discussion: """
            Counts from the worker's start, of the pipelines that the key may see.

            \(WorkerOptions.exitCodes)
            """
    )

    @OptionGroup var worker: WorkerOptions

    func run() async throws {
        let usage = try await self.worker.ask(.get, "/usage", for: UsageResponse.self)
        try self.worker.show(
            usage,
            """
            Tenant: \(usage.tenantID)
            Pipelines: \(usage.activePipelines) of \(usage.quota.pipelinesMax)
            Events processed: \(usage.eventsProcessed)
            Output events emitted: \(usage.outputEventsEmitted)
            Events per second: up to \(usage.quota.eventsPerSecondMax)
            Streams per pipeline: up to \(usage.quota.streamsPerPipelineMax)

            """
        )
    }
}

/// `varpulis logs --pipeline-id ID`
struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Follow the output of a pipeline.",
        discussion: """
            A line for each event, until the pipeline or this command is ended: [timestamp] event_type data. Events that \
            came faster than they could be shown are counted on standard error.

            \(WorkerOptions.exitCodes)
            """
    )

    @Option(name: .customLong("pipeline-id"), help: "Which one (varpulis pipelines lists them).")
    var pipelineID: String
    @OptionGroup var worker: WorkerOptions

    func run() async throws {
        let path = "/pipelines/\(self.pipelineID.asPathPart)/logs"
        try await self.worker.follow(path) { line in
            guard line.hasPrefix("data: ") else { return }
            let text = String(line.dropFirst("data: ".count))
            guard case .object(let members) = try JSONValue(parsing: text.utf8) else { return }
            if case .string(let warning) = members["warning"] {
                StandardStream.error.write("Warning: \(warning)\n")
            } else if self.worker.json {
                StandardStream.output.write(text + "\n")
            } else {
                StandardStream.output.write(Self.line(members))
            }
        }
    }

    private static func line(_ members: [String: JSONValue]) -> String {
        func plain(_ name: String) -> String {
            guard case .string(let text) = members[name] else { return "" }
            return text
        }
        return "[\(plain("timestamp"))] \(plain("event_type")) \((members["data"] ?? .object([:])).text)\n"
    }
}
