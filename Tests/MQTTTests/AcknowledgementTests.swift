import MQTT
import TestBroker
import Testing
import Threads

@Suite struct AcknowledgementTests {
    private func configuration(_ broker: TestBroker, topic: String = "in") -> MQTTConfiguration {
        MQTTConfiguration(
            host: "127.0.0.1",
            port: broker.port,
            clientID: "source",
            session: .persistent(expiry: .seconds(3600)),
            subscriptions: [.init(topicFilter: topic, qos: .atLeastOnce)]
        )
    }

    private func publish(_ texts: [String], to topic: String = "in", _ broker: TestBroker) throws {
        let publisher = try MQTTClient(MQTTConfiguration(host: "127.0.0.1", port: broker.port, clientID: "publisher"))
        let completions = Completions()
        for text in texts {
            try publisher.publish(MQTTMessage(topic, text), whenFull: .wait, completion: completions.record)
        }
        #expect(completions.wait(count: texts.count).allSatisfy { $0 == nil })
        publisher.close()
    }

    @Test func `a refused batch comes again, an accepted one does not`() throws {
        let broker = try TestBroker()
        let recorder = Recorder()
        let refusals = Monitor(0)
        let accept = recorder.onBatch
        let client = try MQTTClient(self.configuration(broker), onStatus: recorder.onStatus) { batch in
            let isFirst = refusals.change { count in
                count += 1
                return count == 1
            }
            return isFirst ? .refused : accept(batch)
        }
        recorder.status { $0.isSubscribed }
        try self.publish(["a", "b", "c"], broker)
        #expect(Set(recorder.payloads(count: 3)) == ["a", "b", "c"])
        client.close()
        #expect(recorder.status { $0.lastError?.code == .batchRefused } != nil)

        // The session goes on, and holds nothing that was accepted.
        let later = Recorder()
        let successor = try MQTTClient(self.configuration(broker), onStatus: later.onStatus, onBatch: later.onBatch)
        later.status { $0.isSubscribed }
        try self.publish(["d"], broker)
        #expect(later.payloads(count: 1) == ["d"])
        successor.close()
    }

    @Test func `no acknowledgement leaves while the consumer has the batch`() throws {
        let broker = try TestBroker()
        let recorder = Recorder()
        let entered = Monitor(false)
        let gate = Monitor(false)
        let accept = recorder.onBatch
        let client = try MQTTClient(self.configuration(broker), onStatus: recorder.onStatus) { batch in
            entered.change { $0 = true }
            gate.wait { $0 ? () : nil }
            return accept(batch)
        }
        recorder.status { $0.isSubscribed }
        try self.publish(["held"], broker)
        entered.wait { $0 ? () : nil }
        // The broker has served this client's later traffic, so an acknowledgement of the first would have come before.
        try self.publish(["x"], to: "unrelated", broker)
        #expect(!broker.logLines.contains { $0.contains("Received PUBACK from source") })
        gate.change { $0 = true }
        #expect(broker.logs("Received PUBACK from source"))
        client.close()
    }

    @Test func `who takes the session over gets what the stuck consumer holds`() throws {
        let broker = try TestBroker()
        let gate = Monitor(false)
        let entered = Monitor(false)
        let stuckRecorder = Recorder()
        let stuck = try MQTTClient(self.configuration(broker), onStatus: stuckRecorder.onStatus) { _ in
            entered.change { $0 = true }
            gate.wait { $0 ? () : nil }
            return .refused
        }
        stuckRecorder.status { $0.isSubscribed }
        try self.publish(["a"], broker)
        entered.wait { $0 ? () : nil }

        let recorder = Recorder()
        let successor = try MQTTClient(
            self.configuration(broker),
            onStatus: recorder.onStatus,
            onBatch: recorder.onBatch
        )
        #expect(recorder.payloads(count: 1) == ["a"])
        successor.close()
        gate.change { $0 = true }
        stuck.close()
    }

    @Test func `closing in the midst of a flood loses nothing and repeats nothing`() throws {
        let broker = try TestBroker(settings: ["allow_anonymous true", "max_queued_messages 0"])
        let earlier = Recorder()
        var configuration = self.configuration(broker)
        configuration.batchMessagesMax = 20
        let first = try MQTTClient(configuration, onStatus: earlier.onStatus, onBatch: earlier.onBatch)
        earlier.status { $0.isSubscribed }
        let texts = (0..<3000).map(String.init)
        let publishing = NamedThread(name: "publishing") { [self] in
            #expect(throws: Never.self) { try self.publish(texts, broker) }
        }
        _ = earlier.payloads(count: 500)
        first.close()
        let taken = earlier.payloads(count: 0)

        let later = Recorder()
        let second = try MQTTClient(configuration, onBatch: later.onBatch)
        publishing.join()
        #expect(taken + later.payloads(count: texts.count - taken.count) == texts)
        second.close()
    }

    @Test func `messages published while the client was away are kept for it`() throws {
        let broker = try TestBroker()
        let recorder = Recorder()
        let first = try MQTTClient(self.configuration(broker), onStatus: recorder.onStatus)
        recorder.status { $0.isSubscribed }
        first.close()
        try self.publish((0..<50).map(String.init), broker)

        let second = try MQTTClient(self.configuration(broker), onBatch: recorder.onBatch)
        #expect(recorder.payloads(count: 50) == (0..<50).map(String.init))
        second.close()
    }

    @Test func `messages that only an earlier subscription asked for are dropped`() throws {
        let broker = try TestBroker()
        let recorder = Recorder()
        let first = try MQTTClient(self.configuration(broker, topic: "old/#"), onStatus: recorder.onStatus)
        recorder.status { $0.isSubscribed }
        first.close()

        let later = Recorder()
        let second = try MQTTClient(
            self.configuration(broker, topic: "new/+"),
            onStatus: later.onStatus,
            onBatch: later.onBatch
        )
        later.status { $0.isSubscribed }
        try self.publish(["unwanted"], to: "old/a", broker)
        try self.publish(["wanted"], to: "new/a", broker)
        #expect(later.payloads(count: 1) == ["wanted"])
        second.close()
        #expect(second.status.unwantedCount == 1)
    }
}
