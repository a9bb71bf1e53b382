import ClusterAPI
import ClusterState
import Security

extension MetricsText {
    private static let prefix = "varpulis_cluster_"

    mutating func add(_ state: ClusterState) {
        let workers = state.workerCounts
        let name = Self.prefix + "workers_total"
        self.family(name, "gauge", "Workers by status.")
        self.sample(name, ["status": "ready"], workers.healthy)
        self.sample(name, ["status": "unhealthy"], workers.unhealthy)
        self.sample(name, ["status": "draining"], workers.draining)
        self.gauge(Self.prefix + "pipeline_groups_total", "Pipeline groups.", state.groupCount)
        let placements = state.groups.flatMap(\.placements)
        self.gauge(Self.prefix + "deployments_total", "Placements.", placements.count)
        let statuses = Self.prefix + "placements"
        self.family(statuses, "gauge", "Placements by status.")
        self.sample(statuses, ["status": "pending"], placements.count { $0.status == .pending })
        self.sample(statuses, ["status": "running"], placements.count { $0.status == .running })
        self.sample(statuses, ["status": "failed"], placements.count(where: \.status.isFailure))
        self.sample(statuses, ["status": "stopped"], placements.count { $0.status == .stopped })
    }

    mutating func add(_ sessions: SessionTable) {
        self.gauge(Self.prefix + "ws_connections", "Workers' sessions with this member.", sessions.count)
        self.counter(Self.prefix + "sessions_lost_total", "Sessions that broke off.", sessions.lostCount)
        let refused = Self.prefix + "sessions_refused_total"
        self.family(refused, "counter", "Sessions that did not come about.")
        let refusals = sessions.refusals
        for reason in SessionTable.Refusal.allCases {
            self.sample(refused, ["reason": reason.rawValue], refusals[reason] ?? 0)
        }
    }

    mutating func add(_ telemetry: Telemetry) {
        self.outcomes("deploy", telemetry.deploys, "How long deploys took, until all ran or the wait was over.")
        self.outcomes("migration", telemetry.migrations, "How long migrations took.")
        let migrations = Self.prefix + "migrations_total"
        self.family(migrations, "counter", "Migrations that have ended.")
        for (result, histogram) in telemetry.migrations.all {
            self.sample(migrations, ["result": result], histogram.cumulative.last ?? 0)
        }
        let sweep = Self.prefix + "health_sweep_duration_seconds"
        self.family(sweep, "histogram", "How long it took to look at all workers and placements.")
        for (workers, histogram) in telemetry.sweeps.all {
            self.histogram(sweep, ["workers_checked": workers], histogram)
        }
        self.add(telemetry.reconciling)
        self.counter(
            Self.prefix + "heartbeats_received_total",
            "Workers' words that reached this member.",
            telemetry.heartbeats.value
        )
        self.counter(
            Self.prefix + "heartbeats_relayed_total",
            "Those of them that it passed on to the leader.",
            telemetry.heartbeatsRelayed.value
        )
        self.add(telemetry.http)
    }

    private mutating func outcomes(_ what: String, _ outcomes: OutcomeTelemetry, _ help: String) {
        let name = Self.prefix + what + "_duration_seconds"
        self.family(name, "histogram", help)
        for (result, histogram) in outcomes.all { self.histogram(name, ["result": result], histogram) }
    }

    private mutating func add(_ reconciling: ReconcileTelemetry) {
        self.counter(Self.prefix + "reconcile_passes_total", "Looks at the whole.", reconciling.passes.value)
        let actions = Self.prefix + "reconcile_actions_total"
        self.family(actions, "counter", "What was decided, by kind.")
        self.sample(actions, ["kind": "propose"], reconciling.proposals.value)
        self.sample(actions, ["kind": "start"], reconciling.starts.value)
        self.sample(actions, ["kind": "stop"], reconciling.stops.value)
        let failures = Self.prefix + "reconcile_failures_total"
        self.family(failures, "counter", "What of it failed.")
        self.sample(failures, ["kind": "propose"], reconciling.failedProposals.value)
        self.sample(failures, ["kind": "start"], reconciling.failedStarts.value)
        self.sample(failures, ["kind": "stop"], reconciling.failedStops.value)
        self.gauge(
            Self.prefix + "reconcile_open_targets",
            "What was tried lately and may be tried again.",
            reconciling.openTargets
        )
        let oldest = Double(reconciling.oldestPending(at: .now).milliseconds) / 1_000
        self.gauge(
            Self.prefix + "reconcile_oldest_pending_seconds",
            "How long a placement has waited to run, at most.",
            oldest
        )
    }

    private mutating func add(_ http: HTTPTelemetry) {
        let requests = Self.prefix + "http_requests_total"
        let all = http.all.flatMap { series in
            series.classes.enumerated().compactMap { number, histogram in
                let count = histogram.cumulative.last ?? 0
                return count > 0 ? (series, "\(number + 1)xx", histogram, count) : nil
            }
        }
        self.family(requests, "counter", "Requests by method, route and class of status.")
        for (series, status, _, count) in all {
            self.sample(requests, ["method": series.method, "route": series.route, "status": status], count)
        }
        let durations = Self.prefix + "http_request_duration_seconds"
        self.family(durations, "histogram", "How long requests took.")
        for (series, status, histogram, _) in all {
            self.histogram(
                durations,
                ["method": series.method, "route": series.route, "status": status],
                histogram
            )
        }
        self.counter(
            Self.prefix + "http_forwarded_requests_total",
            "Requests that other members passed on to this one.",
            http.forwarded.value
        )
    }

    mutating func add(_ refusals: RefusalCounters) {
        let name = Self.prefix + "rejected_requests_total"
        self.family(name, "counter", "What was refused for the sake of safety, by cause.")
        for reason in RefusalCounters.Reason.allCases {
            self.sample(name, ["cause": reason.label], refusals[reason])
        }
    }

    mutating func add(_ usage: ProcessUsage) {
        self.gauge("process_resident_memory_bytes", "Memory that the process has in use.", usage.residentBytes)
        self.counter("process_cpu_seconds_total", "Processor time that it has used.", usage.cpuSeconds)
        self.gauge("process_start_time_seconds", "When it was started, since 1970.", usage.startSeconds)
    }
}
