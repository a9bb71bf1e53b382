import ClusterAPI
import Coordinator
import NIOHTTP1
import RaftCore
import RaftTestSupport
import Testing

@Suite("Coordinators that join", .serialized)
struct JoiningTests {
    private static let members = "\(TestCoordinator.prefix)/raft/members"
    private static let connectors = "\(TestCoordinator.prefix)/connectors"
    private static let connector = #"{"name":"c","connector_type":"http","params":{"url":"http://h"}}"#

    /// The member's role in the leader's list, once it has caught up.
    private static func isCaughtUp(
        _ id: UInt32,
        as role: RaftMembers.Member.Role,
        _ any: TestCoordinator
    ) async throws
        -> Bool
    {
        try await eventually(within: .seconds(30)) {
            let answer = try await any.get(Self.members)
            guard answer.status == 200 else { return false }
            let list: RaftMembers = try answer.decoded()
            return list.member(id)?.role == role && list.member(id)?.lag == 0 && !list.joint
        }
    }

    @Test("a newcomer receives everything, votes, and is who it was after a restart")
    func voter() async throws {
        try await TestCoordinatorCluster.run { (cluster) async throws in
            let leader = try await cluster.leader()
            let leading = try #require(cluster.running[leader])
            #expect(try await leading.post(Self.connectors, Self.connector).status == 201)
            let place = try await cluster.newPlace()
            try await cluster.join(in: place, as: NodeID(4))
            #expect(try await Self.isCaughtUp(4, as: .voter, leading))
            var newcomer = try #require(cluster.running[NodeID(4)])
            #expect(try await newcomer.get("\(Self.connectors)/c").status == 200)
            #expect(try await newcomer.request(.DELETE, "\(Self.connectors)/c").status == 200)
            await cluster.stop(NodeID(4))
            try await cluster.join(in: place, as: NodeID(4))
            newcomer = try #require(cluster.running[NodeID(4)])
            #expect(try await eventually { try await newcomer.get("/ready", key: nil).status == 200 })
            let list: RaftMembers = try await newcomer.get(Self.members).decoded()
            #expect(list.members.map(\.id) == [1, 2, 3, 4])
        }
    }

    @Test("one that is to learn only does not vote until it is promoted")
    func learner() async throws {
        try await TestCoordinatorCluster.run { (cluster) async throws in
            let leading = try #require(cluster.running[try await cluster.leader()])
            try await cluster.join(in: try await cluster.newPlace(), votes: false, as: NodeID(4))
            #expect(try await Self.isCaughtUp(4, as: .learner, leading))
            let promoted = try await leading.request(.POST, "\(Self.members)/4/promote")
            #expect(promoted.status == 200 || promoted.status == 202)
            #expect(try await Self.isCaughtUp(4, as: .voter, leading))
        }
    }

    @Test("a coordinator that lost its disk comes back as another member, in its old place")
    func replace() async throws {
        try await TestCoordinatorCluster.run { (cluster) async throws in
            let leader = try await cluster.leader()
            let leading = try #require(cluster.running[leader])
            #expect(try await leading.post(Self.connectors, Self.connector).status == 201)
            let lost = try #require(cluster.members.last { $0 != leader })
            let place = Int(lost.rawValue) - 1
            await cluster.stop(lost)
            try cluster.wipe(lost)
            // Without a word on whose place it takes, it is told what to say.
            await #expect {
                try await cluster.join(in: place, as: NodeID(4))
            } throws: { error in
                "\(error)".contains("--replace \(lost)")
            }
            try await cluster.join(in: place, replacing: lost, as: NodeID(4))
            #expect(try await Self.isCaughtUp(4, as: .voter, leading))
            let list: RaftMembers = try await leading.get(Self.members).decoded()
            #expect(list.member(lost.rawValue) == nil && list.members.count == 3)
            #expect(try await cluster.running[NodeID(4)]?.get("\(Self.connectors)/c").status == 200)
        }
    }
}
