import ClusterAPI
import NIOHTTP1
import RaftCore
import RaftTestSupport
import Testing

@Suite("Deploying a group")
struct DeploymentTests {
    private static let groups = "\(TestCoordinator.prefix)/pipeline-groups"

    private static func body(_ names: String...) -> String {
        let pipelines = names.map { #"{"name":"\#($0)","source":"stream S = A"}"# }.joined(separator: ",")
        return #"{"name":"g","pipelines":[\#(pipelines)],"routes":[]}"#
    }

    private static func stored(_ coordinator: TestCoordinator) async throws -> [PipelineGroupInfo] {
        try await coordinator.get(self.groups).decoded(Page<PipelineGroupInfo>.self).items
    }

    @Test("an atomic deploy of which not all runs is withdrawn, and says which pipeline failed and why")
    func atomic() async throws {
        let worker = try await FakeWorker.start()
        worker.refuse("bad", "no such broker")
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("w", at: worker.address).status == 201)
            let failed = try await coordinator.post("\(Self.groups)?atomic=true", Self.body("good", "bad"))
            #expect(failed.status == 500)
            #expect(failed.error?.code == .deployFailed)
            #expect(
                failed.error?.error
                    == "Pipeline deployment failed: pipeline bad on worker w: no such broker. The group was withdrawn"
            )
            #expect(try await Self.stored(coordinator).isEmpty)
            let good = try await coordinator.post("\(Self.groups)?atomic=true", Self.body("good"))
            #expect(good.status == 201)
            #expect(try good.decoded(PipelineGroupInfo.self).status == .running)
            #expect(try await Self.stored(coordinator).count == 1)
        }
        await worker.stop()
    }

    @Test("what does not run says how often it was tried and what went wrong, or what it waits for")
    func progress() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            // Nobody listens there.
            #expect(try await coordinator.register("w").status == 201)
            let answer = try await coordinator.post("\(Self.groups)?wait=1", Self.body("p"))
            let id = try answer.decoded(PipelineGroupInfo.self).id
            func placement() async throws -> PlacementInfo? {
                try await coordinator.get("\(Self.groups)/\(id)").decoded(PipelineGroupInfo.self).placements.first
            }
            #expect(
                try await eventually {
                    let tried = try await placement()
                    return tried?.attempts ?? 0 > 1 && tried?.reason?.isEmpty == false
                }
            )
            let tried = try #require(try await placement())
            #expect(tried.status == .deploying && tried.workerID == "w")
            #expect(try await coordinator.request(.DELETE, "\(TestCoordinator.prefix)/workers/w").status == 200)
            #expect(try await eventually { try await placement()?.reason == "no worker is ready" })
        }
    }

    @Test("without that it stays, and shows the reason")
    func patient() async throws {
        let worker = try await FakeWorker.start()
        worker.refuse("bad", "no such broker")
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("w", at: worker.address).status == 201)
            let answer = try await coordinator.post(Self.groups, Self.body("good", "bad"))
            #expect(answer.status == 201)
            let group = try answer.decoded(PipelineGroupInfo.self)
            #expect(group.status == .partiallyRunning)
            #expect(group.placements.map(\.reason) == [nil, "no such broker"])
            // It was there before, so a second, atomic request must not take it away.
            let again = try await coordinator.post("\(Self.groups)?atomic=true&wait=1", Self.body("good", "bad"))
            #expect(again.status == 500 && again.error?.error.contains("existed before") == true)
            #expect(try await Self.stored(coordinator).count == 1)
        }
        await worker.stop()
    }

    @Test("the sender says how long to wait")
    func waiting() async throws {
        let hung = try await PeerListener.open()
        hung.mood = .ignore
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("w", at: hung.address.description).status == 201)
            for query in ["wait=x", "wait=-1", "wait=61", "wait=1.5", "atomic=yes", "atomic="] {
                #expect(try await coordinator.post("\(Self.groups)?\(query)", Self.body("p")).status == 400, "\(query)")
            }
            let clock = ContinuousClock()
            let took = try await clock.measure {
                let answer = try await coordinator.post("\(Self.groups)?wait=0", Self.body("p"))
                #expect(answer.status == 201)
                #expect(try answer.decoded(PipelineGroupInfo.self).status == .deploying)
            }
            #expect(took < .seconds(5))
            let late = try await coordinator.post(
                "\(Self.groups)?wait=1&atomic=true",
                Self.body("q").replacing(#""g""#, with: #""h""#)
            )
            #expect(late.status == 500)
            #expect(late.error?.error.contains("pipeline q on worker w did not run in time") == true)
            #expect(try await Self.stored(coordinator).map(\.name) == ["g"])
        }
        await hung.close()
    }

    @Test("the same name brings the same answer, also when the group is long gone")
    func named() async throws {
        let worker = try await FakeWorker.start()
        worker.refuse("bad", "no such broker")
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("w", at: worker.address).status == 201)
            var answers: [String] = []
            for round in 0..<3 {
                let answer = try await coordinator.request(
                    .POST,
                    "\(Self.groups)?atomic=true",
                    Self.body("bad"),
                    headers: ["Idempotency-Key": "k"]
                )
                #expect(answer.status == 500)
                #expect((answer.headers.first(name: "idempotency-replayed") != nil) == (round > 0))
                answers.append(answer.body)
            }
            #expect(Set(answers).count == 1)
            #expect(try await Self.stored(coordinator).isEmpty)
        }
        await worker.stop()
    }

    @Test("a leader that dies meanwhile changes nothing about it")
    func leaderLost() async throws {
        let hung = try await PeerListener.open()
        hung.mood = .ignore
        try await TestCoordinatorCluster.run { cluster in
            let leader = try await cluster.leader()
            let follower = try cluster.follower(of: leader)
            #expect(try await follower.register("w", at: hung.address.description).status == 201)
            let headers: HTTPHeaders = ["Idempotency-Key": "k"]
            let path = "\(Self.groups)?atomic=true&wait=4"
            async let first = follower.request(.POST, path, Self.body("p"), headers: headers)
            #expect(try await eventually { try await Self.stored(follower).count == 1 })
            await cluster.stop(leader)
            let answer = try await first
            #expect(answer.status == 500, "\(answer.body)")
            #expect(answer.error?.code == .deployFailed)
            for coordinator in cluster.running.values {
                let again = try await coordinator.request(.POST, path, Self.body("p"), headers: headers)
                #expect(again.status == 500 && again.body == answer.body)
                #expect(try await Self.stored(coordinator).isEmpty)
            }
        }
        await hung.close()
    }

    @Test("a group for which there is no room is refused with the numbers")
    func noRoom() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let answer = try await coordinator.post(Self.groups, Self.body("p"))
            #expect(answer.status == 503)
            #expect(answer.error?.error.contains("1 pipelines and replicas need a place, and 0 ready") == true)
        }
    }
}
