import MQTT
import TestBroker
import Testing

@Suite struct PublishAndSubscribeTests {
    @Test(arguments: [MQTTQoS.atMostOnce, .atLeastOnce])
    func `messages arrive in order, and publishing is settled`(qos: MQTTQoS) throws {
        let broker = try TestBroker()
        let recorder = Recorder()
        let subscriber = try MQTTClient(
            MQTTConfiguration(
                host: "localhost",
                port: broker.port,
                clientID: "subscriber",
                subscriptions: [.init(topicFilter: "in/#", qos: qos), .init(topicFilter: "other/+", qos: qos)]
            ),
            onStatus: recorder.onStatus,
            onBatch: recorder.onBatch
        )
        #expect(recorder.status { $0.isSubscribed } != nil)
        let publisher = try MQTTClient(
            MQTTConfiguration(host: "127.0.0.1", port: broker.port, clientID: "publisher")
        )
        let completions = Completions()
        for number in 0..<500 {
            let message = MQTTMessage("in/numbers", "\(number)", qos: qos)
            try publisher.publish(message, whenFull: .wait, completion: completions.record)
        }
        try publisher.publish(MQTTMessage("elsewhere", "not asked for"), whenFull: .wait)
        try publisher.publish(MQTTMessage("other/last", ""), whenFull: .wait)

        #expect(recorder.payloads(count: 501) == (0..<500).map(String.init) + [""])
        #expect(recorder.messages.first?.topic == "in/numbers")
        #expect(recorder.messages.first?.qos == qos)
        #expect(recorder.messages.last?.topic == "other/last")
        #expect(completions.wait(count: 500).allSatisfy { $0 == nil })
        publisher.close(drainingAtMost: .seconds(10))
        subscriber.close()
        #expect(publisher.status.publishedCount == 502)
        #expect(publisher.unsettledCount == 0)
        #expect(subscriber.status.receivedCount == 501)
        #expect(!subscriber.status.isConnected)
    }

    @Test func `closing with time to drain sends what is queued`() throws {
        let broker = try TestBroker()
        let recorder = Recorder()
        let subscriber = try MQTTClient(
            MQTTConfiguration(
                host: "127.0.0.1",
                port: broker.port,
                clientID: "subscriber",
                subscriptions: [.init(topicFilter: "t", qos: .atMostOnce)]
            ),
            onStatus: recorder.onStatus,
            onBatch: recorder.onBatch
        )
        recorder.status { $0.isSubscribed }
        // Published before there is a connection, and closed at once.
        let publisher = try MQTTClient(MQTTConfiguration(host: "127.0.0.1", port: broker.port, clientID: "publisher"))
        for number in 0..<100 {
            try publisher.publish(MQTTMessage("t", "\(number)", qos: .atMostOnce), whenFull: .refuse)
        }
        publisher.close(drainingAtMost: .seconds(20))
        #expect(recorder.payloads(count: 100).count == 100)
        subscriber.close()
    }

    @Test func `a retained message is marked, and a large one arrives whole`() throws {
        let broker = try TestBroker()
        let publisher = try MQTTClient(MQTTConfiguration(host: "127.0.0.1", port: broker.port, clientID: "publisher"))
        let completions = Completions()
        let large = String(repeating: "x", count: 1 << 20)
        let message = MQTTMessage("kept", large, isRetained: true)
        try publisher.publish(message, whenFull: .wait, completion: completions.record)
        #expect(completions.wait(count: 1) == [nil])

        let recorder = Recorder()
        let subscriber = try MQTTClient(
            MQTTConfiguration(
                host: "127.0.0.1",
                port: broker.port,
                clientID: "subscriber",
                subscriptions: [.init(topicFilter: "kept", qos: .atLeastOnce)]
            ),
            onBatch: recorder.onBatch
        )
        #expect(recorder.payloads(count: 1).first?.utf8.count == large.utf8.count)
        #expect(recorder.messages.first?.isRetained == true)
        subscriber.close()
        publisher.close()
    }

    @Test func `what the broker forbids is an error with its reason`() throws {
        let broker = try TestBroker(
            settings: ["allow_anonymous true", "acl_file FOLDER/access"],
            files: ["access": "topic write open/#\ntopic read open/#\n"]
        )
        let publisher = try MQTTClient(MQTTConfiguration(host: "127.0.0.1", port: broker.port, clientID: "publisher"))
        let completions = Completions()
        for topic in ["open/a", "closed/a"] {
            try publisher.publish(MQTTMessage(topic, "x"), whenFull: .wait, completion: completions.record)
        }
        let outcomes = completions.wait(count: 2)
        #expect(outcomes.first == .some(nil))
        #expect(outcomes.last??.code == .refused)
        #expect(outcomes.last??.message.contains("Not authorized") == true)
        #expect(outcomes.last??.reason == .notAuthorized)
        #expect(outcomes.last??.reason?.isTransient == false)
        publisher.close()
        #expect(publisher.status.publishFailedCount == 1)
    }

    @Test func `a wrong password is refused, the right one is not`() throws {
        // "secret", salted and hashed by mosquitto_passwd.
        let broker = try TestBroker(
            settings: ["allow_anonymous false", "password_file FOLDER/passwords"],
            files: ["passwords": try Passwords.file(user: "worker", password: "secret")]
        )
        for (password, isRight) in [("wrong", false), ("secret", true)] {
            let recorder = Recorder()
            let client = try MQTTClient(
                MQTTConfiguration(
                    host: "127.0.0.1",
                    port: broker.port,
                    clientID: "c",
                    username: "worker",
                    password: password
                ),
                onStatus: recorder.onStatus
            )
            let status = recorder.status { $0.isConnected || $0.lastError != nil }
            #expect(status?.isConnected == isRight)
            #expect(status?.lastError?.code == (isRight ? nil : .refused))
            client.close()
        }
    }

    @Test func `what MQTT cannot carry is refused before anything is sent`() throws {
        #expect(throws: MQTTError.self) { try MQTTClient(MQTTConfiguration(host: "", clientID: "c")) }
        #expect(throws: MQTTError.self) { try MQTTClient(MQTTConfiguration(host: "h", clientID: "")) }
        #expect(throws: MQTTError.self) { try MQTTClient(MQTTConfiguration(host: "h", clientID: "a\0b")) }
        let badFilter = MQTTSubscription(topicFilter: "a/#/b", qos: .atMostOnce)
        #expect(throws: MQTTError.self) {
            try MQTTClient(MQTTConfiguration(host: "h", clientID: "c", subscriptions: [badFilter]))
        }
        let broker = try TestBroker()
        let client = try MQTTClient(MQTTConfiguration(host: "127.0.0.1", port: broker.port, clientID: "c"))
        for topic in ["", "a/+", "a/#", "a\0b"] {
            #expect(throws: MQTTError.self) { try client.publish(MQTTMessage(topic, ""), whenFull: .refuse) }
        }
        #expect(client.unsettledCount == 0)
        client.close()
    }
}
