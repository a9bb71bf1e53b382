import ClusterAPI
import Foundation
import MQTT
import TestBroker
import Testing

@testable import Worker

/// One place in a cluster, whose pipeline carries numbers from one topic to another and says of which epoch it is.
struct FencedPlace {
    let broker: TestBroker
    let name = "p#0"
    let group = "g 1"

    init(_ broker: TestBroker) { self.broker = broker }

    func request(_ epoch: UInt64) -> DeployPipelineRequest {
        DeployPipelineRequest(
            name: self.name,
            source: """
                stream Carried = Number.from(Plant, topic: "numbers", qos: 1)
                    .emit(value: value, epoch: \(epoch))
                    .to(Plant, topic: "carried", qos: 1)
                """,
            groupID: self.group,
            epoch: epoch,
            connectors: [
                Connector(
                    name: "Plant",
                    connectorType: "mqtt",
                    params: ["host": "127.0.0.1", "port": "\(self.broker.port)"]
                )
            ]
        )
    }

    var recordTopic: String { OwnerRecord.topic(.init(groupID: self.group, name: self.name)) }

    /// A client that connects by itself.
    func client(_ id: String, topic: String? = nil, _ recorder: Recorder = Recorder()) throws -> MQTTClient {
        try MQTTClient(
            MQTTConfiguration(
                host: "127.0.0.1",
                port: self.broker.port,
                clientID: id,
                session: topic == nil ? .clean : .persistent(expiry: .seconds(600)),
                subscriptions: topic.map { [.init(topicFilter: $0, qos: .atLeastOnce)] } ?? []
            ),
            onStatus: recorder.onStatus,
            onBatch: recorder.onBatch
        )
    }

    /// Publishes numbers one by one, each after the one before was acknowledged.
    func publish(_ numbers: Range<Int>, from client: MQTTClient) async {
        await onThread {
            let completions = Completions()
            for number in numbers {
                let message = MQTTMessage("numbers", #"{"event_type":"Number","value":\#(number)}"#)
                do throws(MQTTError) {
                    try client.publish(message, whenFull: .wait, completion: completions.record)
                } catch {
                    Issue.record(error)
                }
                _ = completions.wait(count: number - numbers.lowerBound + 1)
            }
            let outcomes = completions.wait(count: numbers.count)
            #expect(outcomes.count == numbers.count && outcomes.allSatisfy { $0 == nil })
        }
    }

    struct Carried: Decodable {
        let value: Int
        let epoch: UInt64
    }

    static func carried(_ messages: [MQTTMessage]) throws -> [Carried] {
        try messages.map { try JSONDecoder().decode(Carried.self, from: Data($0.payload)) }
    }

    /// Everything that was carried, once the last number is there.
    func carried(_ recorder: Recorder, through last: Int) async throws -> [Carried] {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let all = try Self.carried(recorder.messages)
            if all.contains(where: { $0.value == last }) { return all }
            try await Task.sleep(for: .milliseconds(20))
        }
        return try Self.carried(recorder.messages)
    }

    /// What the broker retains as the place's owner; nil when nothing comes in a while.
    func record() async throws -> OwnerRecord? {
        let recorder = Recorder()
        let client = try self.client("record-\(UUID())", topic: self.recordTopic, recorder)
        defer { client.beginClose() }
        let payload = await onThread { recorder.payloads(count: 1).first }
        return try payload.map { try APIJSON.decode(OwnerRecord.self, from: $0.utf8) }
    }
}
