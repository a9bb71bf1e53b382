import ClusterAPI
import ClusterControl
import ClusterState
import HTTPTypes
import Hummingbird
import OpenSSL
import Raft
import RaftCore

extension Routes {
    /// Moving pipelines between workers: what was begun is carried on by whoever leads.
    func addMigrations(to router: RouterGroup<APIContext>) {
        let led = router.add(middleware: LeaderGate(plane: self.plane, readsAnywhere: true))
        led.get("migrations") { request, context -> Response in
            try context.require(.viewer)
            let state = try await self.state(for: request)
            return .json(.ok, Page(try request.page, of: state.migrations, state.info))
        }
        led.get("migrations/:id") { request, context -> Response in
            try context.require(.viewer)
            let id = MigrationID(try context.parameter("id"))
            let state = try await self.state(for: request)
            guard let migration = state.migration(id) else { throw APIError(.notFound, "Migration not found") }
            return .json(.ok, state.info(migration))
        }
        led.delete("migrations/:id") { _, context -> Response in
            try context.require(.operator)
            let id = MigrationID(try context.parameter("id"))
            try await self.plane.propose(.cancelMigration(.init(migration: id)), for: context.attempt).check()
            let state = try await self.plane.state()
            guard let migration = state.migration(id) else { throw APIError(.notFound, "Migration not found") }
            return .json(.ok, state.info(migration))
        }
        led.post("pipelines/:group/:pipeline/migrate") { request, context -> Response in
            try context.require(.operator)
            let key = PlacementKey(
                group: GroupID(try context.parameter("group")),
                name: try context.parameter("pipeline")
            )
            let body = try await request.body(of: MigrateRequest.self)
            let id = try await self.migrate(key, to: WorkerID(body.targetWorkerID), for: context.attempt)
            let answer = MigrateResponse(migrationID: id.rawValue, pipeline: key.name, groupID: key.group.rawValue)
            return .json(.accepted, answer)
        }
        led.post("rebalance") { _, context -> Response in
            try context.require(.operator)
            return .json(.ok, RebalanceResponse(migrationIDs: try await self.rebalance()))
        }
    }

    private func migrate(
        _ key: PlacementKey,
        to target: WorkerID,
        for attempt: Attempt?
    ) async throws -> MigrationID {
        let state = try await self.plane.state()
        guard state.group(key.group) != nil else { throw APIError.groupNotFound(key.group.rawValue) }
        guard state.worker(target) != nil else { throw APIError.workerNotFound(target.rawValue) }
        guard let placement = state.placement(key) else { throw APIError(.notFound, "Pipeline not found: \(key)") }
        let command = Command.StartMigration(
            migration: MigrationID(try RandomUUID.text()),
            placement: key,
            from: placement.epoch,
            target: target,
            reason: .manual
        )
        switch try await self.plane.propose(.startMigration(command), for: attempt) {
        case .migration(let id, _): return id
        case .refused(.preconditionFailed(.workerUnavailable)):
            throw APIError(.conflict, .migrationFailed, "Migration failed: worker \(target) is not ready, or is full")
        case .refused(.invalid(let why)): throw APIError(.badRequest, .migrationFailed, "Migration failed: \(why)")
        case let answer:
            try answer.check()
            throw APIError.unexpected
        }
    }

    /// How many moves one rebalance begins; the next one goes on.
    private static let movesMax = 200

    private func rebalance() async throws -> [String] {
        let state = try await self.plane.state()
        let reports = self.plane.reports.all
        var counts: [PlacementKey: UInt64] = [:]
        for report in reports.values {
            let events = Dictionary(
                report.heartbeat.pipelineMetrics.map { ($0.pipelineName, $0.eventsIn) },
                uniquingKeysWith: max
            )
            for pipeline in report.heartbeat.pipelines ?? [] {
                guard let group = pipeline.groupID else { continue }
                counts[PlacementKey(group: GroupID(group), name: pipeline.name)] = events[pipeline.name]
            }
        }
        var started: [String] = []
        // Each names the epoch that it has seen, so a repetition moves nothing twice: none of them needs a token, and the
        // answer's is the only one.
        for move in Rebalancing.moves(in: state, eventCounts: counts).prefix(Self.movesMax) {
            // What has changed since the look is left alone; the next rebalance sees it.
            guard case .migration(let id, _) = try await self.plane.propose(.startMigration(move)) else { continue }
            started.append(id.rawValue)
        }
        return started
    }
}

extension ClusterState {
    func info(_ migration: Migration) -> MigrationInfo {
        let end = migration.finishedMilliseconds ?? self.time
        return MigrationInfo(
            id: migration.id.rawValue,
            pipelineName: migration.placement.name,
            groupID: migration.placement.group.rawValue,
            sourceWorker: migration.source.rawValue,
            targetWorker: migration.target.rawValue,
            status: migration.phase.wire,
            reason: migration.reason.wire,
            elapsedMilliseconds: end >= migration.startedMilliseconds ? end - migration.startedMilliseconds : 0
        )
    }
}

extension ClusterState.Migration.Phase {
    fileprivate var wire: String {
        switch self {
        case .checkpointing: "checkpointing"
        case .deploying: "deploying"
        case .restoring: "restoring"
        case .switching: "switching"
        case .cleaningUp: "cleaning_up"
        case .completed: "completed"
        case .failed(let reason): "failed: \(reason)"
        case .cancelled: "cancelled"
        }
    }
}

extension ClusterState.Migration.Reason {
    fileprivate var wire: String {
        switch self {
        case .failover: "failover"
        case .rebalance: "rebalance"
        case .drain: "drain"
        case .manual: "manual"
        case .connectorFailure: "connector_failure"
        }
    }
}
