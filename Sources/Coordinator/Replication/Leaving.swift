import Logging
import Raft
public import RaftCore
import RaftTransport
import ServiceLifecycle

/// Gives the leader's office away before anything of this process is shut down: told of the end before the server is,
/// so that the others still reach it.
struct HandingOver: Service {
    let plane: ControlPlane

    func run() async throws {
        try await gracefulShutdown()
        guard self.plane.isLeader else { return }
        let successor = await self.plane.node.transfer(timeout: self.plane.configuration.raft.electionTimeoutMax)
        self.plane.logger.info("handed over", metadata: ["leader": "\(successor.map(\.description) ?? "none")"])
    }
}

/// Ends the process when the other members say that this one is not of their cluster: it can't come back under its id,
/// and whoever started it has to know.
struct ExpulsionWatch: Service {
    let plane: ControlPlane
    static let interval = Duration.milliseconds(500)

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if let reason = self.plane.node.status.expulsion {
                    throw Expulsion(member: self.plane.node.identity.node, reason: reason)
                }
                try? await Task.sleep(for: Self.interval)  // ends early only when the task does
            }
        }
    }
}

/// The cluster goes on without this member.
public struct Expulsion: Error, CustomStringConvertible {
    public var member: NodeID
    public var reason: Admission
    public var description: String {
        let wayBack =
            switch self.reason {
            case .otherDisk: "--replace \(self.member) beside --join URL, or with --join URL alone after that command"
            case .removed, .welcome: "--join URL"
            }
        return "The other coordinators turn this one away: \(self.reason.sentence(about: self.member)). To bring this "
            + "machine back, start it with an empty directory and \(wayBack)."
    }
}
