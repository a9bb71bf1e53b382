import RaftCore
import RaftTransport
import Testing

@testable import Raft

@Suite("Where members are reached")
struct PeerDirectoryTests {
    private static func address(_ name: String) throws -> PeerAddress { try PeerAddress("\(name):1") }

    private static func directory() throws -> PeerDirectory {
        PeerDirectory(own: NodeID(1), configured: [NodeID(2): try Self.address("b"), NodeID(3): try Self.address("c")])
    }

    @Test("a member that knows no cluster yet goes by what it was started with")
    func unknown() throws {
        let directory = try Self.directory()
        #expect(directory.addresses(of: .unknown) == directory.configured)
    }

    @Test("the cluster's log says where its members are; where it does not, the start does")
    func membership() throws {
        let membership = Membership(members: [
            Member(id: NodeID(1), address: try Self.address("own")), Member(id: NodeID(2)),
            Member(id: NodeID(4), address: try Self.address("d")), Member(id: NodeID(5)),
        ])
        let found = try Self.directory().addresses(of: membership)
        #expect(found == [NodeID(2): try Self.address("b"), NodeID(4): try Self.address("d")])
    }

    @Test("a member that was away finds those who lead now in the snapshot it is offered")
    func offered() throws {
        let stale = Membership(members: [Member(id: NodeID(1)), Member(id: NodeID(2))])
        let offered = Membership(members: [
            Member(id: NodeID(1)), Member(id: NodeID(7), address: try Self.address("g")),
        ])
        let found = try Self.directory().addresses(of: stale, offered: offered)
        #expect(found == [NodeID(2): try Self.address("b"), NodeID(7): try Self.address("g")])
        #expect(try Self.directory().addresses(of: .unknown, offered: offered) == [NodeID(7): Self.address("g")])
    }
}

@Suite("The status of a node")
struct NodeStatusTests {
    private static func status(
        voters: Int,
        refusedBy verdicts: [UInt32: Admission],
        hasBegunEmpty: Bool = false
    ) -> NodeStatus {
        let core = Consensus(
            id: NodeID(1),
            settings: Settings(),
            recovered: Recovered(
                hardState: HardState(),
                entries: [],
                membership: Membership(voters: (1...voters).map { NodeID(UInt32($0)) })
            ),
            seed: 1,
            now: .zero
        )
        var status = NodeStatus(consensus: core.status, applied: .zero)
        status.hasBegunEmpty = hasBegunEmpty
        for (member, verdict) in verdicts { status.transport.refusedBy[NodeID(member)] = verdict }
        return status
    }

    @Test("a member is out when most of the other voters say so, and only then")
    func expulsion() {
        #expect(Self.status(voters: 3, refusedBy: [:]).expulsion == nil)
        #expect(Self.status(voters: 3, refusedBy: [2: .otherDisk]).expulsion == nil)
        #expect(Self.status(voters: 3, refusedBy: [2: .otherDisk, 3: .otherDisk]).expulsion == .otherDisk)
        #expect(Self.status(voters: 2, refusedBy: [2: .removed]).expulsion == .removed)
        #expect(Self.status(voters: 5, refusedBy: [2: .removed, 3: .removed]).expulsion == nil)
        #expect(Self.status(voters: 5, refusedBy: [2: .removed, 3: .removed, 4: .removed]).expulsion == .removed)
        #expect(Self.status(voters: 3, refusedBy: [8: .removed, 9: .removed]).expulsion == nil)  // no voters
        #expect(Self.status(voters: 1, refusedBy: [:]).expulsion == nil)
    }

    @Test("a member that has nothing yet is out when the first one says so")
    func expulsionOfTheEmpty() {
        #expect(Self.status(voters: 3, refusedBy: [:], hasBegunEmpty: true).expulsion == nil)
        #expect(Self.status(voters: 3, refusedBy: [2: .otherDisk], hasBegunEmpty: true).expulsion == .otherDisk)
        #expect(Self.status(voters: 5, refusedBy: [8: .removed], hasBegunEmpty: true).expulsion == .removed)
    }
}
