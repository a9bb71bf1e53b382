import ClusterAPI
import Foundation
import MQTT
import TestBroker
import Testing

@testable import Worker

/// What tests of routes over a broker have in common: a connector for it, producers, and somebody who sees all results.
struct RouteScene {
    let broker: TestBroker
    let recorder = Recorder()
    let observer: MQTTClient

    /// - Parameter seen: The topics of results.
    init(seen: String) async throws {
        // Brokers keep 1000 messages for a client that is slow or away, unless told otherwise.
        let broker = try TestBroker(settings: ["allow_anonymous true", "max_queued_messages 0"])
        let recorder = self.recorder
        self.broker = broker
        self.observer = try MQTTClient(
            MQTTConfiguration(
                host: "127.0.0.1",
                port: broker.port,
                clientID: "observer",
                subscriptions: [.init(topicFilter: seen, qos: .atLeastOnce)]
            ),
            onStatus: recorder.onStatus,
            onBatch: recorder.onBatch
        )
        await onThread { _ = recorder.status { $0.isSubscribed } }
    }

    func end() async {
        let observer = self.observer
        await onThread { observer.close() }
    }

    var connectors: [Connector] {
        [Connector(name: "Plant", connectorType: "mqtt", params: ["host": "127.0.0.1", "port": "\(self.broker.port)"])]
    }

    static func topic(_ from: String, _ to: String) -> String { "varpulis/cluster/g/\(from)/\(to)" }

    static func output(_ from: String, _ to: String, _ types: [String]) -> RouteOutput {
        RouteOutput(topic: self.topic(from, to), eventTypes: types, connector: "Plant", peer: to)
    }

    static func input(_ from: String, _ to: String, _ types: [String]) -> RouteInput {
        RouteInput(topic: self.topic(from, to), eventTypes: types, connector: "Plant", peer: from)
    }

    func request(
        _ name: String,
        _ source: String,
        epoch: UInt64 = 1,
        outputs: [RouteOutput] = [],
        inputs: [RouteInput] = [],
        replica: ReplicaShare? = nil
    ) -> DeployPipelineRequest {
        DeployPipelineRequest(
            name: name,
            source: source,
            groupID: "g",
            epoch: epoch,
            connectors: self.connectors,
            outputs: outputs,
            inputs: inputs,
            replica: replica
        )
    }

    /// Publishes a reading for each value, its key one of ten, and waits until the broker has acknowledged all.
    func publish(_ values: Range<Int>) async throws {
        let client = try MQTTClient(
            MQTTConfiguration(host: "127.0.0.1", port: self.broker.port, clientID: "publisher-\(UUID())")
        )
        await onThread {
            let completions = Completions()
            for value in values {
                let text = #"{"event_type":"Reading","value":\#(value),"key":"k\#(value % 10)"}"#
                do throws(MQTTError) {
                    try client.publish(.init("plant/readings", text), whenFull: .wait, completion: completions.record)
                } catch {
                    Issue.record(error)
                }
            }
            #expect(completions.wait(count: values.count).allSatisfy { $0 == nil })
            client.close()
        }
    }

    struct Result: Hashable, Decodable {
        let value: Int
        var key: String?
    }

    /// What arrived on each topic, once there is this much in all.
    func results(count: Int) async throws -> [String: [Result]] {
        let recorder = self.recorder
        await onThread { _ = recorder.payloads(count: count) }
        var results: [String: [Result]] = [:]
        for message in recorder.messages {
            results[message.topic, default: []].append(try APIJSON.decode(from: message.payload))
        }
        return results
    }
}
