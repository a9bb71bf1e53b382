import ClusterAPI
import Engine
import Security

/// `GET /metrics`: this worker's numbers, made anew for each scrape.
///
/// How many series there are is bounded by the pipelines that a worker may have and the types that their programs read.
struct WorkerMetricsPage {
    private var page = PrometheusText()
    private let pipelines: [RunningPipeline]
    private let counters: [PipelineProgress.Counters]

    var text: String { self.page.text }

    init(_ pipelines: [RunningPipeline], refusals: RefusalCounters, uptimeSeconds: Double) {
        self.pipelines = pipelines
        self.counters = pipelines.map(\.progress.counters)
        self.addWhole(uptimeSeconds)
        self.addEvents()
        self.addShares()
        self.addFailures()
        self.page.family(
            "varpulis_rejected_requests_total",
            .counter,
            "What was refused for the sake of safety, by cause.",
            RefusalCounters.Reason.allCases.map { ([("cause", $0.label)], UInt64(refusals[$0])) }
        )
        self.addProcess()
    }

    private mutating func addWhole(_ uptimeSeconds: Double) {
        var statuses: [String: Int] = ["running": 0]
        for pipeline in self.pipelines {
            let status = pipeline.progress.phase.status
            statuses[status.errorMessage == nil ? status.rawValue : "error", default: 0] += 1
        }
        self.page.family(
            "varpulis_pipelines",
            .gauge,
            "Pipelines by status.",
            statuses.sorted { $0.key < $1.key }.map { ([("status", $0.key)], $0.value) }
        )
        self.page.single(
            "varpulis_active_streams",
            .gauge,
            "Streams of all pipelines.",
            self.pipelines.reduce(0) { $0 + $1.streamCount }
        )
        self.page.single("varpulis_uptime_seconds", .gauge, "Time since the worker started.", uptimeSeconds)
    }

    private mutating func addEvents() {
        var types: [String: UInt64] = [:]
        for (pipeline, counters) in zip(self.pipelines, self.counters) {
            for (type, count) in zip(pipeline.inputTypes + ["other"], counters.types.counts) where count > 0 {
                types[type, default: 0] += count
            }
        }
        self.page.family(
            "varpulis_events_total",
            .counter,
            "Events processed by type; other are those that no program reads.",
            types.sorted { $0.key < $1.key }.map { ([("event_type", $0.key)], $0.value) }
        )
        self.page.family("varpulis_events_processed", .counter, "Events processed.", self.each(\.eventsIn))
        self.page.single(
            "varpulis_events_processed_total",
            .counter,
            "Events processed by all pipelines.",
            self.counters.reduce(0) { $0 + $1.eventsIn }
        )
        self.page.family("varpulis_output_events_total", .counter, "Events emitted.", self.each(\.eventsOut))
        self.page.single(
            "varpulis_events_emitted_total",
            .counter,
            "Events emitted by all pipelines.",
            self.counters.reduce(0) { $0 + $1.eventsOut }
        )
        self.page.histograms(
            "varpulis_processing_latency_seconds",
            "How long batches took, from the engine's first look at them until what came of them was handed on.",
            zip(self.pipelines, self.counters).map { (Self.labels($0), $1.latency) }
        )
        self.page.family(
            "varpulis_stream_queue_size",
            .gauge,
            "Events that wait for the engine.",
            self.pipelines.map { (Self.labels($0), $0.queueLength) }
        )
    }

    private mutating func addShares() {
        self.page.family(
            "varpulis_pipeline_held_bytes",
            .gauge,
            "About what programs hold of the events so far.",
            zip(self.pipelines, self.counters).map { (Self.labels($0), $1.heldBytes) }
        )
        self.page.family(
            "varpulis_stream_state_bytes",
            .gauge,
            "About what streams hold of the events so far.",
            self.eachStream(\.bytes)
        )
        self.page.family(
            "varpulis_stream_open_runs",
            .gauge,
            "Partial matches of sequences and patterns that are open.",
            self.eachStream(\.runs)
        )
        self.page.family(
            "varpulis_stream_keys",
            .gauge,
            "Keys of which streams remember something.",
            self.eachStream(\.keys)
        )
        self.page.family(
            "varpulis_pipeline_full",
            .gauge,
            "1 while a pipeline takes no events because one of its streams holds as much as it may.",
            self.each { UInt64($0.fullStream == nil ? 0 : 1) }
        )
        self.page.family(
            "varpulis_pipeline_full_seconds_total",
            .counter,
            "How long pipelines took no events for that reason.",
            self.eachSeconds(\.waited)
        )
        self.page.family(
            "varpulis_pipeline_cpu_seconds_total",
            .counter,
            "Processor time that engines used.",
            self.pipelines.map { (Self.labels($0), $0.throttle.ranSeconds) }
        )
        self.page.family(
            "varpulis_pipeline_cpu_share",
            .gauge,
            "The share of one processor that an engine may use for now.",
            self.pipelines.map { (Self.labels($0), $0.throttle.share) }
        )
        self.page.family(
            "varpulis_pipeline_rested_seconds_total",
            .counter,
            "How long engines were held up so that others get their share.",
            self.pipelines.map { (Self.labels($0), $0.throttle.restedSeconds) }
        )
    }

