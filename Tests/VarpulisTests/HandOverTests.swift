import Foundation
import MQTT
import TestBroker
import Testing

@Suite("a server that is told to end")
struct HandOverTests {
    @Test("finishes and acknowledges what it has, and its successor gets the rest")
    func handOver() throws {
        let broker = try TestBroker(settings: ["allow_anonymous true", "max_queued_messages 0"])
        let recorder = Recorder()
        let observer = try MQTTClient(
            MQTTConfiguration(
                host: "127.0.0.1",
                port: broker.port,
                clientID: "observer",
                subscriptions: [.init(topicFilter: "out", qos: .atLeastOnce)]
            ),
            onStatus: recorder.onStatus,
            onBatch: recorder.onBatch
        )
        recorder.status { $0.isSubscribed }
        let source = """
            connector Plant = mqtt (host: \\"127.0.0.1\\", port: \(broker.port))\\n\
            stream Hot = Reading.from(Plant, topic: \\"in\\", qos: 1).emit(v: v).to(Plant, topic: \\"out\\", qos: 1)\\n
            """
        let pipeline = #"{"id":"p1","name":"p","source":"\#(source)","epoch":0,"connectors":[]}"#
        func start() throws -> RunningCommand {
            try RunningCommand(
                ["server", "--port", "0", "--state-dir", "."],
                input: ["p1.pipeline.json": pipeline]
            )
        }
        let publisher = try MQTTClient(
            MQTTConfiguration(host: "127.0.0.1", port: broker.port, clientID: "publisher")
        )
        let completions = Completions()
        func publish(_ numbers: Range<Int>) throws {
            for number in numbers {
                let message = MQTTMessage("in", #"{"event_type":"Reading","v":\#(number)}"#)
                try publisher.publish(message, whenFull: .wait, completion: completions.record)
            }
        }
        let first = try start()
        #expect(broker.logs("Received SUBSCRIBE from varpulis-p1-Plant"))
        try publish(0..<5000)
        _ = recorder.payloads(count: 100)
        first.terminate()
        #expect(try first.end().status == 0)
        try publish(5000..<6000)
        #expect(completions.wait(count: 6000).allSatisfy { $0 == nil })
        let second = try start()
        let values = try recorder.payloads(count: 6000).map { text in
            try JSONDecoder().decode([String: Value].self, from: Data(text.utf8))["v"]?.number
        }
        // Each once and in order: an orderly end leaves nothing in doubt.
        #expect(values == Array(0..<6000))
        second.terminate()
        #expect(try second.end().status == 0)
        publisher.close()
        observer.close()
    }

    /// The number of a field that is one.
    private struct Value: Decodable {
        let number: Int?

        init(from decoder: any Decoder) throws {
            self.number = try? decoder.singleValueContainer().decode(Int.self)  // the other fields are texts
        }
    }
}
