import ClusterAPI
import Foundation
import MQTT
import TestBroker
import Testing

@testable import Worker

/// Routes over a real broker, between pipelines of different workers.
@Suite struct BrokerRouteTests {
    private static let source = """
        stream Hot = Reading.from(Plant, topic: "plant/readings", qos: 1).emit(value: value, key: key)
        """

    /// Tells what it gets of this type.
    private static func sink(_ type: String, _ topic: String) -> String {
        #"stream Seen = \#(type).emit(value: value, key: key).to(Plant, topic: "\#(topic)", qos: 1)"#
    }

    @Test func `a route joins pipelines of two workers, each event once and in order`() async throws {
        let scene = try await RouteScene(seen: "seen")
        let (first, second) = (try await TestWorker(), try await TestWorker())
        _ = try await second.running(
            scene.request("b", Self.sink("Hot", "seen"), inputs: [RouteScene.input("a", "b", ["Ho*"])])
        )
        let sender = try await first.running(
            scene.request("a", Self.source, outputs: [RouteScene.output("a", "b", ["Ho*"])])
        )
        try await scene.publish(0..<2000)
        #expect(
            try await scene.results(count: 2000) == ["seen": (0..<2000).map { .init(value: $0, key: "k\($0 % 10)") }]
        )
        #expect(scene.broker.logs("as varpulis-g-a-Plant-route"))
        #expect(scene.broker.logs("as varpulis-g-b-Plant-route-in"))
        #expect(
            try await first.call(.get, "/api/v1/pipelines/\(sender)/metrics").body.contains(#""deliveries_failed":0"#)
        )
        // What comes next is one event: nothing was repeated.
        try await scene.publish(5000..<5001)
        #expect(try await scene.results(count: 2001)["seen"]?.last?.value == 5000)
        await first.stop()
        await second.stop()
        await scene.end()
    }

    @Test func `types choose among the routes`() async throws {
        let scene = try await RouteScene(seen: "seen/#")
        let (first, second) = (try await TestWorker(), try await TestWorker())
        let patterns = ["all": ["*"], "temperatures": ["Temp*"], "low": ["TempLow", "Nothing"]]
        for (name, types) in patterns {
            let program = ["TempHigh", "TempLow", "Odd"].map { type in
                #"stream Seen\#(type) = \#(type).emit(value: value).to(Plant, topic: "seen/\#(name)", qos: 1)"#
            }
            _ = try await second.running(
                scene.request(name, program.joined(separator: "\n"), inputs: [RouteScene.input("a", name, types)])
            )
        }
        let source = """
            stream Readings = Reading.from(Plant, topic: "plant/readings", qos: 1)
            stream TempHigh = Readings.where(value >= 50).emit(value: value)
            stream TempLow = Readings.where(value < 50).emit(value: value)
            stream Odd = Readings.where(value % 2 == 1).emit(value: value)
            """
        _ = try await first.running(
            scene.request("a", source, outputs: patterns.map { RouteScene.output("a", $0.key, $0.value) })
        )
        try await scene.publish(0..<100)
        let seen = try await scene.results(count: 150 + 100 + 50).mapValues { $0.map(\.value).sorted() }
        #expect(seen["seen/all"] == (Array(0..<100) + (0..<100).filter { $0 % 2 == 1 }).sorted())
        #expect(seen["seen/temperatures"] == Array(0..<100))
        #expect(seen["seen/low"] == Array(0..<50))
        await first.stop()
        await second.stop()
        await scene.end()
    }

    @Test func `routes of one topic share its messages, and each takes the types that are its own`() async throws {
        let scene = try await RouteScene(seen: "seen/#")
        let worker = try await TestWorker()
        for (name, type) in [("b", "Low"), ("c", "High")] {
            let program = ["High", "Low"].map { type in
                #"stream Seen\#(type) = \#(type).emit(value: value).to(Plant, topic: "seen/\#(name)", qos: 1)"#
            }
            _ = try await worker.running(
                scene.request(
                    name,
                    program.joined(separator: "\n"),
                    inputs: [RouteInput(topic: "shared", eventTypes: [type], connector: "Plant", peer: "a")]
                )
            )
        }
        let source = """
            stream Readings = Reading.from(Plant, topic: "plant/readings", qos: 1)
            stream High = Readings.where(value >= 50).emit(value: value)
            stream Low = Readings.where(value < 50).emit(value: value)
            """
        let outputs = [("b", "Low"), ("c", "High")].map { name, type in
            RouteOutput(topic: "shared", eventTypes: [type], connector: "Plant", peer: name)
        }
        _ = try await worker.running(scene.request("a", source, outputs: outputs))
        try await scene.publish(0..<100)
        let seen = try await scene.results(count: 100).mapValues { $0.map(\.value) }
        #expect(seen == ["seen/b": Array(0..<50), "seen/c": Array(50..<100)])
        await worker.stop()
        await scene.end()
    }

    @Test(arguments: [(2, true), (3, true), (2, false), (3, false)])
    func `replicas share the events of a route, or of a topic, by key`(count: Int, overRoute: Bool) async throws {
        let scene = try await RouteScene(seen: "seen/#")
        let workers = [try await TestWorker(), try await TestWorker()]
        var ids: [(TestWorker, String)] = []
        for index in 0..<count {
            // Only here do replicas differ in their programs: the topic tells which one it was.
            let source = #"from(Plant, topic: "plant/readings", qos: 1)"#
            let program = """
                stream Seen = \(overRoute ? "Hot" : "Reading.\(source)").emit(value: value, key: key)
                    .to(Plant, topic: "seen/\(index)", qos: 1)
                """
            let request = scene.request(
                "b#\(index)",
                program,
                inputs: overRoute ? [RouteScene.input("a", "b", ["*"])] : [],
                replica: ReplicaShare(index: UInt32(index), count: UInt32(count), partitionKey: "key")
            )
            ids.append((workers[index % 2], try await workers[index % 2].running(request)))
        }
        if overRoute {
            _ = try await workers[0].running(
                scene.request("a", Self.source, outputs: [RouteScene.output("a", "b", ["*"])])
            )
        }
        try await scene.publish(0..<1000)
        let seen = try await scene.results(count: 1000)
        #expect(seen.values.joined().map(\.value).sorted() == Array(0..<1000))
        for (topic, results) in seen {
            let index = try #require(topic.last?.wholeNumberValue)
            let keys = Set(results.compactMap(\.key))
            #expect(keys.allSatisfy { ReplicaHash.replica(for: .string($0), of: count) == index })
            // Each in the order in which it was sent.
            #expect(results.map(\.value) == results.map(\.value).sorted())
        }
        #expect(seen.count == count)
        var others = 0
        for (worker, id) in ids {
            let metrics = try JSONValue(parsing: await worker.call(.get, "/api/v1/pipelines/\(id)/metrics").body.utf8)
            guard case .object(let members) = metrics, case .integer(let number) = members["messages_of_others"] else {
                Issue.record("no count of others' messages")
                continue
            }
            others += Int(number)
        }
        #expect(others == 1000 * (count - 1))
        for worker in workers { await worker.stop() }
        await scene.end()
    }

    @Test func `nothing is lost when the receiver's worker is killed and another takes its place`() async throws {
        let scene = try await RouteScene(seen: "seen")
        let (first, second) = (try await TestWorker(), try await TestWorker())
        let doomed = try await WorkerProcess()
        func receiver(_ epoch: UInt64) -> DeployPipelineRequest {
            scene.request(
                "b",
                Self.sink("Hot", "seen"),
                epoch: epoch,
                inputs: [RouteScene.input("a", "b", ["*"])]
            )
        }
        try await doomed.deploy(receiver(1))
        _ = try await first.running(
            scene.request("a", Self.source, outputs: [RouteScene.output("a", "b", ["*"])])
        )
        try await scene.publish(0..<500)
        _ = try await scene.results(count: 100)
        doomed.kill()
        try await scene.publish(500..<3000)
        _ = try await second.running(receiver(2))
        try await scene.publish(3000..<3500)
        // What the dead one had published and not acknowledged comes again.
        let deadline = ContinuousClock.now + .seconds(20)
        var seen: [Int] = []
        repeat {
            seen = try await scene.results(count: 3500)["seen"]?.map(\.value) ?? []
        } while Set(seen) != Set(0..<3500) && .now < deadline
        #expect(Set(seen) == Set(0..<3500))
        await first.stop()
        await second.stop()
        await scene.end()
    }
}
