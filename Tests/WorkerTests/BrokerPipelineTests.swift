import ClusterAPI
import Foundation
import MQTT
import TestBroker
import Testing

@testable import Worker

/// Pipelines between topics of a real broker.
@Suite struct BrokerPipelineTests {
    private static func program(qos: Int, threshold: Int = 10) -> String {
        """
        stream Hot = Reading.from(Plant, topic: "plant/+/reading", qos: \(qos))
            .where(value >= \(threshold))
            .emit(value: value)
            .to(Plant, topic: "plant/hot", qos: \(qos))
        """
    }

    private static func connectors(_ broker: TestBroker) -> [Connector] {
        [Connector(name: "Plant", connectorType: "mqtt", params: ["host": "127.0.0.1", "port": "\(broker.port)"])]
    }

    private static func readings(_ values: Range<Int>) -> [MQTTMessage] {
        values.map { value in
            MQTTMessage("plant/a/reading", #"{"event_type":"Reading","value":\#(value)}"#)
        }
    }

    private static func subscriber(_ broker: TestBroker, _ recorder: Recorder) throws -> MQTTClient {
        try MQTTClient(
            MQTTConfiguration(
                host: "127.0.0.1",
                port: broker.port,
                clientID: "observer",
                subscriptions: [.init(topicFilter: "plant/hot", qos: .atLeastOnce)]
            ),
            onStatus: recorder.onStatus,
            onBatch: recorder.onBatch
        )
    }

    /// Publishes and waits until the broker has acknowledged all.
    private static func publish(_ messages: [MQTTMessage], _ broker: TestBroker) async throws {
        let client = try MQTTClient(
            MQTTConfiguration(host: "127.0.0.1", port: broker.port, clientID: "publisher-\(UUID())")
        )
        await onThread {
            let completions = Completions()
            for message in messages {
                do throws(MQTTError) {
                    try client.publish(message, whenFull: .wait, completion: completions.record)
                } catch {
                    Issue.record(error)
                }
            }
            #expect(completions.wait(count: messages.count).allSatisfy { $0 == nil })
            client.close()
        }
    }

    /// The values that arrived, without what a value field does not have.
    private static func values(_ recorder: Recorder, count: Int) async throws -> [Int] {
        let texts = await onThread { recorder.payloads(count: count) }
        return try texts.map { text in
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            #expect(object?["event_type"] as? String == "Hot")
            #expect(object?["timestamp"] is String)
            return try #require(object?["value"] as? Int)
        }
    }

    @Test(arguments: [0, 1])
    func `events go from topic to topic, each once and in order`(qos: Int) async throws {
        let broker = try TestBroker()
        let recorder = Recorder()
        let observer = try Self.subscriber(broker, recorder)
        await onThread { _ = recorder.status { $0.isSubscribed } }
        let worker = try await TestWorker()
        let id = try await worker.running(
            DeployPipelineRequest(
                name: "hot",
                source: Self.program(qos: qos),
                groupID: "g",
                epoch: 1,
                connectors: Self.connectors(broker)
            )
        )
        try await Self.publish(Self.readings(0..<1000) + [MQTTMessage("plant/a/reading", "no event")], broker)
        #expect(try await Self.values(recorder, count: 990) == Array(10..<1000))
        // Nothing else comes: what follows is the next to arrive.
        try await Self.publish(Self.readings(5000..<5001), broker)
        #expect(try await Self.values(recorder, count: 991).last == 5000)

        let metrics = try await worker.call(.get, "/api/v1/pipelines/\(id)/metrics").body
        #expect(metrics.contains(#""events_processed":1001"#))
        #expect(metrics.contains(#""output_events_emitted":991"#))
        #expect(metrics.contains(#""messages_rejected":1"#))
        #expect(metrics.contains(#""connected":true"#))
        #expect(broker.logs("as varpulis-g-hot-Plant-sink"))
        await worker.stop()
        #expect(broker.logs("Received DISCONNECT from varpulis-g-hot-Plant-sink"))
        #expect(broker.logLines.contains { $0.hasSuffix("Received DISCONNECT from varpulis-g-hot-Plant") })
        await onThread { observer.close() }
    }

    @Test func `what was published while no worker ran the pipeline comes to its successor`() async throws {
        let broker = try TestBroker()
        let recorder = Recorder()
        let observer = try Self.subscriber(broker, recorder)
        await onThread { _ = recorder.status { $0.isSubscribed } }
        func request(_ epoch: UInt64) -> DeployPipelineRequest {
            DeployPipelineRequest(
                name: "hot#0",
                source: Self.program(qos: 1, threshold: 0),
                groupID: "g",
                epoch: epoch,
                connectors: Self.connectors(broker)
            )
        }
        let first = try await TestWorker()
        let id = try await first.running(request(1))
        try await Self.publish(Self.readings(0..<50), broker)
        #expect(try await Self.values(recorder, count: 50) == Array(0..<50))
        #expect(try await first.call(.delete, "/api/v1/pipelines/\(id)?epoch=1").status == 200)
        try await Self.publish(Self.readings(50..<100), broker)

        let second = try await TestWorker()
        _ = try await second.running(request(2))
        try await Self.publish(Self.readings(100..<150), broker)
        #expect(try await Self.values(recorder, count: 150) == Array(0..<150))
        await first.stop()
        await second.stop()
        await onThread { observer.close() }
    }

    @Test func `a successor on another worker takes over from one that nobody could tell to stop`() async throws {
        let broker = try TestBroker()
        let recorder = Recorder()
        let observer = try Self.subscriber(broker, recorder)
        await onThread { _ = recorder.status { $0.isSubscribed } }
        let old = try await TestWorker()
        let new = try await TestWorker()
        var request = DeployPipelineRequest(
            name: "hot",
            source: Self.program(qos: 1, threshold: 0),
            groupID: "g",
            epoch: 1,
            connectors: Self.connectors(broker)
        )
        _ = try await old.running(request)
        request.epoch = 2
        _ = try await new.running(request)
        await old.stop()
        // Whoever of the two held the session last, the one that is left continues it.
        try await Self.publish(Self.readings(0..<100), broker)
        #expect(Set(try await Self.values(recorder, count: 100)) == Set(0..<100))
        await new.stop()
        await onThread { observer.close() }
    }

    @Test func `without its broker a pipeline says so, and runs when the broker comes`() async throws {
        let broker = try TestBroker()
        broker.stop()
        let worker = try await TestWorker { $0.deployWait = .milliseconds(200) }
        let answer = try await worker.deploy(
            DeployPipelineRequest(name: "hot", source: Self.program(qos: 1), connectors: Self.connectors(broker))
        )
        #expect(answer.status == 201)
        let body = try answer.decoded(DeployPipelineResponse.self)
        let isTrying =
            body.status.errorMessage?.contains("connector 'Plant'") == true || body.status.rawValue == "starting"
        #expect(isTrying)
        try broker.start()
        let deadline = ContinuousClock.now + .seconds(20)
        var status = body.status
        while status != .running, .now < deadline {
            status = try await worker.call(.get, "/api/v1/pipelines/\(body.id)").decoded(PipelineInfo.self).status
        }
        #expect(status == .running)
        await worker.stop()
    }

    @Test func `a stop ends even when the broker of a sink is gone`() async throws {
        let source = try TestBroker()
        let sink = try TestBroker()
        let worker = try await TestWorker()
        var request = DeployPipelineRequest(
            name: "hot",
            source: """
                stream Hot = Reading.from(In, topic: "in", qos: 1).emit(value: value).to(Out, topic: "out", qos: 1)
                """,
            groupID: "g",
            epoch: 1,
            connectors: [
                Connector(name: "In", connectorType: "mqtt", params: ["url": "mqtt://127.0.0.1:\(source.port)"]),
                Connector(name: "Out", connectorType: "mqtt", params: ["url": "tcp://127.0.0.1:\(sink.port)"]),
            ]
        )
        let id = try await worker.running(request)
        sink.kill()
        try await Self.publish([MQTTMessage("in", #"{"event_type":"Reading","value":1}"#)], source)
        #expect(try await worker.call(.delete, "/api/v1/pipelines/\(id)").status == 200)
        #expect(!source.logLines.contains { $0.contains("Received PUBACK from varpulis-g-hot-In") })

        // The event was not acknowledged, so that it comes to whoever is next.
        try sink.start()
        let recorder = Recorder()
        let observer = try MQTTClient(
            MQTTConfiguration(
                host: "127.0.0.1",
                port: sink.port,
                clientID: "observer",
                subscriptions: [.init(topicFilter: "out", qos: .atLeastOnce)]
            ),
            onStatus: recorder.onStatus,
            onBatch: recorder.onBatch
        )
        await onThread { _ = recorder.status { $0.isSubscribed } }
        request.epoch = 2
        _ = try await worker.running(request)
        #expect(try await Self.values(recorder, count: 1) == [1])
        await worker.stop()
        await onThread { observer.close() }
    }
}
