import ClusterAPI
import ClusterState
import Logging
import NIOCore
import Raft
import RaftCore
import RaftTransport

/// Tells the leader that a worker's session has broken off: here, or by a call to the member that leads.
///
/// The call is the byte `B9` and a JSON object, the answer the byte 1, or empty if the member that was asked does not
/// lead.
enum SessionLossCall {
    static let mark: UInt8 = 0xB9
    /// The leader's answer.
    private static let taken = ByteBuffer(integer: UInt8(1))
    private static let patience = Duration.seconds(1)
    /// A leader that has just died is known as such only after an election. Without any, the timeout judges.
    private static let attemptsMax = 16

    struct Body: Codable, Sendable {
        var worker: String
        var incarnation: UInt64
    }

    /// Tells it in a few seconds, or not at all: a task that is cancelled gives up at its next turn.
    static func tell(of worker: WorkerID, _ incarnation: WorkerIncarnation, _ plane: ControlPlane) async {
        let body = Body(worker: worker.rawValue, incarnation: incarnation.rawValue)
        for _ in 0..<Self.attemptsMax where !Task.isCancelled {
            if await self.tell(body, plane) { return }
            try? await Task.sleep(for: .milliseconds(250))  // ends early only when the task does
        }
        plane.logger.warning("no leader to tell of a lost session", metadata: ["worker": "\(worker)"])
    }

    private static func tell(_ body: Body, _ plane: ControlPlane) async -> Bool {
        guard let leader = plane.node.leadership.leader else { return false }
        if leader == plane.node.identity.node { return self.take(body, plane) }
        do {
            var call = ByteBuffer(integer: Self.mark)
            call.writeBytes(try APIJSON.encode(body))
            return try await plane.node.call(leader, call, timeout: Self.patience) == Self.taken
        } catch {
            return false
        }
    }

    private static func take(_ body: Body, _ plane: ControlPlane) -> Bool {
        guard plane.isLeader else { return false }
        plane.losses.note(WorkerID(body.worker), WorkerIncarnation(body.incarnation), in: plane.term)
        return true
    }

    /// The leader's side.
    static func receive(_ call: ByteBuffer, _ plane: ControlPlane) -> ByteBuffer {
        var call = call
        guard call.readInteger(as: UInt8.self) == Self.mark,
            let body = try? APIJSON.decode(Body.self, from: call.readableBytesView)  // a peer's; dropped if malformed
        else { return Self.taken }
        return self.take(body, plane) ? Self.taken : ByteBuffer()
    }
}
