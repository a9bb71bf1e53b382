import ClusterState
import Raft
import RaftCore
import RaftStorage

/// What applying a command gave. The HTTP library has a `Response` too; this is the other one's name.
typealias StateResponse = Response

/// The cluster's state as Raft's state machine: entries are encoded submissions.
struct ClusterMachine: StateMachine {
    var state = ClusterState()

    init() {}

    /// What applying an entry gave, and which entry it was.
    struct Response: Sendable {
        var outcome: Outcome
        var index: LogIndex
    }

    mutating func apply(_ payload: [UInt8], at index: LogIndex, time: LogTime) -> Response {
        do throws(DecodingFailure) {
            let submission = try Submission(decoding: payload)
            let outcome = self.state.apply(submission, index: index.rawValue, time: time.milliseconds)
            return Response(outcome: outcome, index: index)
        } catch {
            return Response(outcome: .unreadable(error), index: index)
        }
    }

    func encode(into snapshot: inout SnapshotWriter) throws {
        try self.state.encode(inPieces: Snapshot.chunkBytes) { try snapshot.write($0) }
    }

    init(restoring pieces: [[UInt8]]) throws {
        self.state = try ClusterState(decoding: pieces.count == 1 ? pieces[0] : Array(pieces.joined()))
    }
}
