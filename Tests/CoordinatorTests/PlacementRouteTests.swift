import ClusterAPI
import Testing

@Suite("To whom a place belongs")
struct PlacementRouteTests {
    private static let prefix = TestCoordinator.prefix

    private static func assignment(
        _ path: String,
        at coordinator: TestCoordinator
    ) async throws -> Assignment {
        try await coordinator.get("\(Self.prefix)/placements/\(path)").decoded()
    }

    @Test("a place is told with its epoch and its worker's process, a replica by its number; others are not found")
    func route() async throws {
        let worker = try await FakeWorker.start()
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("w", at: worker.address, incarnation: 7).status == 201)
            let spec = #"{"name":"g","pipelines":[{"name":"p","source":"stream S = T","replicas":2}]}"#
            let group = try await coordinator.post("\(Self.prefix)/pipeline-groups", spec)
                .decoded(PipelineGroupInfo.self)
            for (number, placement) in group.placements.enumerated() {
                let found = try await Self.assignment("\(group.id)/p%23\(number)", at: coordinator)
                #expect(found.pipeline == "p#\(number)" && found.groupID == group.id)
                #expect(found.epoch == placement.epoch && found.epoch > 0)
                #expect(found.workerID == "w" && found.incarnation == 7 && found.status == .running)
            }
            for path in ["\(group.id)/p", "\(group.id)/p%232", "\(group.id)/q", "h/p%230"] {
                let answer = try await coordinator.get("\(Self.prefix)/placements/\(path)")
                #expect(answer.status == 404 && answer.error?.code == .placementNotFound, "\(path)")
            }
            #expect(
                try await coordinator.get("\(Self.prefix)/placements/\(group.id)/p%230", key: nil).status == 401
            )
            // Another process of the worker: a new epoch for each of its places.
            #expect(try await coordinator.register("w", at: worker.address, incarnation: 8).status == 201)
            let renewed = try await Self.assignment("\(group.id)/p%230", at: coordinator)
            #expect(renewed.incarnation == 8 && renewed.epoch > group.placements[0].epoch)
        }
        await worker.stop()
    }

    @Test("a worker registers with labels, which groups ask for and the list shows")
    func labels() async throws {
        let worker = try await FakeWorker.start()
        try await TestCoordinator.run { (coordinator) async throws in
            for (id, labels) in [("plain", "{}"), ("fast", #"{"disk":"ssd","zone":"a"}"#)] {
                let body = """
                    {"worker_id":"\(id)","address":"\(worker.address)","api_key":"\(TestCoordinator.key)","labels":\(labels),\
                    "capacity":{"cpu_cores":1,"pipelines_running":0,"max_pipelines":9},"incarnation":1}
                    """
                #expect(try await coordinator.post("\(Self.prefix)/workers/register", body).status == 201)
            }
            let workers = try await coordinator.get("\(Self.prefix)/workers").decoded(Page<WorkerInfo>.self).items
            #expect(workers.map(\.labels) == [["disk": "ssd", "zone": "a"], nil])
            func deploy(_ disk: String) async throws -> TestCoordinator.Answer {
                let pipeline = #"{"name":"p","source":"stream S = T","labels":{"disk":"\#(disk)"}}"#
                return try await coordinator.post(
                    "\(Self.prefix)/pipeline-groups",
                    #"{"name":"\#(disk)","pipelines":[\#(pipeline)]}"#
                )
            }
            let placed = try await deploy("ssd").decoded(PipelineGroupInfo.self)
            #expect(placed.placements.map(\.workerID) == ["fast"])
            let refused = try await deploy("tape")
            #expect(refused.status == 503)
            #expect(refused.error?.error.contains("disk=tape") == true)
        }
        await worker.stop()
    }
}
