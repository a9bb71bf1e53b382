import Testing

@testable import RaftCore
@testable import RaftSimulation

@Suite("Refinement")
struct RefinementTests {
    private func reply(_ message: Message, in term: UInt64, granted: Bool) -> Message {
        if case .preVoteReply = message { return .preVoteReply(VoteReply(term: Term(term), isGranted: granted)) }
        return .voteReply(VoteReply(term: Term(term), isGranted: granted))
    }

    private func request(_ term: UInt64, last: LogPosition = .zero) -> VoteRequest {
        VoteRequest(term: Term(term), last: last)
    }

    @Test("what the core does is what the rules say: an election, appends, reads, a change, a transfer, a restart")
    func honest() throws {
        var twins = try Twins()
        try twins.win()
        try twins.settle()
        try twins.propose(1)
        try twins.settle()
        try twins.step(.read(ReadID(1), .index))
        try twins.accept(from: 3, round: 5)
        for member: UInt32 in 2...3 { try twins.step(.met(NodeID(member), Incarnation(UInt64(member)))) }
        try twins.timeOut()
        try twins.settle()
        let change = MembershipChange.add(nil, incarnation: Incarnation(4), asVoter: false, replacing: nil)
        try twins.step(.change(change, ProposalID(2), time: LogTime(milliseconds: 7)))
        try twins.settle()
        #expect(twins.core.status.membership.members.map(\.id.rawValue) == [1, 2, 3, 4])
        try twins.step(.transfer(to: NodeID(2)))
        #expect(twins.core.status.successor == NodeID(2))
        let status = twins.core.status
        let entries = (1...status.last.index.rawValue).compactMap { twins.core.entry(at: LogIndex($0)) }
        try twins.restart(HardState(term: status.term, vote: status.vote), entries)
        try twins.timeOut()
    }

    // MARK: Elections

    @Test("a pre-vote raises no term")
    func preVoteRaisesTerm() throws {
        var twins = try Twins()
        finds("term") {
            try twins.hear(.preVoteRequest(self.request(1)), from: 2) { $0.status.term = Term(1) }
        }
    }

    @Test("no pre-vote while a leader is heard, nor for a shorter log")
    func preVoteRefused() throws {
        for wait: UInt64 in [0, 299_000_000] {
            var twins = try Twins(id: 2)
            try twins.append()
            twins.now += wait
            finds("messages") {
                try twins.hear(.preVoteRequest(self.request(2)), from: 3) { seen in
                    seen.effects.messages[0].message = self.reply(
                        .preVoteReply(.init(term: .zero, isGranted: true)),
                        in: 2,
                        granted: true
                    )
                }
            }
        }
        var twins = try Twins(id: 2)
        try twins.append([1])
        twins.now += 300_000_000
        finds("messages") {
            try twins.hear(.preVoteRequest(self.request(2)), from: 3) { seen in
                seen.effects.messages[0].message = .preVoteReply(VoteReply(term: Term(2), isGranted: true))
            }
        }
    }

    @Test("one vote a term, and none that the disk does not know of")
    func votes() throws {
        var twins = try Twins()
        finds("messages") {
            try twins.hear(.voteRequest(self.request(1)), from: 2) { seen in
                let reply = Message.voteReply(VoteReply(term: Term(1), isGranted: true))
                seen.effects.messages.append(Envelope(from: NodeID(1), to: NodeID(2), message: reply))
            }
        }
        twins = try Twins()
        try twins.hear(.voteRequest(self.request(1)), from: 2)
        try twins.persist()
        finds("messages") {
            try twins.hear(.voteRequest(self.request(1)), from: 3) { seen in
                seen.effects.messages[0].message = .voteReply(VoteReply(term: Term(1), isGranted: true))
            }
        }
    }

    @Test("only votes that came count")
    func unearnedOffice() throws {
        var twins = try Twins(members: 5)
        try twins.timeOut()
        finds("role") {
            try twins.hear(.preVoteReply(VoteReply(term: Term(1), isGranted: true)), from: 2) { seen in
                seen.status.role = .candidate
            }
        }
    }

    @Test("whoever comes on another disk than the log names is turned away, and nobody else")
    func admission() throws {
        var twins = try Twins()
        try twins.win()
        try twins.settle()
        try twins.step(.met(NodeID(2), Incarnation(2)))
        try twins.settle()
        for (disk, admission) in [(Incarnation(2), Admission.welcome), (Incarnation(9), .otherDisk)] {
            #expect(twins.core.admission(of: NodeID(2), disk) == admission)
            try twins.refinement.check(admission, of: NodeID(2), on: disk, at: 0)
            let other = admission == .welcome ? Admission.otherDisk : .welcome
            finds("admission") { try twins.refinement.check(other, of: NodeID(2), on: disk, at: 0) }
            finds("admission") { try twins.refinement.check(.removed, of: NodeID(2), on: disk, at: 0) }
        }
    }

