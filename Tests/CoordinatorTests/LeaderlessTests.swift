import ClusterAPI
import NIOHTTP1
import RaftCore
import RaftTestSupport
import Testing

@Suite("Requests to a cluster that has no leader, or loses it", .serialized)
struct LeaderlessTests {
    private static let connectors = "\(TestCoordinator.prefix)/connectors"
    private static let connector = #"{"name":"c","connector_type":"http","params":{"url":"http://h"}}"#

    @Test("what certainly did nothing is refused after two seconds, or when the sender stops waiting")
    func nobodyLeads() async throws {
        try await TestCoordinatorCluster.run { (cluster) async throws in
            let leader = try await cluster.leader()
            let last = try #require(cluster.members.first { $0 != leader })
            let coordinator = try #require(cluster.running[last])
            // It has to have seen something that it can be asked for later.
            let first = "\(TestCoordinator.prefix)/summary?min_index=1"
            #expect(try await eventually { try await coordinator.get(first).status == 200 })
            for member in cluster.members where member != last { await cluster.stop(member) }
            #expect(try await eventually { try await coordinator.get("/ready", key: nil).status == 503 })
            for (method, headers, patience) in [
                (HTTPMethod.POST, [:] as HTTPHeaders, Duration.seconds(2)), (.GET, [:], .seconds(2)),
                (.POST, ["Prefer": "respond-async, wait=1"], .seconds(1)), (.POST, ["Prefer": "wait=0"], .zero),
            ] {
                let body = method == .GET ? nil : Self.connector
                let began = ContinuousClock.now
                let answer = try await coordinator.request(method, Self.connectors, body, headers: headers)
                let took = ContinuousClock.now - began
                #expect(took >= patience && took < patience + .seconds(5), "\(method) took \(took)")
                #expect(answer.status == 421)
                #expect(answer.error?.code == .notLeader)
                #expect(answer.error?.outcome == ErrorBody.Outcome.none)
                #expect(answer.headers.first(name: "retry-after") == "1")
            }
            // Who asks for no more than this member has seen needs no leader.
            for path in ["raft/members", "connectors", "summary"] {
                for wish in ["min_index=1", "consistency=stale"] {
                    let answer = try await coordinator.get("\(TestCoordinator.prefix)/\(path)?\(wish)")
                    #expect(answer.status == 200, "\(path)?\(wish): \(answer.body)")
                }
            }
        }
    }

    @Test("who does not want to wait for a leader is served by one that is known, through any member")
    func noPatience() async throws {
        try await TestCoordinatorCluster.run { (cluster) async throws in
            let leader = try await cluster.leader()
            for coordinator in [cluster.running[leader], try cluster.follower(of: leader)] {
                let coordinator = try #require(coordinator)
                // The process opens its session with its first write, and has a leader's patience for that.
                #expect([200, 404].contains(try await coordinator.request(.DELETE, "\(Self.connectors)/c").status))
                let named: HTTPHeaders = ["Prefer": "wait=0", "Idempotency-Key": "\(coordinator.port)"]
                for headers in [["Prefer": "wait=0"], named] {
                    let made = try await coordinator.request(.POST, Self.connectors, Self.connector, headers: headers)
                    #expect(made.status == 201, "\(made.body)")
                }
                for path in [Self.connectors, "\(TestCoordinator.prefix)/summary"] {
                    let seen = try await coordinator.request(.GET, path, headers: ["Prefer": "wait=0"])
                    #expect(seen.status == 200, "\(seen.body)")
                }
            }
        }
    }

    @Test("a write that may have been logged is found out about, or its answer says that nobody knows")
    func undecided() async throws {
        try await TestCoordinatorCluster.run { (cluster) async throws in
            let leader = try await cluster.leader()
            let coordinator = try #require(cluster.running[leader])
            // So that the process has its session already.
            #expect(try await coordinator.request(.DELETE, "\(Self.connectors)/c").status == 404)
            for member in cluster.members where member != leader { await cluster.stop(member) }
            let headers: HTTPHeaders = ["Idempotency-Key": "k", "Prefer": "wait=4"]
            let unknown = try await coordinator.request(.POST, Self.connectors, Self.connector, headers: headers)
            #expect(unknown.status == 504)
            #expect(unknown.error?.code == .outcomeUnknown && unknown.error?.outcome == .unknown)
            #expect(unknown.headers.first(name: "retry-after") == "1")
            for member in cluster.members where member != leader { try await cluster.start(member) }
            _ = try await cluster.leader()
            // Whether the entry outlived the change of leaders or not: repeated, it is there once.
            var answer = unknown
            let isSettled = try await eventually {
                answer = try await coordinator.request(.POST, Self.connectors, Self.connector, headers: headers)
                return answer.status == 201
            }
            #expect(isSettled, "\(answer.body)")
            #expect(try await coordinator.request(.DELETE, "\(Self.connectors)/c").status == 200)
            #expect(
                try await coordinator.request(.POST, Self.connectors, Self.connector, headers: headers).status == 201
            )
            #expect(try await coordinator.get("\(Self.connectors)/c").status == 404)
        }
    }

    @Test("a leader that has fallen silent is waited for no longer than until there is another")
    func silentLeader() async throws {
        try await TestCoordinatorCluster.run { (cluster) async throws in
            let leader = try await cluster.leader()
            let follower = try cluster.follower(of: leader)
            #expect(try await follower.request(.DELETE, "\(Self.connectors)/c").status == 404)
            cluster.mute(leader)
            let began = ContinuousClock.now
            #expect(try await follower.post(Self.connectors, Self.connector).status == 201)
            // The silent connection itself is given up after five seconds.
            #expect(ContinuousClock.now - began < .milliseconds(4_500))
            #expect(try await follower.request(.DELETE, "\(Self.connectors)/c").status == 200)
        }
    }

    @Test("a named request is answered alike by the next leader, through any member")
    func namedAcrossFailover() async throws {
        try await TestCoordinatorCluster.run { (cluster) async throws in
            let leader = try await cluster.leader()
            let headers: HTTPHeaders = ["Idempotency-Key": "k"]
            let path = "\(Self.connectors)/c"
            #expect(try await cluster.follower(of: leader).post(Self.connectors, Self.connector).status == 201)
            let first = try await cluster.follower(of: leader).request(.DELETE, path, headers: headers)
            #expect(first.status == 200)
            #expect(first.headers.first(name: "idempotency-replayed") == nil)
            #expect(try await cluster.follower(of: leader).post(Self.connectors, Self.connector).status == 201)
            await cluster.stop(leader)
            _ = try await cluster.leader()
            for coordinator in cluster.running.values {
                let again = try await coordinator.request(.DELETE, path, headers: headers)
                #expect(again.status == 200 && again.body == first.body)
                #expect(again.headers.first(name: "idempotency-replayed") == "true")
                let other = try await coordinator.request(.DELETE, path + "x", headers: headers)
                #expect(other.status == 422)
                #expect(try await coordinator.get(path).status == 200)
            }
        }
    }
}
