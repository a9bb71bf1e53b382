import ClusterAPI
import Synchronization

/// Somebody whose pipelines run here: sees no others, and may have and do only so much.
final class Tenant: Sendable {
    let id: String
    let name: String
    let quota: TenantQuota

    private struct State {
        var window: RateWindow
        /// Of pipelines that are gone.
        var eventsProcessed: UInt64 = 0
        var outputEventsEmitted: UInt64 = 0
        var isRemoved = false
    }

    private let state: Mutex<State>
    /// What its batches take in memory together, of what all tenants have: nobody's slow requests hold up those of others.
    let bodies = ByteBudget(bytes: 64 << 20)

    /// The tenant of the worker's own key, and of everyone where there is none.
    static let ownID = "default"

    init(id: String, name: String, quota: TenantQuota) {
        self.id = id
        self.name = name
        self.quota = quota
        self.state = Mutex(State(window: RateWindow(eventsMax: quota.eventsPerSecondMax)))
    }

    /// The quota of the worker's own tenant. It is not there to hold the operator up, so its rate is one that no worker
    /// reaches.
    static func own(pipelinesMax: Int) -> Tenant {
        Tenant(
            id: Self.ownID,
            name: Self.ownID,
            quota: TenantQuota(
                pipelinesMax: pipelinesMax,
                eventsPerSecondMax: 1_000_000_000,
                streamsPerPipelineMax: TenantQuota.enterprise.streamsPerPipelineMax
            )
        )
    }

    /// Whether it is gone: nothing begins for it any more.
    var isRemoved: Bool { self.state.withLock { $0.isRemoved } }

    func remove() { self.state.withLock { $0.isRemoved = true } }

    /// Counts events that go into a pipeline together. Returns how long to wait where they are too many for now.
    func admit(_ events: Int, at now: ContinuousClock.Instant = .now) -> Duration? {
        self.state.withLock { $0.window.admit(events, at: now) }
    }

    /// The same for the next ones of a stream, which may be slowed down.
    func admitNext(_ events: Int, at now: ContinuousClock.Instant = .now) -> Duration? {
        self.state.withLock { $0.window.admitNext(events, at: now) }
    }

    /// Keeps what a pipeline has done, which goes away.
    func retire(_ counters: PipelineProgress.Counters) {
        self.state.withLock { state in
            state.eventsProcessed += counters.eventsIn
            state.outputEventsEmitted += counters.eventsOut
        }
    }

    /// What it has done since the worker started.
    func usage(_ pipelines: [RunningPipeline]) -> TenantInfo.Usage {
        let retired = self.state.withLock { ($0.eventsProcessed, $0.outputEventsEmitted) }
        var usage = TenantInfo.Usage(
            eventsProcessed: retired.0,
            outputEventsEmitted: retired.1,
            activePipelines: pipelines.count
        )
        for pipeline in pipelines {
            let counters = pipeline.progress.counters
            usage.eventsProcessed += counters.eventsIn
            usage.outputEventsEmitted += counters.eventsOut
        }
        return usage
    }
}
