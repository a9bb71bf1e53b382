import MQTT
import TestBroker
import Threads

/// A client that connects when it is told to, and what it reports.
final class SteeredClient: Sendable {
    let client: MQTTClient
    let recorder = Recorder()
    private let events = Monitor<[MQTTConnectionEvent]>([])

    convenience init(
        _ broker: TestBroker,
        _ clientID: String,
        session: MQTTConfiguration.Session = .clean,
        topic: String? = nil
    ) throws {
        try self.init(port: broker.port, clientID, session: session, topic: topic)
    }

    init(
        port: UInt16,
        _ clientID: String,
        session: MQTTConfiguration.Session = .clean,
        topic: String? = nil
    ) throws {
        var configuration = MQTTConfiguration(
            host: "127.0.0.1",
            port: port,
            clientID: clientID,
            session: session,
            subscriptions: topic.map { [MQTTSubscription(topicFilter: $0, qos: .atLeastOnce)] } ?? []
        )
        configuration.opening = .whenTold
        let events = self.events
        self.client = try MQTTClient(
            configuration,
            onStatus: self.recorder.onStatus,
            onBatch: self.recorder.onBatch,
            onConnection: { event in events.change { $0.append(event) } }
        )
    }

    /// Connects, and waits for the answer: nil when the connection is open.
    func connect() -> MQTTError? {
        let count = self.events.withLock { $0.count }
        self.client.connect()
        return self.event(count).flatMap { event in
            if case .ended(let error) = event { error } else { nil }
        }
    }

    /// The reported event of this number; nil when it does not come in 20 seconds.
    func event(_ number: Int) -> MQTTConnectionEvent? {
        self.events.wait(atMost: .seconds(20)) { $0.count > number ? $0[number] : nil }
    }

    var eventCount: Int { self.events.withLock { $0.count } }

    func readRetained(_ topic: String, timeout: Duration = .seconds(20)) -> Result<[UInt8]?, MQTTError> {
        let answer = Monitor<Result<[UInt8]?, MQTTError>?>(nil)
        self.client.readRetained(topic, timeout: timeout) { result in answer.change { $0 = result } }
        return answer.wait { $0 }
    }

    func publishOnce(_ message: MQTTMessage) -> MQTTError? {
        let outcome = Completions()
        self.client.publishOnce(message, timeout: .seconds(20), completion: outcome.record)
        return outcome.wait(count: 1).first ?? nil
    }
}
