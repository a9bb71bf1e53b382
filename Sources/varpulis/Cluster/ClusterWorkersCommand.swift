import ArgumentParser
import ClusterAPI
import Coordinator

struct ClusterWorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "List the workers of a cluster.",
        discussion: """
            PIPELINES is how many are assigned to a worker, of how many it takes; EVENTS counts from its start. A worker \
            that was drained stays `draining` until that is taken back, or it is started again.
            """
    )

    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let workers: [WorkerInfo] = try await self.cluster.all("/workers")
        try self.cluster.show(workers, Self.table(workers))
    }

    private static func table(_ workers: [WorkerInfo]) -> String {
        if workers.isEmpty { return "There are no workers.\n" }
        let rows =
            [["ID", "STATUS", "PIPELINES", "CORES", "EVENTS", "ADDRESS", "LABELS"]]
            + workers.map { worker in
                [
                    worker.id, worker.status.rawValue, "\(worker.assignedPipelines.count)/\(worker.pipelinesMax)",
                    "\(worker.cpuCores)", "\(worker.eventsProcessed)", worker.address,
                    (worker.labels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
                        separator: ","
                    ),
                ]
            }
        return rows.aligned
    }
}

struct ClusterDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Have a worker's pipelines moved elsewhere, and wait until it is empty.",
        discussion: """
            The worker is given nothing more until --cancel takes the wish back, or it is started again. What has not \
            left when the time is up stays and goes on there; the same command tries again. A worker that is told to end \
            (SIGTERM) does this by itself.

            Exit codes: 0 the worker is empty, or the wish was taken back, 1 refused (with the reason), 2 wrong usage, \
            69 no coordinator answers, 75 the worker is not empty yet, or nobody knows: look again.
            """
    )

    /// The longest that a coordinator takes for it.
    private static let secondsMax: UInt32 = 600

    @Argument(help: "The worker's id, from `varpulis cluster workers`.")
    var worker: String
    @Option(help: ArgumentHelp("How long its pipelines may take to leave, 600 at most.", valueName: "seconds"))
    var timeout: UInt32 = 30
    @Flag(help: "Take the wish back. What has left does not come back by itself.")
    var cancel = false
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        if self.worker.isEmpty { throw ValidationError("A worker's id is not empty.") }
        guard self.timeout <= Self.secondsMax else {
            throw ValidationError("--timeout is 0 to \(Self.secondsMax) seconds.")
        }
    }

    func run() async throws {
        let path = "/workers/\(self.worker.asPathPart)/drain"
        if self.cancel {
            let worker: WorkerInfo = try await self.cluster.ask(.delete, path, below: ClusterCommand.path)
            let sentence = "Worker \(worker.id) is not drained any more: it is \(worker.status.rawValue)."
            try self.cluster.show(worker, sentence + "\n")
            return
        }
        let answer: DrainResponse = try await self.cluster.ask(
            .post,
            path,
            DrainRequest(timeoutSeconds: self.timeout),
            below: ClusterCommand.path,
            patience: .seconds(self.timeout)
        )
        let sentence =
            answer.pipelinesLeft == 0
            ? "Worker \(answer.workerID) is empty. Pipelines that left it: \(answer.pipelinesMigrated)."
            : "Worker \(answer.workerID) is not empty yet. Pipelines that left it: \(answer.pipelinesMigrated); that are "
                + "still there, and go on: \(answer.pipelinesLeft)."
        try self.cluster.show(answer, sentence + "\n")
        if answer.pipelinesLeft > 0 { throw ExitCode.temporaryFailure }
    }
}
