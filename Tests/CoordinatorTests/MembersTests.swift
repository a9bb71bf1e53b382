import ClusterAPI
import NIOHTTP1
import RaftCore
import RaftTestSupport
import Testing

@Suite("Changing the members of a cluster", .serialized)
struct MembersTests {
    private static let members = "\(TestCoordinator.prefix)/raft/members"
    private static let transfer = "\(TestCoordinator.prefix)/raft/transfer"
    /// Where nobody listens.
    private static let address = "http://127.0.0.1:1"

    @Test("every member lists them all, with what the leader knows of each")
    func list() async throws {
        try await TestCoordinatorCluster.run { cluster in
            let leader = try await cluster.leader()
            for coordinator in cluster.running.values {
                let areMet = try await eventually {
                    let list: RaftMembers = try await coordinator.get(Self.members).decoded()
                    return list.members.allSatisfy { $0.incarnation?.utf8.count == 16 && $0.lag == 0 }
                }
                #expect(areMet)
                let list: RaftMembers = try await coordinator.get(Self.members).decoded()
                #expect(list.members.map(\.id) == [1, 2, 3])
                #expect(list.members.allSatisfy { $0.role == .voter && !$0.promotes && $0.isFetchingSnapshot == false })
                #expect(list.members.allSatisfy { ($0.lastHeardMilliseconds ?? .max) < 5_000 && $0.match != nil })
                #expect(list.members.filter(\.isLeader).map(\.id) == [leader.rawValue] && !list.joint)
                #expect(list.members.allSatisfy { $0.address?.hasPrefix("http://127.0.0.1:") == true })
                #expect(list.cluster.utf8.count == 32 && list.leaderID == leader.rawValue)
                #expect(try await coordinator.get(Self.members, key: nil).status == 401)
            }
            // A member that does not lead knows who belongs to the cluster, and not how they are.
            let own: RaftMembers = try await cluster.follower(of: leader)
                .get("\(Self.members)?consistency=stale").decoded()
            #expect(own.members.map(\.id) == [1, 2, 3] && own.members.allSatisfy { $0.lag == nil })
        }
    }

