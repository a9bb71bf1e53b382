import NIOCore
import RaftCore
import RaftTransport

extension NodeLoop {
    func take(_ request: Request) {
        switch request {
        case .propose(let payload, let timeout, let answer): self.propose(payload, timeout: timeout, answer)
        case .read(let mode, let timeout, let answer): self.read(mode, timeout: timeout, answer)
        case .readAtLeast(let index, let timeout, let answer): self.read(atLeast: index, timeout: timeout, answer)
        case .look(let answer): answer(self.local)
        case .call(let member, let body, let timeout, let answer):
            self.transport.call(member, body, timeout: timeout).whenComplete(answer)
        case .callLeader(let leader, let body, let timeout, let answer):
            self.call(leader: leader, body, timeout: timeout, answer)
        }
    }

    private func propose(
        _ payload: [UInt8],
        timeout: TimeAmount,
        _ answer: @escaping (Outcome<Void>) -> Void
    ) {
        if self.isStopped { return answer(.failure(.notAccepted(leader: nil))) }
        if payload.count > Entry.payloadBytesMax { return answer(.failure(.tooLarge)) }
        if self.writers.count >= self.limits.openProposalsMax { return answer(.failure(.overloaded)) }
        let id = ProposalID(self.newID())
        self.writers.add(answer, as: id, timeout: timeout)
        self.proposals.append(Proposal(id: id, payload: payload))
        if self.proposals.count < Self.gatheredMax || self.isInTurn { self.planDrain() } else { self.begin() }
    }

    /// Answers with the leader as soon as one is known, or with nil when the time is up.
    func leader(waiting timeout: TimeAmount, _ answer: @escaping (Result<NodeID?, ReadError>) -> Void) {
        if let leader = self.core.leader { return answer(.success(leader)) }
        guard self.leaderWatchers.count < self.limits.openWatchersMax else { return answer(.failure(.overloaded)) }
        self.leaderWatchers.add({ answer(.success($0)) }, as: self.newID(), timeout: timeout)
    }

    /// Asks a member for what only a leader can answer: given up as soon as another one is known to lead.
    private func call(
        leader: NodeID,
        _ body: ByteBuffer,
        timeout: TimeAmount,
        _ answer: @escaping (Result<ByteBuffer, any Error>) -> Void
    ) {
        let id = self.newID()
        self.leaderCalls[id] = (leader, answer)
        let loop = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.transport.call(leader, body, timeout: timeout).whenComplete { result in
            loop.value.leaderCalls.removeValue(forKey: id)?.answer(result)
        }
    }

    func giveUpCalls(butTo leader: NodeID) {
        for (id, call) in self.leaderCalls where call.leader != leader {
            self.leaderCalls[id] = nil
            call.answer(.failure(CallError.superseded))
        }
    }

    /// Wakes the caller when something beyond `index` is applied, or when the time is up.
    func applied(
        beyond index: LogIndex,
        waiting timeout: TimeAmount,
        _ wake: @escaping (Result<Void, ReadError>) -> Void
    ) {
        if self.isStopped || self.applied.index > index { return wake(.success(())) }
        guard self.applyWatchers.count < self.limits.openWatchersMax else { return wake(.failure(.overloaded)) }
        self.applyWatchers.add((index, { wake(.success(())) }), as: self.newID(), timeout: timeout)
    }

    var local: Reach {
        var staleness: Duration?
        if self.ask({ $0.roleName == .leader }) {
            staleness = .zero
        } else if let heard = self.leaderHeard {
            staleness = .nanoseconds((NIODeadline.now() - heard).nanoseconds)
        }
        return Reach(index: self.applied.index, term: self.applied.term, staleness: staleness)
    }
}
