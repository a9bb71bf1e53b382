public import Engine
import Foundation
public import Logging
import Threads
import UnixSignals

/// One program in the foreground, without a server: `varpulis run`.
public enum ForegroundPipeline {
    public struct Configuration: Sendable {
        /// What the program is called, also by its brokers.
        public var name: String
        public var clientIDPrefix = "varpulis"
        /// The folder in which the program may write files.
        public var workDirectory = "."
        /// What a stream may hold in memory, and what happens when it holds that.
        public var streamBudget = StateBudget()
        /// Told of the program's output, on the engine's thread; nil where nobody wants to know.
        public var onOutput: (@Sendable ([Event]) -> Void)?
        /// Told of each line of standard input that holds no event.
        public var onRejected: @Sendable (EventFileError, [UInt8]) -> Void
        /// What is for people goes to standard error, not to standard output.
        public var spares: Bool
        public var logger: Logger

        public init(
            name: String,
            spares: Bool,
            logger: Logger,
            onRejected: @escaping @Sendable (EventFileError, [UInt8]) -> Void
        ) {
            self.name = name
            self.spares = spares
            self.logger = logger
            self.onRejected = onRejected
        }
    }

    /// What was done.
    public struct Summary: Sendable {
        public let processed: UInt64
        public let emitted: UInt64
        public let messagesRejected: UInt64
        public let deliveriesFailed: UInt64
        public let limits: Pipeline.Limits
    }

    /// Why a program cannot be run.
    public struct Refusal: Error, CustomStringConvertible {
        public let description: String
    }

    /// Runs until the process is told to stop (SIGTERM or SIGINT) or, for a program that reads standard input and no
    /// broker, until that ends. Then what is on its way is finished and delivered.
    public static func run(_ plan: Plan, _ configuration: Configuration) async throws(Refusal) -> Summary {
        let spec = PipelineSpec(
            id: configuration.name,
            name: configuration.name,
            source: "",
            groupID: nil,
            epoch: 0,
            connectors: []
        )
        let workDirectory = WorkDirectory(configuration.workDirectory)
        let wiring: Wiring
        do throws(PipelineRefusal) {
            wiring = try Wiring(
                plan,
                spec: spec,
                prefix: configuration.clientIDPrefix,
                workDirectory: workDirectory,
                hasStandardInput: true
            )
        } catch {
            guard case .connector(let message) = error else { throw Refusal(description: "\(error)") }
            throw Refusal(description: message)
        }
        let end = Promise<Void>()
        let pipeline = RunningPipeline(
            spec,
            program: Program(plan, wiring),
            predecessor: nil,
            in: PipelineSurroundings(
                clientIDPrefix: configuration.clientIDPrefix,
                workDirectory: workDirectory,
                console: ConsoleWriter(descriptor: configuration.spares ? STDERR_FILENO : STDOUT_FILENO),
                onOutput: configuration.onOutput,
                budget: configuration.streamBudget,
                onPhaseChange: {},
                logger: configuration.logger
            )
        )
        _ = await pipeline.progress.engineDecided.value()
        if case .failed(let message) = pipeline.progress.phase {
            await pipeline.stop()
            throw Refusal(description: message)
        }
        if wiring.readsStandardInput || wiring.sources.isEmpty {
            let isAlone = wiring.sources.isEmpty
            _ = NamedThread(name: "stdin") {
                StandardInput.read(into: pipeline, configuration.onRejected)
                if isAlone { end.fulfil(()) }
            }
        }
        await withTaskGroup { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                    end.fulfil(())
                    return
                }
            }
            _ = await end.value()
            group.cancelAll()
        }
        await pipeline.stop()
        let counters = pipeline.progress.counters
        return Summary(
            processed: counters.eventsIn,
            emitted: counters.eventsOut,
            messagesRejected: counters.messagesRejected,
            deliveriesFailed: counters.deliveriesFailed,
            limits: counters.limits
        )
    }
}
