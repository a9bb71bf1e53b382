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
    /// Nil for a pipeline that is held against nobody.
    private let fence: Fence?
    private let logger: Logger

    private struct Contents {
        var sources: [MQTTSource] = []
        var sinks: Sinks?
        var owner: (any PipelineOwner)?
        var isClosing = false
    }

    private let contents = Mutex(Contents())

    init(
        _ wiring: Wiring,
        inbox: EventInbox,
        progress: PipelineProgress,
        surroundings: PipelineSurroundings,
        fence: Fence?,
        logger: Logger
    ) {
        self.wiring = wiring
        self.inbox = inbox
        self.progress = progress
        self.surroundings = surroundings
        self.fence = fence
        self.logger = logger
    }

    /// Opens the sinks and then the sources, or leaves it to the pipeline's owner to do so. Nil when the pipeline is already being stopped, or the system has no more
    /// descriptors to give.
    func open() -> Sinks? {
        let sinks: Sinks
        let owner: (any PipelineOwner)?
        var sources: [MQTTSource] = []
        do throws(MQTTError) {
            let hasSessions = !self.wiring.sources.isEmpty || !self.wiring.sinkConnections.isEmpty
            let sessionOwner: SessionOwner?
            if let fence, hasSessions {
                sessionOwner = try SessionOwner(fence, self.wiring, prefix: self.surroundings.clientIDPrefix)
            } else {
                sessionOwner = nil
            }
            owner = sessionOwner ?? self.fence.map { LeaseOwner($0) }
            sinks = try Sinks(
                self.wiring,
                workDirectory: self.surroundings.workDirectory,
                console: self.surroundings.console,
                progress: self.progress,
                owner: sessionOwner,
                logger: self.logger
            )
            let sinkCount = sinks.connections.count
            for (index, source) in self.wiring.sources.enumerated() {
                sources.append(
                    try MQTTSource(
                        source,
                        index: index,
                        inbox: self.inbox,
                        progress: self.progress,
                        onConnection: sessionOwner?.onConnection(sinkCount + index),
                        logger: self.logger
                    )
                )
            }
            try sessionOwner?.adopt(sinks.connections.map(\.client) + sources.map(\.client))
        } catch {
            self.logger.error("connections not opened", metadata: ["reason": "\(error)"])
            self.progress.failed(error.message)
            return nil
        }
        let isClosing = self.contents.withLock { contents in
            contents.sources = sources
            contents.sinks = sinks
            contents.owner = owner
            return contents.isClosing
        }
        guard !isClosing else {
            self.beginClose()
            return nil
        }
        owner?.start()
        return sinks
    }

    func beginClose() {
        let (sources, owner) = self.contents.withLock { contents in
            contents.isClosing = true
            return (contents.sources, contents.owner)
        }
        owner?.stop()
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
        // Last, so that nobody else claims the place before everything has left.
        (contents.owner as? SessionOwner)?.close()
    }

    var health: [ConnectorHealth] {
        let contents = self.contents.withLock { $0 }
        return contents.sources.map(\.health) + (contents.sinks?.health ?? [])
    }
}