    // MARK: The log

    @Test("a follower truncates only where logs differ, and commits only what an append has shown")
    func following() throws {
        var twins = try Twins(id: 2)
        try twins.append([1, 1, 1])
        finds("writes") {
            try twins.append([1]) { seen in
                seen.effects.writes.append(Write(id: WriteID(2), truncateFrom: LogIndex(2)))
            }
        }
        twins = try Twins(id: 2)
        try twins.append([1, 1, 1])
        finds("commit") {
            try twins.append([1], commit: 1) { seen in
                seen.status.commit = LogIndex(3)
                seen.effects.committed = LogIndex(3)
            }
        }
    }

    @Test("an append is accepted only once it is durable")
    func earlyAcceptance() throws {
        var twins = try Twins(id: 2)
        finds("messages") {
            try twins.append([1]) { seen in
                let reply = AppendReply(term: Term(1), round: 1, outcome: .accepted(match: LogIndex(1)))
                let envelope = Envelope(from: NodeID(2), to: NodeID(1), message: .appendReply(reply))
                seen.effects.messages.append(envelope)
            }
        }
    }

    @Test("a write holds what changed, no less")
    func incompleteWrite() throws {
        var twins = try Twins(id: 2)
        finds("writes") { try twins.append([1, 1]) { $0.effects.writes[0].entries.removeLast() } }
        twins = try Twins(id: 2)
        finds("writes") { try twins.append([1]) { $0.effects.writes[0].hardState = nil } }
    }

    @Test("a start finds what was durable, and nothing that never was")
    func restarts() throws {
        var twins = try Twins()
        try twins.hear(.voteRequest(self.request(1)), from: 2)
        try twins.persist()
        var same = twins
        try same.restart(HardState(term: Term(1), vote: NodeID(2)))
        finds("restart") { try twins.restart(HardState(term: Term(1))) }
        finds("restart") { try twins.restart(HardState(term: Term(2), vote: NodeID(1))) }
        twins = try Twins()
        try twins.hear(.voteRequest(self.request(1)), from: 2)
        var lost = twins
        try lost.restart(HardState())
        try twins.restart(HardState(term: Term(1), vote: NodeID(2)))
    }

    // MARK: Leading

    private func leader() throws -> Twins {
        var twins = try Twins()
        try twins.win()
        try twins.settle()
        return twins
    }

    @Test("nothing is committed without a quorum, and a rejection matches nothing")
    func commitment() throws {
        var twins = try self.leader()
        finds("commit") {
            try twins.propose(1) { seen in
                seen.status.commit = seen.status.last.index
                seen.effects.committed = seen.status.commit
            }
        }
        twins = try self.leader()
        try twins.propose(1)
        let outcome = AppendReply.Outcome.rejected(previous: LogIndex(2), hint: .zero)
        finds("match") {
            try twins.hear(.appendReply(.init(term: Term(1), round: 1, outcome: outcome)), from: 2) { seen in
                seen.status.followers[0].match = seen.status.last.index
            }
        }
    }

    @Test("a leader says what is so, to everybody, and takes commands in order")
    func appends() throws {
        func doctored(_ change: (inout AppendRequest) -> Void) throws {
            var twins = try self.leader()
            try twins.propose(1) { seen in
                guard let place = seen.effects.messages.indices.first,
                    case .append(var request) = seen.effects.messages[place].message
                else { return }
                change(&request)
                seen.effects.messages[place].message = .append(request)
            }
        }
        try doctored { _ in }
        finds("appends") { try doctored { $0.commit = $0.commit.next } }
        finds("appends") { try doctored { $0.term = Term(2) } }
        finds("appends") { try doctored { $0.previous.term = .zero } }
        finds("appends") { try doctored { $0.entries[0].payload = [9] } }
        finds("appends") { try doctored { $0.round = 0 } }
        var twins = try self.leader()
        finds("messages") { try twins.timeOut { $0.effects.messages.removeLast() } }
        twins = try self.leader()
        finds("log time") { try twins.propose(1) { $0.effects.writes[0].entries[0].time = LogTime(milliseconds: 6) } }
        twins = try self.leader()
        finds("writes") { try twins.propose(1) { $0.effects.writes[0].entries[0].position.term = .zero } }
    }

    @Test("a leader that hears of a newer term, or of nobody, goes at once")
    func stepDown() throws {
        var twins = try self.leader()
        finds("role") {
            let reply = AppendReply(term: Term(5), round: 0, outcome: .stale)
            try twins.hear(.appendReply(reply), from: 2) { $0.status.role = .leader }
        }
        twins = try self.leader()
        twins.now += 601_000_000
        finds("role") { try twins.step(.timer) { $0.status.role = .leader } }
    }

