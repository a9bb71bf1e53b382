import ClusterAPI
import ClusterControl
import ClusterState

// The replicated state in the words of the API. Nothing else goes in, so members at the same index say the same.

extension ClusterState {
    /// The names of the pipelines that each worker is to run, in the order of their groups' ids.
    var assignedPipelines: [WorkerID: [String]] {
        var assigned: [WorkerID: [String]] = [:]
        for group in self.groups {
            for placement in group.placements {
                guard let worker = placement.worker else { continue }
                assigned[worker, default: []].append(group.key(of: placement).name)
            }
        }
        return assigned
    }

    /// - Parameter assigned: `assignedPipelines`, worked out once for many workers.
    func info(
        _ worker: Worker,
        _ report: WorkerReports.Report?,
        assigned: [WorkerID: [String]]? = nil
    ) -> WorkerInfo {
        WorkerInfo(
            id: worker.id.rawValue,
            address: worker.address,
            status: worker.status.wire,
            pipelinesRunning: report?.heartbeat.pipelinesRunning ?? worker.assignedCount,
            pipelinesMax: worker.capacity.pipelinesMax,
            cpuCores: worker.capacity.cpuCores,
            assignedPipelines: (assigned ?? self.assignedPipelines)[worker.id] ?? [],
            eventsProcessed: report?.heartbeat.eventsProcessed ?? 0,
            labels: worker.labels.items.isEmpty
                ? nil
                : Dictionary(
                    worker.labels.items.map { ($0.key.rawValue, $0.value.rawValue) },
                    uniquingKeysWith: { first, _ in first }
                )
        )
    }

    func info(_ group: Group) -> PipelineGroupInfo { self.info(group) { _, _ in nil } }

    /// - Parameter progress: how far a placement at its epoch is that does not run, where anybody knows.
    func info(_ group: Group, _ progress: (PlacementKey, Epoch) -> PlacementProgress?) -> PipelineGroupInfo {
        PipelineGroupInfo(
            id: group.id.rawValue,
            name: group.spec.name.rawValue,
            status: group.status.wire,
            pipelineCount: group.spec.pipelines.count,
            placements: group.placements.map { placement in
                let key = group.key(of: placement)
                let progress = progress(key, placement.epoch)
                return PlacementInfo(
                    pipelineName: key.name,
                    workerID: placement.worker?.rawValue ?? "",
                    workerAddress: self.address(of: placement),
                    pipelineID: placement.pipelineID,
                    status: placement.status.wire,
                    epoch: placement.epoch.rawValue,
                    reason: placement.status.reason ?? progress?.reason,
                    attempts: progress.flatMap { $0.attempts > 0 ? $0.attempts : nil }
                )
            },
            sources: Dictionary(
                group.spec.pipelines.map { ($0.name.rawValue, $0.source) },
                uniquingKeysWith: { first, _ in first }
            ),
            generation: group.generation,
            update: group.phase.wire
        )
    }

    func address(of placement: Placement) -> String {
        placement.worker.flatMap { self.worker($0)?.address } ?? ""
    }

    var topology: Topology {
        let groups = self.groups
        var groupNames: [WorkerID: [String]] = [:]
        for group in groups {
            for worker in group.placements.compactMap(\.worker) {
                groupNames[worker, default: []].append(group.spec.name.rawValue)
            }
        }
        return Topology(
            workers: self.workers.map { worker in
                Topology.Worker(
                    id: worker.id.rawValue,
                    address: worker.address,
                    status: worker.status.wire,
                    pipelineGroups: groupNames[worker.id] ?? []
                )
            },
            routes: groups.flatMap(self.routes),
            groups: groups.map { group in
                Topology.Group(
                    groupID: group.id.rawValue,
                    groupName: group.spec.name.rawValue,
                    pipelines: group.placements.map { placement in
                        Topology.Pipeline(
                            name: group.key(of: placement).name,
                            workerID: placement.worker?.rawValue ?? "",
                            workerAddress: self.address(of: placement)
                        )
                    },
                    routes: group.spec.routes.map(\.wire)
                )
            }
        )
    }

    /// One line for each pair of placed pipelines that a route connects.
    private func routes(of group: Group) -> [Topology.Route] {
        group.spec.routes.flatMap { route in
            group.placements.filter { $0.pipeline.rawValue == route.from && $0.worker != nil }.flatMap { source in
                group.placements.filter { $0.pipeline.rawValue == route.to && $0.worker != nil }.map { target in
                    Topology.Route(
                        sourceWorker: source.worker?.rawValue ?? "",
                        sourcePipeline: group.key(of: source).name,
                        targetWorker: target.worker?.rawValue ?? "",
                        targetPipeline: group.key(of: target).name
                    )
                }
            }
        }
    }

    var workerCounts: Health.WorkerCounts {
        let workers = self.workers
        return Health.WorkerCounts(
            total: workers.count,
            healthy: workers.count { $0.status == .ready },
            unhealthy: workers.count { $0.status == .unhealthy },
            draining: workers.count { $0.status == .draining || $0.status == .drained }
        )
    }
}

extension ClusterState.Worker.Status {
    var wire: WorkerStatus {
        switch self {
        case .registering: .registering
        case .ready: .ready
        case .unhealthy: .unhealthy
        // The contract has no word for a worker whose drain has come to its end.
        case .draining, .drained: .draining
        }
    }
}

extension ClusterState.Group.Phase {
    var wire: GroupUpdateInfo? {
        switch self {
        case .settled: nil
        case .updating: GroupUpdateInfo(phase: .updating)
        case .rolledBack(let reason): GroupUpdateInfo(phase: .rolledBack, reason: reason)
        }
    }
}

extension ClusterState.Group.Status {
    var wire: GroupStatus {
        switch self {
        case .deploying: .deploying
        case .running: .running
        case .partiallyRunning: .partiallyRunning
        case .failed: .failed
        }
    }
}

extension ClusterState.Placement.Status {
    var wire: PlacementStatus {
        switch self {
        case .pending: .deploying
        case .running: .running
        case .failed: .failed
        case .stopped: .stopped
        }
    }

    /// Why it failed, if it did.
    var reason: String? {
        if case .failed(let reason) = self { reason } else { nil }
    }
}

extension ClusterState.Route {
    var wire: RouteSpec {
        RouteSpec(fromPipeline: self.from, toPipeline: self.to, eventTypes: self.eventTypes, mqttTopic: self.topic)
    }
}

extension PipelineGroupSpec {
    var state: ClusterState.GroupSpec {
        ClusterState.GroupSpec(
            name: GroupName(self.name),
            pipelines: self.pipelines.map { pipeline in
                ClusterState.PipelineSpec(
                    name: PipelineName(pipeline.name),
                    source: pipeline.source,
                    workerAffinity: pipeline.workerAffinity.map { WorkerID($0) },
                    replicas: pipeline.replicas,
                    partitionKey: pipeline.partitionKey,
                    labels: Labels(pipeline.labels),
                    spread: pipeline.spread.map { Labels.Text($0) },
                    strategy: pipeline.strategy.map { StrategyName($0) }
                )
            },
            routes: self.routes.map { route in
                ClusterState.Route(
                    from: route.fromPipeline,
                    to: route.toPipeline,
                    eventTypes: route.eventTypes,
                    topic: route.mqttTopic
                )
            },
            strategy: self.strategy.map { StrategyName($0) },
            broker: self.broker.map { ConnectorName($0) }
        )
    }
}
