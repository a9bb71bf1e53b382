import ClusterState
import Raft
import RaftCore
import RaftStorage

/// What applying a command gave. The HTTP library has a `Response` too; this is the other one's name.
typealias StateResponse = Response

/// The cluster's state as Raft's state machine: entries are encoded commands.
struct ClusterMachine: StateMachine {
    var state = ClusterState()

    enum Outcome: Sendable {
        case answered(StateResponse)
        /// The entry is not a command this version knows. Every member of this version says the same.
        case undecodable(DecodingFailure)
    }

    init() {}

    mutating func apply(_ payload: [UInt8], at index: LogIndex, time: LogTime) -> Outcome {
        do throws(DecodingFailure) {
            let command = try Command(decoding: payload)
            return .answered(self.state.apply(command, index: index.rawValue, time: time.milliseconds))
        } catch {
            return .undecodable(error)
        }
    }

    func encode(into snapshot: inout SnapshotWriter) throws { try snapshot.write(self.state.encoded()) }

    init(restoring pieces: [[UInt8]]) throws { self.state = try ClusterState(decoding: Array(pieces.joined())) }
}