    @Test("what can't be changed is refused with a reason, wherever it is asked for")
    func refusals() async throws {
        try await TestCoordinatorCluster.run { cluster in
            let leader = try await cluster.leader()
            let follower = try cluster.follower(of: leader)
            let list: RaftMembers = try await follower.get(Self.members).decoded()
            let taken = try #require(list.members.first?.address)
            for (method, path, body, status, code) in [
                (HTTPMethod.DELETE, "\(Self.members)/9", nil, 404, ErrorCode.memberNotFound),
                (.DELETE, "\(Self.members)/nine", nil, 400, .status(400)),
                (.POST, "\(Self.members)/9/promote", nil, 404, .memberNotFound),
                (.POST, "\(Self.members)/9/replace", nil, 404, .memberNotFound),
                (.POST, Self.members, #"{"address":"http://h:1","replaces":9}"#, 404, .memberNotFound),
                (.POST, Self.members, #"{"address":"\#(taken)"}"#, 409, .addressTaken),
                (.POST, Self.members, #"{"address":"ftp://h:1"}"#, 400, .status(400)),
                (.POST, Self.members, #"{"address":"http://h:1","incarnation":"xyz"}"#, 400, .status(400)),
                (.POST, Self.members, #"{"address":"http://h:1","voter":false,"replaces":1}"#, 400, .status(400)),
                (.POST, Self.transfer, #"{"to":9}"#, 404, .memberNotFound),
            ] as [(HTTPMethod, String, String?, Int, ErrorCode)] {
                let answer = try await follower.request(method, path, body)
                #expect(answer.status == status && answer.error?.code == code, "\(method) \(path): \(answer.body)")
                #expect(answer.error.map { $0.error.utf8.count > 20 } == true)
            }
            #expect(try await follower.request(.DELETE, "\(Self.members)/1", key: "other").status == 401)
            let refused = try await follower.post(Self.members, #"{"address":"\#(taken)"}"#)
            #expect(refused.error?.id == "1" && refused.error?.error.contains("raft replace 1") == true)
            let after: RaftMembers = try await follower.get(Self.members).decoded()
            #expect(after.members.map(\.id) == [1, 2, 3])
        }
    }

    @Test("a member is added once however often it is asked for, and removed for good")
    func addAndRemove() async throws {
        try await TestCoordinatorCluster.run { cluster in
            let follower = try cluster.follower(of: try await cluster.leader())
            let slot = #"{"address":"\#(Self.address)","voter":false}"#
            let first = try await follower.post(Self.members, slot)
            #expect(first.status == 201, "\(first.body)")
            let change: RaftChange = try first.decoded()
            #expect(change.id == 4 && change.done && change.members.member(4)?.role == .learner)
            let again = try await follower.post(Self.members, slot)
            #expect(try again.decoded(RaftChange.self).id == 4 && again.status == 201)
            // Whoever comes from there with a disk of its own takes the place; it is not tied to it before it is met.
            let arrived = try await follower.post(
                Self.members,
                #"{"address":"\#(Self.address)","incarnation":"00000000000000ff"}"#
            )
            #expect(try arrived.decoded(RaftChange.self).id == 4)

            let joined = #"{"address":"http://127.0.0.1:2","incarnation":"ff"}"#
            let voter: RaftChange = try await follower.post(Self.members, joined).decoded()
            #expect(voter.id == 5 && !voter.done && voter.members.member(5)?.promotes == true)
            #expect(voter.members.member(5)?.incarnation == "00000000000000ff")
            #expect(try await follower.post(Self.members, joined).decoded(RaftChange.self).id == 5)
            let copied = try await follower.post(
                Self.members,
                #"{"address":"http://127.0.0.1:3","incarnation":"ff"}"#
            )
            #expect(copied.status == 409 && copied.error?.code == .addressTaken)

            for _ in 0..<2 {
                let removed = try await follower.request(.DELETE, "\(Self.members)/5")
                #expect(removed.status == 200, "\(removed.body)")
                #expect(try removed.decoded(RaftChange.self).done)
            }
            let gone = try await follower.request(.POST, "\(Self.members)/5/promote")
            #expect(gone.status == 404 && gone.error?.error.contains("was removed") == true)
            let next: RaftChange = try await follower.post(Self.members, joined).decoded()
            #expect(next.id == 6)
        }
    }

    @Test("one voter's place is promised once")
    func replace() async throws {
        try await TestCoordinatorCluster.run { cluster in
            let follower = try cluster.follower(of: try await cluster.leader())
            let path = "\(Self.members)/1/replace"
            let replaced = try await follower.request(.POST, path)
            #expect(replaced.status == 201, "\(replaced.body)")
            let change: RaftChange = try replaced.decoded()
            let (old, new) = (change.members.member(1), change.members.member(change.id))
            #expect(change.id == 4 && !change.done && new?.replaces == 1 && new?.address == old?.address)
            #expect(try await follower.request(.POST, path).decoded(RaftChange.self).id == 4)
            let other = try await follower.request(.POST, path, #"{"address":"\#(Self.address)"}"#)
            #expect(other.status == 409 && other.error?.code == .beingReplaced && other.error?.id == "4")
        }
    }

    @Test("the office goes to whoever is named, and a removed leader gives it away")
    func transferAndRemoveLeader() async throws {
        try await TestCoordinatorCluster.run { cluster in
            let leader = try await cluster.leader()
            let next = try #require(cluster.members.last { $0 != leader })
            let follower = try cluster.follower(of: leader)
            let answer = try await follower.post(Self.transfer, #"{"to":\#(next)}"#)
            #expect(answer.status == 200, "\(answer.body)")
            #expect(try answer.decoded(RaftLeader.self).leaderID == next.rawValue)
            let now = try await cluster.leader()
            let staying = try cluster.follower(of: now)
            let removed = try await staying.request(.DELETE, "\(Self.members)/\(now)")
            #expect(removed.status == 200, "\(removed.body)")
            let after: RaftMembers = try await staying.get(Self.members).decoded()
            #expect(after.members.count == 2 && after.member(now.rawValue) == nil && !after.joint)
            // Its process learns that it is out, and ends.
            let failure = await cluster.running[now]?.failure()
            #expect("\(failure ?? CancellationError())".contains("was removed"))
        }
    }

    @Test("a coordinator that runs alone has no members to change")
    func alone() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.get(Self.members).status == 404)
            #expect(try await coordinator.post(Self.members, #"{"address":"http://h:1"}"#).status == 404)
        }
    }

    @Test("the old system's calls change the members, and tell a refusal inside a 200")
    func oldCalls() async throws {
        try await TestCoordinatorCluster.run { cluster in
            let leader = try await cluster.leader()
            let follower = try cluster.follower(of: leader)
            func call(_ path: String, _ body: String) async throws -> RaftCallResponse {
                let answer = try await follower.post("/raft/\(path)", body)
                #expect(answer.status == 200, "\(answer.body)")
                return try answer.decoded(RaftCallResponse.self)
            }
            #expect(try await follower.post("/raft/init", #"{"members":{"1":"a"}}"#).status == 409)
            #expect(try await follower.request(.POST, "/raft/add-learner", "{}", key: nil).status == 401)
            let wrong = try await call("add-learner", #"{"node_id":9,"addr":"127.0.0.1:1"}"#)
            #expect(wrong.status == "error" && wrong.message?.contains("the next one is 4") == true)
            let added = try await call("add-learner", #"{"node_id":4,"addr":"127.0.0.1:1"}"#)
            #expect(added.status == "ok" && added.response?.id == 4)
            let removed = cluster.members.filter { $0 != leader }.last
            let rest = cluster.members.filter { $0 != removed }.map { "\($0)" }.joined(separator: ",")
            let changed = try await call("change-membership", #"{"members":[\#(rest)]}"#)
            #expect(changed.status == "ok" && changed.response?.id == removed?.rawValue)
            let empty = try await call("change-membership", #"{"members":[]}"#)
            #expect(empty.status == "error")
        }
    }
}
