import ClusterAPI
import NIOCore
import Raft
import RaftCore
import RaftTransport

extension ControlPlane {
    /// Who belongs to the cluster, as this member sees it.
    var members: RaftMembers {
        let consensus = self.node.status.consensus
        let membership = consensus.membership
        let addresses = self.node.addresses
        return RaftMembers(
            cluster: self.node.identity.cluster.description,
            term: consensus.term.rawValue,
            leaderID: consensus.leader?.rawValue,
            joint: membership.isJoint,
            members: membership.members.map { member in
                var shown = RaftMembers.Member(
                    id: member.id.rawValue,
                    address: (member.address ?? addresses[member.id])?.description,
                    role: membership.role(of: member.id),
                    incarnation: member.incarnation.map(\.hexadecimal),
                    promotes: member.promotion != nil,
                    replaces: member.promotion?.replaces?.rawValue,
                    isLeader: consensus.leader == member.id
                )
                shown.note(consensus)
                return shown
            }
        )
    }
}

extension RaftMembers.Member {
    /// What a leader knows of the member's progress.
    fileprivate mutating func note(_ consensus: Status) {
        guard consensus.role == .leader else { return }
        let match: LogIndex
        if self.id == consensus.id.rawValue {
            match = consensus.durable
            self.lastHeardMilliseconds = 0
            self.isFetchingSnapshot = false
        } else {
            guard let follower = consensus.followers.first(where: { $0.id.rawValue == self.id }) else { return }
            match = follower.match
            let now = NIODeadline.now().uptimeNanoseconds
            self.lastHeardMilliseconds = (now - min(now, follower.lastReply.nanoseconds)) / 1_000_000
            self.isFetchingSnapshot = follower.isFetchingSnapshot
        }
        self.match = match.rawValue
        self.lag = consensus.last.index.rawValue - min(match, consensus.last.index).rawValue
    }
}

extension Membership {
    fileprivate func role(of id: NodeID) -> RaftMembers.Member.Role {
        switch self.voters {
        case .stable(let voters): return voters.contains(id) ? .voter : .learner
        case .joint(let old, let new):
            if old.contains(id) { return new.contains(id) ? .voter : .leaving }
            return new.contains(id) ? .joining : .learner
        }
    }
}
