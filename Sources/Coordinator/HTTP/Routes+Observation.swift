import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird
import NIOCore
import Raft
import RaftCore
import RaftStorage

extension Routes {
    /// Answered without a key and without waiting for anybody.
    func addProbes(to router: RouteTable) {
        router.get("health") { _, _ -> Response in Response.json(.ok, await self.health()) }
        router.get("ready") { _, _ -> Response in
            // Ready means: a request sent here finds a leader.
            guard self.plane.node.status.consensus.leader != nil else {
                return Response.json(.serviceUnavailable, Readiness(status: "no_leader"))
            }
            return Response.json(.ok, Readiness())
        }
        router.get("metrics") { _, _ -> Response in await self.metricsPage() }
        router.get("raft/metrics") { _, _ -> Response in
            guard self.plane.configuration.isClustered else { throw APIError(.notFound, "Raft is not enabled") }
            return Response.json(.ok, self.metrics())
        }
        for path in ["raft/vote", "raft/append", "raft/snapshot"] {
            router.post(RouterPath(path)) { _, _ -> Response in
                throw APIError(.upgradeRequired, "Members speak frames after an upgrade at /raft/peer")
            }
        }
    }

    func addObservation(to router: RouterGroup<APIContext>) {
        router.get("raft") { _, _ -> Response in Response.json(.ok, self.raftStatus()) }
        let led = router.add(middleware: LeaderGate(plane: self.plane))
        led.get("summary") { request, context -> Response in
            try context.require(.viewer)
            let state = try await self.state(for: request)
            self.plane.rates.note(self.plane.reports.all)
            return .json(
                .ok,
                Summary(
                    workers: state.workerCounts,
                    pipelineGroupsTotal: state.groupCount,
                    pipelineGroupsActive: state.groups.count { $0.status == .running },
                    eventsProcessedTotal: self.eventsProcessed(state),
                    eventsPerSecond: self.plane.rates.perSecond(
                        since: .now - self.plane.configuration.heartbeatTimeout
                    )
                )
            )
        }
        led.get("scaling") { request, context -> Response in
            try context.require(.viewer)
            return .json(.ok, self.plane.scalingAdvice(try await self.state(for: request)))
        }
        led.get("metrics") { request, context -> Response in
            try context.require(.viewer)
            let reports = self.plane.reports.all.sorted { $0.key < $1.key }
            return .json(
                .ok,
                ClusterMetrics(
                    pipelines: reports.flatMap { worker, report in
                        report.heartbeat.pipelineMetrics.map {
                            ClusterMetrics.Pipeline(workerID: worker.rawValue, metrics: $0)
                        }
                    }
                )
            )
        }
    }

    /// The leader's page, asked of any member.
    func addPrometheus(to router: RouterGroup<APIContext>) {
        router.add(middleware: OpenDoor()).add(middleware: LeaderGate(plane: self.plane))
            .get("prometheus") { _, _ -> Response in await self.metricsPage() }
    }

    private func metricsPage() async -> Response {
        let state = await self.plane.node.local().machine.state
        return Response(
            status: .ok,
            headers: [.contentType: MetricsPage.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: MetricsPage(state, self.plane).text))
        )
    }

    func addTopology(to router: RouterGroup<APIContext>) {
        router.add(middleware: LeaderGate(plane: self.plane, readsAnywhere: true)).get("topology") {
            request,
            context -> Response in
            try context.require(.viewer)
            return Response.json(.ok, try await self.state(for: request).topology)
        }
    }

    private func health() async -> Health {
        let state = await self.plane.node.local().machine.state
        return Health(
            version: ProductVersion.current,
            workers: state.workerCounts,
            pipelineGroups: state.groupCount,
            activeMigrations: state.migrationCountUnderWay,
            totalEventsProcessed: self.eventsProcessed(state),
            lastHealthSweep: self.plane.lastSweep.value,
            websocketConnections: self.plane.sessions.count
        )
    }

    private func eventsProcessed(_ state: ClusterState) -> UInt64 {
        self.plane.reports.all.values.reduce(0) { $0 &+ $1.heartbeat.eventsProcessed }
    }

    private func metrics() -> RaftMetrics {
        let status = self.plane.node.status
        let consensus = status.consensus
        let applied = status.applied
        return RaftMetrics(
            id: consensus.id.rawValue,
            state: consensus.role.wire,
            currentTerm: consensus.term.rawValue,
            currentLeader: consensus.leader?.rawValue,
            lastApplied: applied.index == .zero
                ? nil
                : .init(
                    term: applied.term.rawValue,
                    nodeID: consensus.leader?.rawValue ?? 0,
                    index: applied.index.rawValue
                ),
            lastLogIndex: consensus.last.index == .zero ? nil : consensus.last.index.rawValue,
            membership: "voters: \(consensus.membership.futureVoters.map(\.description).joined(separator: ", "))"
        )
    }

    private func raftStatus() -> RaftStatus {
        guard self.plane.configuration.isClustered else { return .disabled }
        let consensus = self.plane.node.status.consensus
        let addresses = self.plane.node.addresses
        return RaftStatus(
            enabled: true,
            thisNodeID: consensus.id.rawValue,
            leaderID: consensus.leader?.rawValue,
            term: consensus.term.rawValue,
            commitIndex: consensus.commit.rawValue,
            nodes: consensus.membership.members.map { member in
                RaftStatus.Node(
                    id: member.id.rawValue,
                    address: (member.address ?? addresses[member.id])?.description ?? "unknown",
                    role: consensus.leader.map { $0 == member.id ? .leader : .follower } ?? .unknown,
                    isCurrent: member.id == consensus.id
                )
            }
        )
    }
}

/// Lets everybody in who may as well scrape the member itself.
private struct OpenDoor: RouterMiddleware {
    @concurrent func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.caller = context.caller ?? Caller(role: .viewer)
        return try await next(request, context)
    }
}

extension Status.RoleName {
    fileprivate var wire: RaftMetrics.State {
        switch self {
        case .leader: .leader
        case .follower: .follower
        case .preCandidate, .candidate: .candidate
        }
    }
}
