import ClusterAPI
import Foundation
import TestBroker
import Testing

@testable import Worker

/// Routes over brokers that do not take everything.
@Suite struct RouteRefusalTests {
    private struct Letter: Decodable {
        let sink: String
        let error: String
    }

    /// The dead letters in that folder, once there are so many; fewer when they do not come in 20 seconds.
    private static func letters(_ folder: String, count: Int) async throws -> [Letter] {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            // There is no file before the first of them.
            let text = (try? String(contentsOfFile: "\(folder)/varpulis-dlq.jsonl", encoding: .utf8)) ?? ""
            let lines = text.split(separator: "\n")
            if lines.count >= count || .now >= deadline {
                return try lines.map { try JSONDecoder().decode(Letter.self, from: Data($0.utf8)) }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func `what a broker cannot take for now comes again until it can`() async throws {
        let scene = try await RouteScene(seen: "seen")
        let far = try RefusingBroker(reasons: [0x97, 0x89])
        let folder = try TemporaryFolder()
        let path = folder.path
        let worker = try await TestWorker { $0.workDirectory = path }
        var request = scene.request(
            "a",
            #"stream Hot = Reading.from(Plant, topic: "plant/readings", qos: 1).emit(value: value)"#,
            outputs: [
                RouteOutput(topic: RouteScene.topic("a", "b"), eventTypes: ["*"], connector: "Far", peer: "b")
            ]
        )
        request.connectors?.append(
            Connector(name: "Far", connectorType: "mqtt", params: ["host": "127.0.0.1", "port": "\(far.port)"])
        )
        let id = try await worker.running(request)
        try await scene.publish(0..<1)
        let refused = await onThread { far.publishes(count: 3) }
        #expect(refused.map(\.reason) == [0x97, 0x89, 0])
        #expect(refused.allSatisfy { $0.text.contains(#""value":0"#) })
        // What comes next is another event: the one before was acknowledged.
        try await scene.publish(1..<2)
        let all = await onThread { far.publishes(count: 4) }
        #expect(all.count == 4 && all.last?.text.contains(#""value":1"#) == true && all.last?.reason == 0)
        let metrics = try await worker.call(.get, "/api/v1/pipelines/\(id)/metrics").body
        #expect(metrics.contains(#""dead_letters":0"#))
        #expect(metrics.contains(#""deliveries_failed":2"#))
        await worker.stop()
        await scene.end()
    }

    @Test func `what it forbids is given up one by one, and keeps nothing that follows away`() async throws {
        // Requests are answered, and do not come again: so they give up what is refused for now as well.
        let far = try RefusingBroker(reasons: [0x97] + Array(repeating: 0x87, count: 7))
        let folder = try TemporaryFolder()
        let path = folder.path
        let worker = try await TestWorker { $0.workDirectory = path }
        let id = try await worker.running(
            DeployPipelineRequest(
                name: "a",
                source: "stream Hot = Reading.emit(value: value)",
                groupID: "g",
                epoch: 1,
                connectors: [
                    Connector(
                        name: "Plant",
                        connectorType: "mqtt",
                        params: ["host": "127.0.0.1", "port": "\(far.port)"]
                    )
                ],
                outputs: [RouteScene.output("a", "b", ["*"])]
            )
        )
        func inject(_ value: Int) async throws {
            let event = #"{"event_type":"Reading","fields":{"value":\#(value)}}"#
            #expect(try await worker.call(.post, "/api/v1/pipelines/\(id)/events", event).status == 200)
        }
        for value in 0..<8 {
            try await inject(value)
            // Each is refused before the next is sent, so that a circuit would open.
            #expect(try await Self.letters(path, count: value + 1).count == value + 1)
        }
        try await inject(8)
        let publishes = await onThread { far.publishes(count: 9) }
        #expect(publishes.map(\.reason) == [0x97] + Array(repeating: 0x87, count: 7) + [0])
        for (value, publish) in publishes.enumerated() { #expect(publish.text.contains(#""value":\#(value)"#)) }
        let letters = try await Self.letters(path, count: 8)
        #expect(letters.allSatisfy { $0.sink == RouteScene.topic("a", "b") })
        #expect(letters.map { $0.error.contains("Not authorized") } == [false] + Array(repeating: true, count: 7))
        await worker.stop()
    }
}
