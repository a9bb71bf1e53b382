import RaftCore

// What a member may say: each message must say what is so.

extension ReferenceMember {
    mutating func check(_ messages: [Envelope]) throws(Violation) {
        var said = 0
        let roundBefore = self.office?.round ?? 0
        for envelope in messages {
            guard envelope.from == self.id else { throw self.broken("messages", envelope) }
            switch envelope.message {
            case .append(let request): try self.check(request, envelope)
            case .offer(let offer): try self.check(offer, envelope)
            case .readReply(let reply):
                guard reply.term == self.term else { throw self.broken("messages", envelope) }
                try self.answer(.remote(envelope.to, id: reply.id), reply.index, nil)
            case .readRequest(let request): try self.check(request, envelope)
            default:
                guard said < self.step.said.count, self.step.said[said] == envelope else {
                    throw self.broken("messages", envelope)
                }
                said += 1
            }
        }
        guard said == self.step.said.count else { throw self.silent(self.step.said[said].message.summary) }
        if self.step.asksLeader { throw self.silent("a question to the leader") }
        let isNewRound = self.office?.round ?? 0 > roundBefore
        let isOldOne = isNewRound && self.office?.mayHaveMissedRounds == true
        if self.step.beginsRound || (isNewRound && !isOldOne) { try self.checkRound(messages, roundBefore) }
        if isNewRound { self.office?.mayHaveMissedRounds = false }
    }

    /// A round goes to every follower.
    private func checkRound(_ messages: [Envelope], _ before: UInt64) throws(Violation) {
        guard let office = self.office, !office.followers.isEmpty else { return }
        guard office.round > before else { throw self.silent("a new round") }
        for follower in office.followers where !messages.contains(where: { $0.to == follower.id }) {
            throw self.silent("anything to \(follower.id)")
        }
    }

    /// A leader sends what follows what its follower may hold, in its own term, and says how far it has committed.
    private mutating func check(_ request: AppendRequest, _ envelope: Envelope) throws(Violation) {
        guard request.term == self.term, let match = self.noteRound(request.round, to: envelope.to),
            self.log.holds(request.previous), request.previous.index >= match,
            request.commit <= self.commit, request.commit >= self.step.commitBefore,
            request.entries.count <= self.pace.settings.appendEntriesMax
        else { throw self.broken("appends", envelope) }
        guard let first = request.entries.first else { return }
        guard first.position.index == request.previous.index.next, let place = self.log.place(of: first.position.index),
            place + request.entries.count <= self.log.slots.count
        else { throw self.broken("appends", envelope) }
        var bytes = 0
        for offset in request.entries.indices {
            guard request.entries[offset] == self.log.slots[place + offset].entry else {
                throw self.broken("appends", envelope)
            }
            bytes += request.entries[offset].weight
        }
        guard bytes <= self.pace.settings.appendBytesMax || request.entries.count == 1 else {
            throw self.broken("appends", envelope)
        }
    }

    /// A leader offers a snapshot of its own that the log goes on from, to somebody who lacks it.
    private mutating func check(_ offer: SnapshotOffer, _ envelope: Envelope) throws(Violation) {
        guard offer.term == self.term, let match = self.noteRound(offer.round, to: envelope.to),
            self.snapshots.contains(where: { $0 == offer.snapshot }), offer.snapshot.index > match
        else { throw self.broken("offers", envelope) }
        guard let place = self.office?.place(of: envelope.to) else { return }
        // Whoever pulls one goes on with that one as long as it is there: newer ones may come faster than chunks.
        if let begun = self.office?.followers[place].offered, begun != offer.snapshot.id,
            self.snapshots.contains(where: { $0.id == begun })
        {
            throw self.broken("offers", envelope)
        }
        self.office?.followers[place].offered = offer.snapshot.id
    }

    /// Rounds only go up. What the addressee has accepted; nil if this is nobody it may speak to, or an earlier round.
    private mutating func noteRound(_ round: UInt64, to member: NodeID) -> LogIndex? {
        guard let latest = self.office?.round, round >= latest else { return nil }
        if round > latest {
            self.office?.round = round
            self.office?.rounds.append((round, self.step.now))
        }
        if let place = self.office?.place(of: member) { return self.office?.followers[place].match }
        // In the step that ends its membership somebody may have been spoken to before.
        return self.membershipBefore.members.contains { $0.id == member } ? .zero : nil
    }

    /// The membership before the step's own change.
    private var membershipBefore: Membership {
        self.memberships[max(0, self.memberships.count - 2)].membership
    }

    /// Each question is a new one, about everything that waits.
    private mutating func check(_ request: ReadRequest, _ envelope: Envelope) throws(Violation) {
        guard self.step.asksLeader, envelope.to == self.leader, request.term == self.term,
            self.questionsAsked.insert(request.id).inserted
        else { throw self.broken("questions", envelope) }
        self.step.asksLeader = false
        self.question = (request.id, self.step.now.adding(self.pace.timeoutMin / 2))
        for place in self.asks.indices { self.asks[place].isAsked = true }
    }

    private func broken(_ rule: String, _ envelope: Envelope) -> Violation {
        Violation(
            invariant: "refinement: \(rule)",
            detail: "member \(self.id) says to \(envelope.to): \(envelope.message.summary)"
        )
    }

    private func silent(_ what: String) -> Violation {
        Violation(invariant: "refinement: messages", detail: "member \(self.id) does not say \(what)")
    }
}
