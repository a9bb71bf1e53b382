import Logging
import RaftCore
import RaftTransport

extension NodeLoop {
    func noteStatus() {
        let before = self.status.consensus
        let (after, committed, offered) = self.ask { ($0.status, $0.committedMembership, $0.fetching?.membership) }
        self.status.consensus = after
        self.status.applied = self.applied
        self.status.openProposals = self.writers.count
        self.status.openReads = self.readers.count
        self.noteTransfer()
        if after.role != before.role || after.term != before.term || after.leader != before.leader {
            self.logger.info(
                "role",
                metadata: [
                    "role": "\(after.role)", "term": "\(after.term.rawValue)",
                    "leader": "\(after.leader.map(\.description) ?? "none")",
                ]
            )
            if after.role == .leader && before.role != .leader { self.status.electionsWon += 1 }
        }
        if after.membership != before.membership || committed != self.committed || offered != self.offered {
            self.knowPeers()
        }
        self.publish(self.status)
        self.noteSuccession(after)
        if let leader = after.leader, leader != before.leader { self.giveUpCalls(butTo: leader) }
        if let leader = after.leader { for answer in self.leaderWatchers.removeAll() { answer(leader) } }
    }

    /// Members are dialed where the newest membership says, and let in as the core says.
    func knowPeers() {
        self.committed = self.core.committedMembership
        self.offered = self.core.fetching?.membership
        let peers = self.peers.addresses(of: self.core.status.membership, offered: self.offered)
        self.transport.update(peers: peers, admitting: self.core.admissions)
    }

    /// How the connections are has changed.
    func noteTransport() {
        self.status.transport = self.transport.status
        self.publish(self.status)
    }
}
