import Foundation
import MQTT
import TestBroker
import Testing
import Threads

@Suite struct ReconnectTests {
    @Test func `a client comes back after the broker, and subscribes again`() throws {
        let broker = try TestBroker()
        let recorder = Recorder()
        let subscriber = try MQTTClient(
            MQTTConfiguration(
                host: "127.0.0.1",
                port: broker.port,
                clientID: "subscriber",
                subscriptions: [.init(topicFilter: "in", qos: .atLeastOnce)]
            ),
            onStatus: recorder.onStatus,
            onBatch: recorder.onBatch
        )
        let publisherRecorder = Recorder()
        let publisher = try MQTTClient(
            MQTTConfiguration(host: "127.0.0.1", port: broker.port, clientID: "publisher"),
            onStatus: publisherRecorder.onStatus
        )
        recorder.status { $0.isSubscribed }
        publisherRecorder.status { $0.isConnected }
        let seen = recorder.statusCount
        broker.kill()
        #expect(recorder.status(from: seen) { $0.lastError?.code == .connectionLost }?.isSubscribed == false)
        publisherRecorder.status { !$0.isConnected && $0.lastError != nil }

        let completions = Completions()
        try broker.start()
        #expect(recorder.status(from: seen) { $0.isSubscribed && $0.connectCount == 2 } != nil)
        for text in ["one", "two"] {
            try publisher.publish(MQTTMessage("in", text), whenFull: .wait, completion: completions.record)
        }
        #expect(completions.wait(count: 2) == [nil, nil])
        #expect(recorder.payloads(count: 2) == ["one", "two"])
        subscriber.close()
        publisher.close()
    }

    @Test func `what is published while the broker is away arrives when it is back`() throws {
        let broker = try TestBroker(
            settings: ["allow_anonymous true", "persistence true", "persistence_location FOLDER/"]
        )
        let recorder = Recorder()
        let subscriber = try MQTTClient(
            MQTTConfiguration(
                host: "127.0.0.1",
                port: broker.port,
                clientID: "subscriber",
                session: .persistent(expiry: .seconds(600)),
                subscriptions: [.init(topicFilter: "in", qos: .atLeastOnce)]
            ),
            onStatus: recorder.onStatus,
            onBatch: recorder.onBatch
        )
        let publisherRecorder = Recorder()
        let publisher = try MQTTClient(
            MQTTConfiguration(host: "127.0.0.1", port: broker.port, clientID: "publisher"),
            onStatus: publisherRecorder.onStatus
        )
        recorder.status { $0.isSubscribed }
        publisherRecorder.status { $0.isConnected }
        broker.stop()
        publisherRecorder.status { !$0.isConnected && $0.lastError != nil }
        let completions = Completions()
        let texts = (0..<200).map(String.init)
        for text in texts {
            try publisher.publish(MQTTMessage("in", text), whenFull: .refuse, completion: completions.record)
        }
        #expect(publisher.unsettledCount == 200)
        try broker.start()
        #expect(completions.wait(count: 200).allSatisfy { $0 == nil })
        #expect(recorder.payloads(count: 200) == texts)
        publisher.close()
        subscriber.close()
    }

    @Test func `a full queue refuses and counts, or waits until the client is closed`() throws {
        var configuration = MQTTConfiguration(host: "127.0.0.1", port: try FreePort.find(), clientID: "lonely")
        configuration.outgoingMessagesMax = 3
        let client = try MQTTClient(configuration)
        let completions = Completions()
        for number in 0..<3 {
            let message = MQTTMessage("t", "\(number)")
            try client.publish(message, whenFull: .refuse, completion: completions.record)
        }
        let refused = #expect(throws: MQTTError.self) {
            try client.publish(MQTTMessage("t", "3"), whenFull: .refuse)
        }
        #expect(refused?.code == .queueFull)
        #expect(client.status.publishRefusedCount == 1)

        let outcome = Monitor<MQTTError?>(nil)
        let waiter = NamedThread(name: "waiter") {
            do throws(MQTTError) {
                try client.publish(MQTTMessage("t", "4"), whenFull: .wait)
            } catch {
                outcome.withLock { $0 = error }
            }
        }
        client.close()
        waiter.join()
        #expect(outcome.withLock { $0 }?.code == .closed)
        #expect(completions.wait(count: 3).map { $0?.code } == [.closed, .closed, .closed])
        #expect(client.unsettledCount == 0)
    }

    @Test func `a host that does not exist, and one where nothing listens, are reported`() throws {
        for (host, port) in [("no-such-host.invalid", UInt16(1883)), ("127.0.0.1", try FreePort.find())] {
            let recorder = Recorder()
            let client = try MQTTClient(
                MQTTConfiguration(host: host, port: port, clientID: "c"),
                onStatus: recorder.onStatus
            )
            #expect(recorder.status { $0.lastError != nil }?.lastError?.code == .unreachable)
            client.close()
        }
    }

    @Test func `a listener that never answers does not hold the client`() throws {
        let silent = try SilentListener()
        let recorder = Recorder()
        var configuration = MQTTConfiguration(host: "127.0.0.1", port: silent.port, clientID: "c")
        configuration.connectTimeout = .milliseconds(100)
        let client = try MQTTClient(configuration, onStatus: recorder.onStatus)
        #expect(recorder.status { $0.lastError != nil }?.lastError?.code == .unreachable)
        client.close()

        // Closing in the midst of waiting for the answer returns as well.
        configuration.connectTimeout = .seconds(600)
        try MQTTClient(configuration).close()
    }

    @Test func `close ends the thread, and so does forgetting the client`() throws {
        let broker = try TestBroker()
        for isClosed in [true, false] {
            let id = "e-\(UInt32.random(in: 0...UInt32.max))"
            let recorder = Recorder()
            var client: MQTTClient? = try MQTTClient(
                MQTTConfiguration(host: "127.0.0.1", port: broker.port, clientID: id),
                onStatus: recorder.onStatus
            )
            recorder.status { $0.isConnected }
            #expect(Self.threadNames().contains { "mqtt-\(id)".hasPrefix($0) && $0.hasPrefix("mqtt-e-") })
            if isClosed {
                client?.close()
                // The system forgets a thread a moment after its closure returned.
                #expect(Self.isGone(id))
            }
            client = nil
            #expect(broker.logs("Received DISCONNECT from \(id)"))
            #expect(Self.isGone(id))
        }
    }

    private static func isGone(_ id: String) -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        let name = String("mqtt-\(id)".prefix(15))
        while self.threadNames().contains(name) {
            if ContinuousClock.now > deadline { return false }
        }
        return true
    }

    private static func threadNames() -> [String] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.compactMap { task in
            try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
                .trimmingCharacters(in: .newlines)
        }
    }
}
