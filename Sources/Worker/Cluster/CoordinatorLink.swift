import AsyncHTTPClient
import ClusterAPI
import Logging
import ServiceLifecycle
import Synchronization

/// Keeps this worker known to its coordinators: registers, sends heartbeats over a session or, where none can be had,
/// over REST, and registers again when told that nobody knows it. Told to end, it first has its pipelines moved.
///
/// Losing all coordinators changes nothing for the pipelines: they go on, and the link keeps trying.
struct CoordinatorLink: Service {
    let client: CoordinatorClient
    let report: WorkerReport
    let session: SessionLink
    /// The base URL, known once the server listens.
    let address: Promise<String>
    let attention: Attention
    let confirmations: Confirmations
    let readiness: Readiness
    let drainTimeout: Duration
    let logger: Logger

    /// Between heartbeats, where the coordinator names no interval.
    private static let defaultInterval: Duration = .seconds(5)
    /// Of one registration with all coordinators.
    private static let registerTimeout: Duration = .seconds(6)
    /// At least so long after a registration comes the next one.
    private static let registrationDistance: Duration = .seconds(1)
    /// Many changes at once, as when a worker starts, are one heartbeat.
    static let gap: Duration = .milliseconds(50)
    /// Heartbeats over REST before another session is tried.
    private static let heartbeatsBetweenSessions = 6

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepKnown() }
            try? await gracefulShutdown()  // throws where the task is cancelled, and there is no time left then
            if !Task.isCancelled { await self.drain() }
            group.cancelAll()
        }
        if !Task.isCancelled { await self.leave() }
    }

    /// Until the task is cancelled.
    private func keepKnown() async {
        guard let address = await self.address.value() else { return }
        while let interval = await self.register(address) {
            let next = ContinuousClock.now + Self.registrationDistance
            await self.keepInTouch(interval)
            // One that takes a registration and knows nothing of it a moment later is not kept busy with it.
            try? await Task.sleep(until: next, clock: .continuous)  // ends early only when cancelled
        }
    }

    /// Registers, trying again after 1, 2, 4, 8, 16 and then every 30 seconds. The interval of heartbeats; nil when the
    /// task is cancelled.
    private func register(_ address: String) async -> Duration? {
        var pause = Duration.seconds(1)
        while !Task.isCancelled {
            let reason: String
            let sent = ContinuousClock.now
            switch await self.client.register(
                await self.report.registration(at: address),
                timeout: Self.registerTimeout
            ) {
            case .answered(let answer):
                let interval = answer.heartbeatIntervalSeconds.map { Duration.seconds(max(1, Int($0))) }
                let lease = answer.leaseMilliseconds.map { Duration.milliseconds(Int64($0)) }
                self.confirmations.confirmed(sentAt: sent, lease: lease)
                self.readiness.registered()
                self.logger.info(
                    "registered",
                    metadata: ["worker": "\(self.report.workerID)", "address": "\(address)"]
                )
                return interval ?? Self.defaultInterval
            case .unknownWorker: reason = "the coordinator has no such path"
            case .failed(let why): reason = why
            }
            self.logger.warning("not registered", metadata: ["reason": "\(reason)", "next": "\(pause)"])
            // Shortened at random, so that many workers do not come back at the same moment.
            try? await Task.sleep(for: pause * Double.random(in: 0.75...1))  // ends early only when cancelled
            pause = min(pause * 2, .seconds(30))
        }
        return nil
    }

    /// Until the coordinators say that they do not know this worker.
    private func keepInTouch(_ interval: Duration) async {
        while !Task.isCancelled {
            switch await self.session.hold() {
            case .unknownWorker: return self.logUnknown()
            case .ended: continue
            case .none: break
            }
            if await self.sendHeartbeats(every: interval) { return self.logUnknown() }
        }
    }

    private func logUnknown() { self.logger.warning("unknown to the coordinators, registering again") }

    /// Sends a few heartbeats over REST, at once, then at the interval and whenever something changed. True if the
    /// coordinators do not know this worker.
    private func sendHeartbeats(every interval: Duration) async -> Bool {
        var isAnswered = true
        for _ in 0..<Self.heartbeatsBetweenSessions where !Task.isCancelled {
            let beat = await self.report.heartbeat()
            let sent = ContinuousClock.now
            switch await self.client.heartbeat(beat, from: self.report.workerID, timeout: interval) {
            case .answered(let answer):
                if answer.confirmed == true {
                    let lease = answer.leaseMilliseconds.map { Duration.milliseconds(Int64($0)) }
                    self.confirmations.confirmed(sentAt: sent, lease: lease)
                }
                if isAnswered { break }
                self.logger.info("heartbeats are answered again")
                return false  // there is a coordinator again, so perhaps a session
            case .unknownWorker: return true
            case .failed(let reason):
                if isAnswered { self.logger.warning("heartbeats fail", metadata: ["reason": "\(reason)"]) }
                isAnswered = false
            }
            try? await Task.sleep(for: Self.gap)  // ends early only when cancelled
            // While nobody answers, somebody may any moment.
            let wait = isAnswered ? interval : min(interval, .seconds(1))
            await self.attention.next(within: wait * Double.random(in: 0.9...1))
        }
        return false
    }
}
