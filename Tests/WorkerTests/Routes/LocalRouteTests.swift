import ClusterAPI
import Foundation
import MQTT
import TestBroker
import Testing

@testable import Worker

/// Routes between pipelines of one worker, without a broker.
@Suite struct LocalRouteTests {
    private static func request(
        _ name: String,
        _ source: String,
        epoch: UInt64 = 1,
        to: [(peer: String, types: [String])] = [],
        from: [String] = [],
        replicas: ReplicaRule? = nil,
        connectors: [Connector] = []
    ) -> DeployPipelineRequest {
        DeployPipelineRequest(
            name: name,
            source: source,
            groupID: "g",
            epoch: epoch,
            connectors: [Connector(name: "Out", connectorType: "file", params: ["path": "seen"])] + connectors,
            outputs: to.map { route in
                RouteOutput(
                    topic: RouteScene.topic(name, route.peer),
                    eventTypes: route.types,
                    peer: route.peer,
                    peerReplicas: replicas
                )
            },
            inputs: from.map { RouteInput(topic: RouteScene.topic($0, name), eventTypes: ["*"], peer: $0) }
        )
    }

    /// Injects readings of these values as JSON lines.
    private static func inject(_ values: Range<Int>, into id: String, _ worker: TestWorker) async throws -> UInt {
        // In one piece: lines would be taken in as they come, and wait where an array is refused.
        let events = values.map { #"{"event_type":"Reading","fields":{"value":\#($0),"key":"k\#($0 % 10)"}}"# }
        return try await worker.call(
            .post,
            "/api/v1/pipelines/\(id)/events-batch",
            #"{"events":[\#(events.joined(separator: ","))]}"#
        ).status
    }

    /// The values in the sink's file, once there are so many; fewer when they do not come in 20 seconds.
    private static func values(_ folder: String, _ file: String = "seen", count: Int) async throws -> [Int] {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            let text = (try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)) ?? ""
            let lines = text.split(separator: "\n")
            if lines.count >= count || .now >= deadline {
                return try lines.map { try APIJSON.decode(RouteScene.Result.self, from: $0.utf8).value }
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private static func counter(_ name: String, of id: String, _ worker: TestWorker) async throws -> Int {
        let body = try await worker.call(.get, "/api/v1/pipelines/\(id)/metrics").body
        guard case .object(let members) = try JSONValue(parsing: body.utf8), case .integer(let count) = members[name]
        else { return -1 }
        return Int(count)
    }

    private static let hot = "stream Hot = Reading.emit(value: value, key: key)"
    private static let seen = "stream Seen = Hot.emit(value: value, key: key).to(Out)"

    @Test func `events pass through a chain of pipelines, each once and in order`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let worker = try await TestWorker { $0.workDirectory = path }
        let a = try await worker.running(Self.request("a", Self.hot, to: [("b", ["Hot"]), ("x", ["Cold*"])]))
        _ = try await worker.running(
            Self.request("b", "stream Warm = Hot.emit(value: value + 1)", to: [("c", ["*"])], from: ["a"])
        )
        let c = try await worker.running(
            Self.request("c", "stream Seen = Warm.emit(value: value).to(Out)", from: ["b"])
        )
        #expect(try await Self.inject(0..<1000, into: a, worker) == 200)
        #expect(try await Self.inject(1000..<2000, into: a, worker) == 200)
        #expect(try await Self.values(path, count: 2000) == Array(1...2000))
        #expect(try await Self.counter("events_processed", of: c, worker) == 2000)
        await worker.stop()
    }

    @Test func `replicas share what comes to them by key`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let worker = try await TestWorker { $0.workDirectory = path }
        for index in 0..<3 {
            let program = #"stream Seen = Hot.emit(value: value).to(Out, path: "seen\#(index)")"#
            _ = try await worker.running(Self.request("b#\(index)", program, from: ["a"]))
        }
        let rule = ReplicaRule(count: 3, partitionKey: "key")
        let a = try await worker.running(Self.request("a", Self.hot, to: [("b", ["*"])], replicas: rule))
        #expect(try await Self.inject(0..<3000, into: a, worker) == 200)
        for index in 0..<3 {
            let own = (0..<3000).filter { ReplicaHash.replica(for: .string("k\($0 % 10)"), of: 3) == index }
            #expect(try await Self.values(path, "seen\(index)", count: own.count) == own)
        }
        await worker.stop()
    }

