import Testing

@testable import RaftCore

@Suite("Membership")
struct MembershipTests {
    let three = Membership(voters: [NodeID(1), NodeID(2), NodeID(3)])

    private func numbers(_ ids: [NodeID]) -> [UInt32] { ids.map(\.rawValue) }

    @Test("a new member begins as a learner under an id that was never used")
    func adding() throws {
        let one = try self.three.beginning(.add(nil, incarnation: nil, asVoter: true, replacing: nil))
        #expect(one.members.map(\.id.rawValue) == [1, 2, 3, 4])
        #expect(one.voters == self.three.voters)
        #expect(one.learners.map(\.id) == [NodeID(4)])
        #expect(one.member(NodeID(4))?.promotion == Member.Promotion())
        let without = try one.beginning(.remove(NodeID(4)))
        #expect(without.members == self.three.members)
        #expect(without.isRemoved(NodeID(4)))
        let next = try without.beginning(.add(nil, incarnation: Incarnation(9), asVoter: false, replacing: nil))
        #expect(next.member(NodeID(5)) == Member(id: NodeID(5), incarnation: Incarnation(9)))
    }

    @Test("a learner that takes a voter's place joins and the voter leaves in one joint change")
    func replacing() throws {
        let begun = try self.three.beginning(.add(nil, incarnation: nil, asVoter: true, replacing: NodeID(2)))
        let joint = try #require(begun.promoting(NodeID(4)))
        let old = self.three.futureVoters
        #expect(joint.voters == .joint(old: old, new: [NodeID(1), NodeID(3), NodeID(4)]))
        #expect(joint.isJoint && joint.isVoter(NodeID(2)) && joint.isVoter(NodeID(4)))
        let after = try #require(joint.leavingJoint())
        #expect(after.voters == .stable([NodeID(1), NodeID(3), NodeID(4)]))
        #expect(after.isRemoved(NodeID(2)))
        #expect(after.leavingJoint() == nil)
        #expect(after.promoting(NodeID(4)) == nil)
    }

