import ClusterState
import NIOCore
import Raft
import RaftCore
import RaftSessions
import RaftTransport

/// Opens a session, at the leader: here, or by asking the member that leads.
///
/// The request between members is the byte `B8`, the answer the session's id (8 bytes), or empty if the member that was
/// asked does not lead. Asking twice may open two, of which one is never used and expires.
enum SessionOpening {
    static let mark: UInt8 = 0xB8
    private static let timeout = Duration.seconds(2)

    static func ask(_ node: RaftNode<ClusterMachine>) async throws -> SessionID {
        let found: NodeID?
        do throws(ReadError) { found = try await node.leader(waiting: Self.timeout) } catch { throw error.consequence }
        guard let leader = found else { throw Unsettled.nothingDone }
        if leader == node.identity.node { return try await Self.open(at: node) }
        do {
            var answer = try await node.call(leader: leader, ByteBuffer(integer: Self.mark), timeout: Self.timeout)
            guard let id = answer.readInteger(as: UInt64.self) else { throw Unsettled.nothingDone }
            return SessionID(id)
        } catch let error as CallError where error == .congested {
            throw APIError.overloaded
        } catch {
            throw Unsettled.nothingDone
        }
    }

    private static func open(at node: RaftNode<ClusterMachine>) async throws -> SessionID {
        let outcome: Outcome
        do throws(ProposalError) {
            outcome = try await node.propose(Submission(.openSession).encoded(), timeout: Self.timeout).outcome
        } catch {
            if error == .overloaded { throw APIError.overloaded }
            throw Unsettled.nothingDone
        }
        guard case .applied(let receipt) = outcome, case .session(let id) = receipt.response else {
            throw Unsettled.nothingDone
        }
        return id
    }

    /// The leader's side.
    static func receive(_ node: RaftNode<ClusterMachine>) async -> ByteBuffer {
        do { return ByteBuffer(integer: try await Self.open(at: node).rawValue) } catch { return ByteBuffer() }
    }
}