    @Test("a read is served after a round that began after it, and one that is owed an answer gets it")
    func reads() throws {
        var twins = try self.leader()
        finds("reads") {
            try twins.step(.read(ReadID(1), .index)) { seen in
                seen.effects.grantedReads.append(.init(read: ReadID(1), index: seen.status.commit))
            }
        }
        twins = try self.leader()
        try twins.step(.read(ReadID(1), .index))
        finds("reads") {
            try twins.accept(from: 2, round: 1) { seen in
                seen.effects.grantedReads.append(.init(read: ReadID(1), index: seen.status.commit))
            }
        }
        twins = try self.leader()
        try twins.step(.read(ReadID(1), .index))
        finds("reads") {
            try twins.hear(.appendReply(.init(term: Term(5), round: 0, outcome: .stale)), from: 2) { seen in
                seen.effects.refusedReads = []
            }
        }
    }

    @Test("memberships change one by one, voters by way of a joint phase, and newcomers get new ids")
    func memberships() throws {
        func doctored(_ change: MembershipChange, _ next: Membership) throws {
            var twins = try self.leader()
            for member: UInt32 in 2...3 { try twins.step(.met(NodeID(member), Incarnation(UInt64(member)))) }
            try twins.settle()
            try twins.step(.change(change, ProposalID(1), time: .zero)) { seen in
                seen.effects.writes[0].entries[0].payload = next.encoded()
            }
        }
        func members(_ ids: UInt32...) -> [Member] {
            ids.map { Member(id: NodeID($0), incarnation: $0 < 4 ? Incarnation(UInt64($0)) : nil) }
        }
        let add = MembershipChange.add(nil, incarnation: nil, asVoter: false, replacing: nil)
        let voters = [1, 2, 3].map { NodeID(UInt32($0)) }
        let honest = Membership(members: members(1, 2, 3, 4), voters: .stable(voters), greatestID: NodeID(4))
        try doctored(add, honest)
        let reused = Membership(members: members(1, 2, 3, 5), voters: .stable(voters), greatestID: NodeID(5))
        finds("membership") { try doctored(add, reused) }
        let atOnce = Membership(
            members: members(1, 2, 3, 4),
            voters: .stable(voters + [NodeID(4)]),
            greatestID: NodeID(4)
        )
        finds("membership") { try doctored(add, atOnce) }
        let direct = Membership(members: members(1, 2), voters: .stable([NodeID(1), NodeID(2)]), greatestID: NodeID(3))
        finds("membership") { try doctored(.remove(NodeID(3)), direct) }
    }

    @Test("the office goes to one that is as far as any, once it has everything")
    func handingOver() throws {
        var twins = try self.leader()
        try twins.propose(1)
        try twins.accept(from: 3)
        finds("successor") { try twins.step(.transfer(to: nil)) { $0.status.successor = NodeID(2) } }
        twins = try self.leader()
        try twins.propose(1)
        finds("messages") {
            try twins.step(.transfer(to: NodeID(2))) { seen in
                let message = Message.timeoutNow(TimeoutNow(term: Term(1)))
                seen.effects.messages.append(Envelope(from: NodeID(1), to: NodeID(2), message: message))
            }
        }
    }

    // MARK: Snapshots

    @Test("only what is committed is captured, the log is cut where the rules say, and nothing older is installed")
    func snapshots() throws {
        func snapshot(_ index: UInt64, _ twins: Twins) -> Snapshot {
            Snapshot(
                position: LogPosition(index: LogIndex(index), term: Term(1)),
                time: LogTime(milliseconds: 1),
                membership: twins.core.status.membership,
                size: 1,
                chunkCount: 1,
                digest: [UInt8(index)]
            )
        }
        var settings = Settings()
        settings.trailingEntries = 1
        var twins = try Twins(id: 2, settings: settings)
        try twins.append([1, 1, 1, 1], commit: 3)
        finds("log") {
            try twins.step(.captured(snapshot(3, twins))) { seen in
                seen.status.base = LogPosition(index: LogIndex(3), term: Term(1))
            }
        }
        twins = try Twins(id: 2, settings: settings)
        try twins.append([1, 1, 1, 1], commit: 3)
        finds("snapshots") {
            let old = snapshot(2, twins)
            try twins.hear(.offer(SnapshotOffer(term: Term(1), snapshot: old, round: 2)), from: 1) { seen in
                seen.effects.fetch = (old, NodeID(1))
            }
        }
        twins = try Twins(id: 2, settings: settings)
        let new = snapshot(9, twins)
        try twins.hear(.offer(SnapshotOffer(term: Term(1), snapshot: new, round: 2)), from: 1)
        finds("snapshots") { try twins.step(.fetched(new)) { $0.effects.install = nil } }
    }
}
