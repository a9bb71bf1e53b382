/// The leader hands its office to `target` (dissertation, section 3.10). Proposals are refused meanwhile.
struct Transfer: Sendable {
    let target: NodeID
    /// If nothing came of it by then, this member goes on leading.
    let deadline: Instant
    /// The target was told to stand.
    var isAsked = false
}

extension Leadership {
    /// Begins to hand over, to the voter that is furthest if nobody is named. A member that does not vote, or has not
    /// answered lately, can't win: then nothing happens.
    mutating func transfer(to chosen: NodeID?, _ ledger: Ledger, now: Instant, _ out: inout Effects) {
        guard self.transfer == nil else { return }
        let patience = ledger.settings.electionTimeoutMax.coreNanoseconds
        let able = self.followers.filter { follower in
            ledger.membership.futureVoters.contains(follower.id) && now.since(follower.progress.lastReply) <= patience
                && chosen ?? follower.id == follower.id
        }
        guard let best = able.max(by: { $0.progress.match < $1.progress.match }) else { return }
        self.transfer = Transfer(target: best.id, deadline: now.advanced(by: patience))
        self.reads.endLeases()
        self.handOver(ledger, &out)
    }

    /// Tells the target to stand as soon as it holds the whole log.
    mutating func handOver(_ ledger: Ledger, _ out: inout Effects) {
        guard let transfer = self.transfer, !transfer.isAsked,
            let place = self.place(of: transfer.target),
            self.followers[place].progress.match == ledger.log.last.index
        else { return }
        self.transfer?.isAsked = true
        ledger.send(.timeoutNow(TimeoutNow(term: ledger.term)), to: transfer.target, &out)
    }
}
