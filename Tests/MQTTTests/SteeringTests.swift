import MQTT
import TestBroker
import Testing
import Threads

/// Clients whose owner decides when they connect and when anything flows.
@Suite struct SteeringTests {
    @Test func `it connects when it is told to, once for each time`() throws {
        let broker = try TestBroker()
        let steered = try SteeredClient(broker, "steered")
        #expect(!steered.client.status.isConnected)
        #expect(steered.eventCount == 0)
        #expect(steered.connect() == nil)
        broker.kill()
        guard case .ended(let end) = steered.event(1) else { throw MQTTError(.invalid, "no end reported") }
        #expect(end.code == .connectionLost)
        #expect(steered.connect()?.code == .unreachable)
        try broker.start()
        #expect(steered.connect() == nil)
        #expect(steered.client.status.connectCount == 2)
        steered.client.close()
        #expect(steered.eventCount == 4)
    }

    @Test func `who is thrown out by another of its id stays out`() throws {
        let broker = try TestBroker()
        let old = try SteeredClient(broker, "place")
        let new = try SteeredClient(broker, "place")
        #expect(old.connect() == nil)
        #expect(new.connect() == nil)
        guard case .ended = old.event(1) else { throw MQTTError(.invalid, "no end reported") }
        // The old one would have come back by itself after a quarter of a second, and thrown the new one out.
        #expect(new.publishOnce(MQTTMessage("t", "still here")) == nil)
        #expect(new.eventCount == 1)
        #expect(old.publishOnce(MQTTMessage("t", "gone"))?.code == .connectionLost)
        old.client.close()
        new.client.close()
    }

    @Test func `a broker that says why it throws a client out is understood`() throws {
        // Accepted, and at once thrown out: the session is another's.
        let script = try ScriptedListener(answering: [0x20, 3, 0, 0, 0, 0xE0, 2, 0x8E, 0])
        let steered = try SteeredClient(port: script.port, "place")
        #expect(steered.connect() == nil)
        guard case .ended(let end) = steered.event(1) else { throw MQTTError(.invalid, "no end reported") }
        #expect(end.code == .takenOver)
        steered.client.close()
    }

    @Test func `what is published waits until it may flow`() throws {
        let broker = try TestBroker()
        let observer = try SteeredClient(broker, "observer", topic: "out")
        #expect(observer.connect() == nil)
        observer.client.resume()
        observer.recorder.status { $0.isSubscribed }
        let steered = try SteeredClient(broker, "steered")
        let completions = Completions()
        func publish(_ numbers: Range<Int>) throws {
            for number in numbers {
                let message = MQTTMessage("out", "\(number)")
                try steered.client.publish(message, whenFull: .refuse, completion: completions.record)
            }
        }
        try publish(0..<50)
        #expect(steered.connect() == nil)
        // It goes another way, so it overtakes what waits.
        #expect(steered.publishOnce(MQTTMessage("out", "first")) == nil)
        #expect(steered.client.unsettledCount == 50)
        steered.client.resume()
        #expect(completions.wait(count: 50).allSatisfy { $0 == nil })
        steered.client.pause()
        #expect(steered.publishOnce(MQTTMessage("out", "between")) == nil)
        try publish(50..<100)
        #expect(steered.publishOnce(MQTTMessage("out", "last")) == nil)
        #expect(steered.client.unsettledCount == 50)
        steered.client.resume()
        let (early, late) = ((0..<50).map(String.init), (50..<100).map(String.init))
        let expected: [String] = ["first"] + early + ["between", "last"] + late
        #expect(observer.recorder.payloads(count: 103) == expected)
        steered.client.close()
        observer.client.close()
    }

    @Test func `what was not acknowledged is repeated, in order, only on a connection that may flow`() throws {
        let broker = try TestBroker(settings: ["allow_anonymous true", "max_queued_messages 0"])
        let observer = try SteeredClient(broker, "observer", topic: "out")
        #expect(observer.connect() == nil)
        observer.client.resume()
        observer.recorder.status { $0.isSubscribed }
        let steered = try SteeredClient(broker, "steered")
        #expect(steered.connect() == nil)
        steered.client.resume()
        let completions = Completions()
        let count = 9_000
        for number in 0..<count {
            let message = MQTTMessage("out", "\(number)")
            try steered.client.publish(message, whenFull: .wait, completion: completions.record)
        }
        let thief = try SteeredClient(broker, "steered")
        #expect(thief.connect() == nil)
        #expect(steered.event(1) != nil)
        let left = steered.client.unsettledCount
        #expect(steered.connect() == nil)
        #expect(steered.client.unsettledCount == left)
        steered.client.resume()
        #expect(completions.wait(count: count).allSatisfy { $0 == nil })
        #expect(thief.publishOnce(MQTTMessage("out", "x"))?.code == .connectionLost)
        #expect(steered.publishOnce(MQTTMessage("out", "end")) == nil)
        #expect(observer.recorder.payload("end"))
        var received: [Int] = []
        for message in observer.recorder.messages {
            guard let number = Int(String(decoding: message.payload, as: UTF8.self)) else { break }
            if number > received.last ?? -1 { received.append(number) }
        }
        #expect(received == Array(0..<count))
        steered.client.close()
        thief.client.close()
        observer.client.close()
    }

    @Test func `messages of a kept session are neither read nor acknowledged before they may flow`() throws {
        let broker = try TestBroker()
        let old = try SteeredClient(broker, "source", session: .persistent(expiry: .seconds(600)), topic: "in")
        #expect(old.connect() == nil)
        old.client.resume()
        old.recorder.status { $0.isSubscribed }
        old.client.close()
        let publisher = try SteeredClient(broker, "publisher")
        #expect(publisher.connect() == nil)
        let texts = (0..<20).map(String.init)
        for text in texts { #expect(publisher.publishOnce(MQTTMessage("in", text)) == nil) }

        let held = try SteeredClient(broker, "source", session: .persistent(expiry: .seconds(600)), topic: "in")
        #expect(held.connect() == nil)
        let next = try SteeredClient(broker, "source", session: .persistent(expiry: .seconds(600)), topic: "in")
        #expect(next.connect() == nil)
        // Its end shows although it does not read.
        guard case .ended = held.event(1) else { throw MQTTError(.invalid, "no end reported") }
        #expect(held.recorder.messages.isEmpty)
        next.client.resume()
        #expect(next.recorder.payloads(count: 20) == texts)
        for client in [held, next, publisher] { client.client.close() }
    }
}
