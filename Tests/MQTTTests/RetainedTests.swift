import MQTT
import TestBroker
import Testing

@Suite struct RetainedTests {
    @Test func `what a broker retains is read, and that it retains nothing`() throws {
        let broker = try TestBroker()
        let steered = try SteeredClient(broker, "reader")
        #expect(steered.readRetained("owner/a").failureCode == .connectionLost)
        #expect(steered.connect() == nil)
        #expect(try steered.readRetained("owner/a").get() == nil)
        for text in ["1", "2"] {
            #expect(steered.publishOnce(MQTTMessage("owner/a", text, isRetained: true)) == nil)
            #expect(try steered.readRetained("owner/a").get() == Array(text.utf8))
            #expect(try steered.readRetained("owner/b").get() == nil)
        }
        // Someone else's eyes see the same.
        let other = try SteeredClient(broker, "other")
        #expect(other.connect() == nil)
        #expect(try other.readRetained("owner/a").get() == Array("2".utf8))
        #expect(steered.publishOnce(MQTTMessage("owner/a", "", isRetained: true)) == nil)
        #expect(try other.readRetained("owner/a").get() == nil)
        steered.client.close()
        other.client.close()
    }

    @Test func `a request ends with its connection`() throws {
        let broker = try TestBroker()
        let steered = try SteeredClient(broker, "reader")
        #expect(steered.connect() == nil)
        broker.suspend()
        #expect(steered.readRetained("owner/a", timeout: .milliseconds(300)).failureCode == .timedOut)
        broker.kill()
        #expect(steered.event(1) != nil)
        #expect(steered.publishOnce(MQTTMessage("t", "x"))?.code == .connectionLost)
        steered.client.close()
    }

    @Test func `a broker that does not let one read is not taken for one that retains nothing`() throws {
        let broker = try TestBroker(
            settings: ["allow_anonymous true", "acl_file FOLDER/acl"],
            files: ["acl": "topic read open/#\n"]
        )
        let steered = try SteeredClient(broker, "reader")
        #expect(steered.connect() == nil)
        #expect(steered.readRetained("owner/a", timeout: .milliseconds(300)).failureCode == .timedOut)
        steered.client.close()
    }
}

extension Result<[UInt8]?, MQTTError> {
    fileprivate var failureCode: MQTTError.Code? {
        if case .failure(let error) = self { error.code } else { nil }
    }
}