    private mutating func addFailures() {
        self.page.family(
            "varpulis_events_rejected_total",
            .counter,
            "Messages that were no events, by reason.",
            self.eachReason { counters in counters.rejections.byCode.map { ("reason", $0.code.rawValue, $0.count) } }
        )
        self.page.family(
            "varpulis_values_cut_total",
            .counter,
            "Values and events that lost something because they had more than events may have.",
            self.each(\.cuts.total)
        )
        self.page.family(
            "varpulis_limits_reached_total",
            .counter,
            "How often programs met their limits.",
            self.eachReason { counters in counters.limits.reached.map { ("limit", $0.name, $0.count) } }
        )
        self.page.family(
            "varpulis_deliveries_failed_total",
            .counter,
            "Events that a sink did not take.",
            self.each(\.deliveriesFailed)
        )
        self.page.single(
            "varpulis_errors_total",
            .counter,
            "Messages that were no events, and events that a sink did not take.",
            self.counters.reduce(0) { $0 + $1.messagesRejected + $1.deliveriesFailed }
        )
        self.page.family(
            "varpulis_connector_healthy",
            .gauge,
            "1 for a connection that stands.",
            self.pipelines.flatMap { pipeline in
                // A connector may be read and written over connections of their own.
                var healthy: [String: Bool] = [:]
                for health in pipeline.connectorHealth {
                    let others = healthy[health.connectorName] ?? true
                    healthy[health.connectorName] = health.connected && others
                }
                return healthy.sorted { $0.key < $1.key }.map { connector, isHealthy in
                    (Self.labels(pipeline) + [("connector", connector)], isHealthy ? 1 : 0)
                }
            }
        )
    }

    private mutating func addProcess() {
        let usage = ProcessUsage.current
        self.page.single("process_resident_memory_bytes", .gauge, "Memory in use.", usage.residentBytes)
        self.page.single("process_cpu_seconds_total", .counter, "Processor time used.", usage.cpuSeconds)
        self.page.single("process_open_fds", .gauge, "Open descriptors.", usage.openDescriptors)
    }

    private static func labels(_ pipeline: RunningPipeline) -> PrometheusText.Labels {
        [("stream", pipeline.spec.name), ("pipeline_id", pipeline.spec.id)]
    }

    private func each(_ value: (PipelineProgress.Counters) -> UInt64) -> [(PrometheusText.Labels, UInt64)] {
        zip(self.pipelines, self.counters).map { (Self.labels($0), value($1)) }
    }

    private func eachSeconds(
        _ duration: (PipelineProgress.Counters) -> Duration
    ) -> [(PrometheusText.Labels, Double)] {
        zip(self.pipelines, self.counters).map { (Self.labels($0), duration($1) / .seconds(1)) }
    }

    private func eachStream(_ value: (StreamState) -> Int) -> [(PrometheusText.Labels, Int)] {
        zip(self.pipelines, self.counters).flatMap { pipeline, counters in
            counters.streamStates.map { (Self.labels(pipeline) + [("stream", $0.name)], value($0)) }
        }
    }

    private func eachReason(
        _ values: (PipelineProgress.Counters) -> [(label: String, value: String, count: UInt64)]
    ) -> [(PrometheusText.Labels, UInt64)] {
        zip(self.pipelines, self.counters).flatMap { pipeline, counters in
            values(counters).map { (Self.labels(pipeline) + [($0.label, $0.value)], $0.count) }
        }
    }
}
