import AsyncHTTPClient
import ClusterAPI
import ClusterState
import Logging
import NIOCore
import NIOHTTP1
import Raft

/// Tells whoever starts and ends workers what the cluster could do with, while this member leads.
struct ScalingWebhook: Sendable {
    let plane: ControlPlane
    /// Between two posts, whatever came of the first.
    static let cooldown = Duration.seconds(60)
    private static let timeout = TimeAmount.seconds(10)

    /// Runs until the task is cancelled.
    func run() async {
        guard let url = self.plane.configuration.scaling?.webhookURL else { return }
        var quietUntil = ContinuousClock.now
        while !Task.isCancelled {
            // Ends early only when the task does.
            try? await Task.sleep(for: self.plane.configuration.heartbeatInterval)
            guard self.plane.isLeader, ContinuousClock.now >= quietUntil else { continue }
            let advice = self.plane.scalingAdvice(await self.plane.node.local().machine.state)
            guard advice.action != .stable else { continue }
            quietUntil = .now + Self.cooldown
            await self.post(advice, to: url)
        }
    }

    /// The URL may have a secret in it, and stays out of the log.
    private func post(_ advice: ScalingAdvice, to url: String) async {
        do {
            var request = HTTPClientRequest(url: url)
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try APIJSON.encode(advice)))
            let response = try await self.plane.workers.client.execute(request, timeout: Self.timeout)
            self.plane.logger.info(
                "scaling advice sent",
                metadata: ["action": "\(advice.action.rawValue)", "status": "\(response.status.code)"]
            )
        } catch {
            self.plane.logger.warning(
                "scaling advice not sent",
                metadata: ["action": "\(advice.action.rawValue)", "reason": "\(type(of: error))"]
            )
        }
    }
}

extension ControlPlane {
    func scalingAdvice(_ state: ClusterState) -> ScalingAdvice {
        let workers = state.workers.count { $0.status == .ready }
        let pipelines = state.groups.reduce(0) { $0 + $1.placements.count }
        let decision = ScalingDecision(self.configuration.scaling, workers: workers, pipelines: pipelines)
        let action: ScalingAdvice.Action =
            switch decision.action {
            case .up: .scaleUp
            case .down: .scaleDown
            case .stable: .stable
            }
        return ScalingAdvice(
            action: action,
            currentWorkers: workers,
            targetWorkers: decision.target,
            reason: decision.reason,
            averagePipelines: workers > 0 ? Double(pipelines * 1_000 / workers) / 1_000 : 0,
            totalPipelines: pipelines,
            timestamp: HTTPDate.rfc3339()
        )
    }
}
