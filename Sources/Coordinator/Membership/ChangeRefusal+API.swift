import ClusterAPI
import HTTPTypes
import RaftCore

extension APIError {
    /// Why the members can't be changed like that, and what to do about it.
    init(_ refusal: ChangeRefusal, in membership: Membership) {
        switch refusal {
        case .underWay:
            self.init(
                .conflict,
                .changeUnderWay,
                "Another change of the members is under way, or the leader has only just been elected; try again in a "
                    + "moment",
                retryAfterSeconds: 1
            )
        case .unknownMember(let id):
            let known = membership.members.map { "\($0.id)" }.joined(separator: ", ")
            let why =
                membership.isRemoved(id)
                ? "Member \(id) was removed, and ids are not used again" : "There is no such member: \(id)"
            self.init(.notFound, .memberNotFound, "\(why). The members are \(known)")
        case .isVoterAlready(let id):
            self.init(.conflict, .votesAlready, "Member \(id) votes already; there is nothing to do")
        case .lastVoter:
            self.init(
                .conflict,
                .lastVoter,
                "Nobody would be left to vote. Add another voter first; to end a cluster, stop its last coordinator"
            )
        case .wouldLoseQuorum:
            self.init(
                .conflict,
                .wouldLoseQuorum,
                "Too few of the voters that would be left have answered lately, so the cluster would stand still. "
                    + "Bring the silent ones back, or remove them first"
            )
        case .tooManyMembers:
            self.init(
                .conflict,
                .tooManyMembers,
                "A cluster has at most \(Membership.votersMax) voters and \(Membership.membersMax) members; remove one "
                    + "first"
            )
        case .addressTaken(let other):
            let remedy =
                membership.isVoter(other)
                ? "If its disk is gone, let the newcomer replace it: varpulis raft replace \(other), or --replace "
                    + "\(other) beside --join" : "Remove that one first: varpulis raft remove \(other)"
            self.init(.conflict, .addressTaken, "Member \(other) is reached at that address. \(remedy)")
        case .isBeingReplaced(let id, let other):
            self.init(
                .conflict,
                .beingReplaced,
                "Member \(other) is on its way to take the place of member \(id). Wait for it, or remove it first"
            )
        }
        self.body.id = refusal.concerned.map { "\($0)" }
    }
}

extension ChangeRefusal {
    /// The existing member that stands in the way.
    fileprivate var concerned: NodeID? {
        switch self {
        case .addressTaken(let id), .isBeingReplaced(_, let id): id
        case .underWay, .unknownMember, .isVoterAlready, .lastVoter, .wouldLoseQuorum, .tooManyMembers: nil
        }
    }
}