    @Test func `what is for a pipeline that is away waits, up to a bound, and then the sender takes no more`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = folder.path
        let worker = try await TestWorker { $0.workDirectory = path }
        let a = try await worker.running(Self.request("a", Self.hot, to: [("b", ["*"])]))
        // This fills what may be under way. Of the next two, one fills what may wait, and for the other there is no place.
        #expect(try await Self.inject(0..<8192, into: a, worker) == 200)
        let b = try await withThrowingTaskGroup(of: UInt.self) { group in
            for _ in 0..<2 { group.addTask { try await Self.inject(8192..<16_384, into: a, worker) } }
            #expect(try await group.next() == 503)
            let b = try await worker.running(Self.request("b", Self.seen, from: ["a"]))
            #expect(try await group.next() == 200)
            return b
        }
        #expect(try await Self.values(path, count: 16_384) == Array(0..<16_384))

        // A successor gets what came in between.
        #expect(try await worker.call(.delete, "/api/v1/pipelines/\(b)").status == 200)
        #expect(try await Self.inject(16_384..<17_000, into: a, worker) == 200)
        _ = try await worker.running(Self.request("b", Self.seen, epoch: 2, from: ["a"]))
        #expect(try await Self.values(path, count: 17_000) == Array(0..<17_000))
        await worker.stop()
    }

    @Test func `a circle of routes takes more than any queue of it holds`() async throws {
        let worker = try await TestWorker()
        let down = "stream Down = merge(Reading, Count).where(value > 0).emit(value: value - 1)"
        let a = try await worker.running(Self.request("a", down, to: [("b", ["Down"])], from: ["b"]))
        let count = "stream Count = Down.emit(value: value)"
        _ = try await worker.running(Self.request("b", count, to: [("a", ["*"])], from: ["a"]))
        let lines = Array(repeating: #"{"event_type":"Reading","value":4}"#, count: 1500).joined(separator: "\n")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    // What is refused for want of room is offered again; what was taken and not answered in time is not.
                    while try await worker.call(
                        .post,
                        "/api/v1/pipelines/\(a)/events-batch",
                        lines,
                        contentType: "application/x-ndjson"
                    ).status == 503 {}
                }
            }
            try await group.waitForAll()
        }
        // Each goes round four times, and comes back once more at zero.
        let deadline = ContinuousClock.now + .seconds(60)
        var processed = 0
        repeat {
            try await Task.sleep(for: .milliseconds(20))
            processed = try await Self.counter("events_processed", of: a, worker)
        } while processed < 12_000 * 5 && .now < deadline
        #expect(processed == 12_000 * 5)
        await worker.stop()
    }

    @Test func `a source's messages are acknowledged when those behind it are done with them`() async throws {
        let scene = try await RouteScene(seen: "seen")
        let worker = try await TestWorker()
        let source = #"stream Hot = Reading.from(Plant, topic: "plant/readings", qos: 1).emit(value: value, key: key)"#
        let seen = #"stream Seen = Hot.emit(value: value, key: key).to(Plant, topic: "seen", qos: 1)"#
        func sender(_ epoch: UInt64) -> DeployPipelineRequest {
            Self.request("a", source, epoch: epoch, to: [("b", ["*"])], connectors: scene.connectors)
        }
        let a = try await worker.running(sender(1))
        try await scene.publish(0..<10)
        // What the engine has waits for a pipeline that is not there, and the rest at the broker for that. A stop gives it
        // back.
        let deadline = ContinuousClock.now + .seconds(20)
        while try await Self.counter("events_processed", of: a, worker) == 0, .now < deadline {}
        #expect(try await Self.counter("events_processed", of: a, worker) > 0)
        #expect(try await worker.call(.delete, "/api/v1/pipelines/\(a)").status == 200)
        #expect(!scene.broker.logLines.contains { $0.contains("Received PUBACK from varpulis-g-a-Plant") })
        _ = try await worker.running(Self.request("b", seen, from: ["a"], connectors: scene.connectors))
        _ = try await worker.running(sender(2))
        #expect(try await scene.results(count: 10)["seen"]?.map(\.value) == Array(0..<10))
        #expect(scene.broker.logs("Received PUBACK from varpulis-g-a-Plant"))
        await worker.stop()
        await scene.end()
    }
}
