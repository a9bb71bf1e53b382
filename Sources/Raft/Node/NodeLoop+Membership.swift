import NIOCore
import RaftCore
import RaftTransport

extension NodeLoop {
    func change(
        _ change: MembershipChange,
        timeout: TimeAmount,
        _ answer: @escaping (Outcome<Membership>) -> Void
    ) {
        if self.isStopped { return answer(.failure(.notAccepted(leader: nil))) }
        if self.changers.count >= Membership.membersMax { return answer(.failure(.overloaded)) }
        let id = ProposalID(self.newID())
        self.changers.add(answer, as: id, timeout: timeout)
        self.post([.change(change, id, time: Self.wallClock())])
    }

    /// The first step of a change is committed.
    func changed(_ entry: Entry, by proposal: ProposalID) {
        guard let membership = Membership(decoding: entry.payload) else { return }  // the core has read it before
        self.changers.remove(proposal)?(.success(membership))
    }

    /// Hands the office over, and answers with who leads then; with nil if this member goes on leading, or nobody is
    /// known to lead when the time is up. A member that does not lead answers with who does.
    func transfer(to target: NodeID?, timeout: TimeAmount, _ answer: @escaping (NodeID?) -> Void) {
        guard !self.isStopped, self.core.status.role == .leader else { return answer(self.core.leader) }
        self.successionWatchers.add(answer, as: self.newID(), timeout: timeout)
        self.post([.transfer(to: target)])
    }

    func noteSuccession(_ status: Status) {
        guard self.successionWatchers.count > 0 else { return }
        if status.role == .leader {
            guard status.successor == nil else { return }  // under way
        } else if status.leader == nil {
            return
        }
        let leader = status.role == .leader ? nil : status.leader
        for answer in self.successionWatchers.removeAll() { answer(leader) }
    }
}
