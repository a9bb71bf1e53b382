import ClusterAPI
import Logging
import MQTT
import Synchronization

/// The connections of one running pipeline, from opening to closing.
final class Links: Sendable {
    private let wiring: Wiring
    private let inbox: EventInbox
    private let progress: PipelineProgress
    private let surroundings: PipelineSurroundings
    private let logger: Logger

    private struct Contents {
        var sources: [MQTTSource] = []
        var sinks: Sinks?
        var isClosing = false
    }

    private let contents = Mutex(Contents())

    init(
        _ wiring: Wiring,
        inbox: EventInbox,
        progress: PipelineProgress,
        surroundings: PipelineSurroundings,
        logger: Logger
    ) {
        self.wiring = wiring
        self.inbox = inbox
        self.progress = progress
        self.surroundings = surroundings
        self.logger = logger
    }

    /// Opens the sinks and then the sources. Nil when the pipeline is already being stopped, or the system has no more
    /// descriptors to give.
    func open() -> Sinks? {
        let sinks: Sinks
        var sources: [MQTTSource] = []
        do throws(MQTTError) {
            sinks = try Sinks(
                self.wiring,
                workDirectory: self.surroundings.workDirectory,
                console: self.surroundings.console,
                progress: self.progress,
                logger: self.logger
            )
            for (index, source) in self.wiring.sources.enumerated() {
                sources.append(
                    try MQTTSource(
                        source,
                        index: index,
                        inbox: self.inbox,
                        progress: self.progress,
                        logger: self.logger
                    )
                )
            }
        } catch {
            self.logger.error("connections not opened", metadata: ["reason": "\(error)"])
            self.progress.failed(error.message)
            return nil
        }
        let isClosing = self.contents.withLock { contents in
            contents.sources = sources
            contents.sinks = sinks
            return contents.isClosing
        }
        guard !isClosing else {
            self.beginClose()
            return nil
        }
        return sinks
    }

    func beginClose() {
        let sources = self.contents.withLock { contents in
            contents.isClosing = true
            return contents.sources
        }
        for source in sources { source.beginClose() }
    }

    func closeSinks(drainingAtMost drainTimeout: Duration) {
        self.contents.withLock { $0.sinks }?.close(drainingAtMost: drainTimeout)
    }

    func closeSources() {
        let contents = self.contents.withLock { $0 }
        // Opened after the sinks were closed, by an engine that had waited for its predecessor.
        contents.sinks?.close(drainingAtMost: .zero)
        for source in contents.sources { source.close() }
    }

    var health: [ConnectorHealth] {
        let contents = self.contents.withLock { $0 }
        return contents.sources.map(\.health) + (contents.sinks?.health ?? [])
    }
}
