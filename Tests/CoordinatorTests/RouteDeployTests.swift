import ClusterAPI
import Testing

/// Groups with routes, from the operator's request to the workers.
@Suite("Deploying routes")
struct RouteDeployTests {
    private static let groups = "\(TestCoordinator.prefix)/pipeline-groups"

    private static func body(
        broker: String? = nil,
        replicas: Int = 2,
        routes: String = #"{"from_pipeline":"a","to_pipeline":"b","event_types":["Hot*","Cold"]}"#
    ) -> String {
        let pipelines = [
            #"{"name":"a","source":"stream S = A"}"#,
            #"{"name":"b","source":"stream S = A","replicas":\#(replicas),"partition_key":"key"}"#,
        ]
        let named = broker.map { #","broker":"\#($0)""# } ?? ""
        return #"{"name":"g","pipelines":[\#(pipelines.joined(separator: ","))],"routes":[\#(routes)]\#(named)}"#
    }

    private static func create(
        _ name: String,
        _ type: String,
        _ params: String,
        _ coordinator: TestCoordinator
    ) async throws {
        let body = #"{"name":"\#(name)","connector_type":"\#(type)","params":\#(params)}"#
        #expect(try await coordinator.post("\(TestCoordinator.prefix)/connectors", body).status == 201)
    }

    @Test("over a broker, workers are given the topics, the connector and the replicas' shares, subscribers first")
    func overBroker() async throws {
        let worker = try await FakeWorker.start()
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("w", at: worker.address).status == 201)
            try await Self.create("Bus", "mqtt", #"{"host":"h"}"#, coordinator)
            let answer = try await coordinator.post(Self.groups, Self.body(broker: "Bus"))
            #expect(answer.status == 201, "\(answer.body)")
            let info = try answer.decoded(PipelineGroupInfo.self)
            #expect(info.status == .running)
            #expect(worker.orders.last?.name == "a")
            let orders = worker.orders.dropLast().sorted { $0.name < $1.name } + worker.orders.suffix(1)
            #expect(orders.map(\.name) == ["b#0", "b#1", "a"])
            let topic = "varpulis/cluster/\(info.id)/a/b"
            for (index, order) in orders.prefix(2).enumerated() {
                #expect(
                    order.inputs == [
                        RouteInput(topic: topic, eventTypes: ["Hot*", "Cold"], connector: "Bus", peer: "a")
                    ]
                )
                #expect(order.outputs == nil)
                #expect(order.replica == ReplicaShare(index: UInt32(index), count: 2, partitionKey: "key"))
                #expect(order.connectors?.map(\.name) == ["Bus"])
            }
            #expect(
                orders.last?.outputs == [
                    RouteOutput(topic: topic, eventTypes: ["Hot*", "Cold"], connector: "Bus", peer: "b")
                ]
            )
            #expect(orders.last?.inputs == nil && orders.last?.replica == nil)
        }
        await worker.stop()
    }

    @Test("without a broker, routes stay in one worker, which is told how replicas share")
    func withinWorker() async throws {
        let (one, two) = (try await FakeWorker.start(), try await FakeWorker.start())
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("one", at: one.address).status == 201)
            #expect(try await coordinator.register("two", at: two.address).status == 201)
            let answer = try await coordinator.post(Self.groups, Self.body())
            #expect(answer.status == 201, "\(answer.body)")
            let info = try answer.decoded(PipelineGroupInfo.self)
            #expect(Set(info.placements.map(\.workerID)).count == 1)
            let orders = one.orders + two.orders
            let output = try #require(orders.first { $0.name == "a" }?.outputs?.first)
            #expect(output.connector == nil && output.peer == "b")
            #expect(output.peerReplicas == ReplicaRule(count: 2, partitionKey: "key"))
            #expect(orders.first { $0.name == "b#1" }?.inputs?.first?.connector == nil)

            let tooMany = Self.body(replicas: 100).replacing(#""name":"g""#, with: #""name":"h""#)
            let refused = try await coordinator.post(Self.groups, tooMany)
            #expect(refused.status == 503)
            #expect(refused.error?.error.contains("no worker has room for the 101 that need the same one") == true)
            #expect(refused.error?.error.contains("without a `broker`") == true)
        }
        await one.stop()
        await two.stop()
    }

    @Test("a broker that is none, and a route that leads nowhere, are refused with the reason")
    func refused() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("w").status == 201)
            let absent = try await coordinator.post(Self.groups, Self.body(broker: "Bus"))
            #expect(absent.status == 400 && absent.error?.code == .connectorValidation)
            #expect(absent.error?.error == "The routes' `broker` names no connector: Bus")
            try await Self.create("Bus", "console", "{}", coordinator)
            let wrong = try await coordinator.post(Self.groups, Self.body(broker: "Bus"))
            #expect(wrong.status == 400)
            #expect(wrong.error?.error.contains("is of type console") == true)
            let nowhere = #"{"from_pipeline":"a","to_pipeline":"c","event_types":["*"]}"#
            let lost = try await coordinator.post(Self.groups, Self.body(routes: nowhere))
            #expect(lost.status == 400)
            #expect(lost.error?.error.contains("a route names pipeline c, which the group does not have") == true)
        }
    }
}
