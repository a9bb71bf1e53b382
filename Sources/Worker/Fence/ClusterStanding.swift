import ClusterAPI
import Ownership

/// What a worker is in its cluster, for the pipelines that were placed on it.
struct ClusterStanding: Sendable {
    let workerID: String
    /// Tells this process from an earlier one of the same id.
    let incarnation: UInt64
    let coordinators: CoordinatorClient
    let confirmations: Confirmations

    private static let patience: Duration = .seconds(2)

    /// Whether an assignment is still this process's, in the eyes of any coordinator with a quorum.
    func standing(of place: PipelineSpec.Place, epoch: UInt64) async -> AssignmentAnswer {
        switch await self.coordinators.assignment(of: place, timeout: Self.patience) {
        case .assignment(let assignment):
            let isCurrent =
                assignment.epoch == epoch && assignment.workerID == self.workerID
                && assignment.incarnation == self.incarnation
            return isCurrent ? .current : .superseded
        case .noPlace: return .superseded
        case .noAnswer: return .none
        }
    }
}