    @Test("what can't be done is refused with its reason")
    func refusals() throws {
        let address = try PeerAddress("http://one:9100")
        let alone = Membership(members: [Member(id: NodeID(1), address: address)])
        #expect(throws: ChangeRefusal.lastVoter) { try alone.beginning(.remove(NodeID(1))) }
        #expect(throws: ChangeRefusal.unknownMember(NodeID(7))) { try alone.beginning(.remove(NodeID(7))) }
        #expect(throws: ChangeRefusal.unknownMember(NodeID(7))) { try alone.beginning(.promote(NodeID(7))) }
        #expect(throws: ChangeRefusal.isVoterAlready(NodeID(1))) { try alone.beginning(.promote(NodeID(1))) }
        #expect(throws: ChangeRefusal.addressTaken(by: NodeID(1))) {
            try alone.beginning(.add(address, incarnation: nil, asVoter: true, replacing: nil))
        }
        #expect(throws: ChangeRefusal.unknownMember(NodeID(5))) {
            try alone.beginning(.add(nil, incarnation: nil, asVoter: true, replacing: NodeID(5)))
        }
        // Whoever takes a member's place may have its address.
        let replacing = try alone.beginning(.add(address, incarnation: nil, asVoter: true, replacing: NodeID(1)))
        #expect(throws: ChangeRefusal.isBeingReplaced(NodeID(1), by: NodeID(2))) {
            try replacing.beginning(.add(nil, incarnation: nil, asVoter: true, replacing: NodeID(1)))
        }
        let joint = try #require(replacing.promoting(NodeID(2)))
        #expect(throws: ChangeRefusal.underWay) { try joint.beginning(.remove(NodeID(1))) }
    }

    @Test("there is an end to members and to voters")
    func limits() throws {
        let nine = Membership(voters: (1...9).map { NodeID($0) })
        #expect(throws: ChangeRefusal.tooManyMembers) {
            try nine.beginning(.add(nil, incarnation: nil, asVoter: true, replacing: nil))
        }
        var many = try nine.beginning(.add(nil, incarnation: nil, asVoter: false, replacing: nil))
        #expect(throws: ChangeRefusal.tooManyMembers) { try many.beginning(.promote(NodeID(10))) }
        while many.members.count < Membership.membersMax {
            many = try many.beginning(.add(nil, incarnation: nil, asVoter: false, replacing: nil))
        }
        #expect(throws: ChangeRefusal.tooManyMembers) {
            try many.beginning(.add(nil, incarnation: nil, asVoter: false, replacing: nil))
        }
    }

    @Test("learners that are to vote count as voters, so that no promotion can be one too many")
    func promisedVoters() throws {
        func joining(replacing replaced: NodeID? = nil) -> MembershipChange {
            .add(nil, incarnation: nil, asVoter: true, replacing: replaced)
        }
        let eight = Membership(voters: (1...8).map { NodeID($0) })
        let pending = try eight.beginning(joining())
        #expect(throws: ChangeRefusal.tooManyMembers) { try pending.beginning(joining()) }
        // Who takes a place that is taken makes nothing more, and keeps its own when the other goes by itself.
        let replacing = try Membership(voters: (1...9).map { NodeID($0) }).beginning(joining(replacing: NodeID(3)))
        let removed = try #require(try replacing.beginning(.remove(NodeID(3))).leavingJoint())
        #expect(throws: ChangeRefusal.tooManyMembers) { try removed.beginning(joining()) }
        let promoted = try #require(removed.promoting(NodeID(10)))
        #expect(Membership(decoding: promoted.encoded()) == promoted)
        #expect(promoted.futureVoters.count == Membership.votersMax)
    }

    @Test("the greatest membership there can be fits into what its description may take")
    func greatest() throws {
        var membership = Membership(members: [])
        for number in 1...Membership.membersMax {
            let host = String(repeating: "h", count: PeerAddress.hostBytesMax - 2) + "\(number % 90 + 10)"
            let address = try PeerAddress("https://\(host):65535")
            let change = MembershipChange.add(address, incarnation: Incarnation(1), asVoter: false, replacing: nil)
            membership = try membership.beginning(change)
        }
        #expect(membership.encoded().count <= Snapshot.encodedBytesMax - 100)
    }

    @Test("in the joint phase a majority of each half is needed")
    func jointQuorums() {
        let old = [1, 2, 3].map { NodeID($0) }
        let new = [3, 4, 5].map { NodeID($0) }
        let joint = Membership(
            members: (1...5).map { Member(id: NodeID($0)) },
            voters: .joint(old: old, new: new),
            greatestID: NodeID(5)
        )
        func hasQuorum(_ ids: Set<UInt32>) -> Bool { joint.hasQuorum { ids.contains($0.rawValue) } }
        #expect(!hasQuorum([1, 2]) && !hasQuorum([4, 5]) && !hasQuorum([1, 2, 3]) && !hasQuorum([3]))
        #expect(hasQuorum([1, 3, 4]) && hasQuorum([1, 2, 4, 5]))
        let reached: [UInt32: UInt64] = [1: 9, 2: 9, 3: 5, 4: 2, 5: 1]
        #expect(joint.quorumValue { reached[$0.rawValue] ?? 0 } == 2)
        #expect(Membership.unknown.quorumValue { _ in UInt64(1) } == nil)
        #expect(!Membership.unknown.hasQuorum { _ in true })
    }

    @Test("members are bound to their disks once, and only once")
    func binding() throws {
        let met = [NodeID(1): Incarnation(11), NodeID(3): Incarnation(13)]
        let bound = try #require(self.three.binding { met[$0] })
        #expect(bound.members.map(\.incarnation) == [Incarnation(11), nil, Incarnation(13)])
        #expect(bound.binding { _ in nil } == nil)
        #expect(bound.binding { $0 == NodeID(1) ? Incarnation(99) : nil } == nil)
    }

    @Test("a membership comes out of its bytes as it went in")
    func coding() throws {
        let address = try PeerAddress("https://[::1]:9100")
        var membership = Membership(members: [
            Member(id: NodeID(1), incarnation: Incarnation(.max), address: address), Member(id: NodeID(2)),
            Member(id: NodeID(7)),
        ])
        #expect(Membership(decoding: membership.encoded()) == membership)
        #expect(Membership(decoding: Membership.unknown.encoded()) == .unknown)
        membership = try membership.beginning(
            .add(nil, incarnation: Incarnation(5), asVoter: true, replacing: NodeID(2))
        )
        #expect(Membership(decoding: membership.encoded()) == membership)
        membership = try #require(membership.promoting(NodeID(8)))
        #expect(Membership(decoding: membership.encoded()) == membership)
    }

    @Test("damaged bytes are no membership, or another one, and never end the process")
    func damagedBytes() throws {
        var random = SeededGenerator(seed: 5)
        let address = try PeerAddress("http://a:1")
        let membership = try Membership(members: [Member(id: NodeID(1), address: address), Member(id: NodeID(2))])
            .beginning(.add(nil, incarnation: Incarnation(5), asVoter: true, replacing: NodeID(2)))
        let bytes = membership.encoded()
        for length in 0..<bytes.count { #expect(Membership(decoding: bytes[..<length]) == nil) }
        #expect(Membership(decoding: bytes + [0]) == nil)
        for _ in 0..<5_000 {
            var damaged = bytes
            for _ in 0...Int.random(in: 0...2, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let read = Membership(decoding: damaged) else { continue }
            #expect(Membership(decoding: read.encoded()) == read)
        }
    }
}
