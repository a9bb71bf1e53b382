import Foundation
import MQTT
import Synchronization

/// Reads an owner record over a connection that takes nothing over: it has a client id of its own and ends at once.
final class RecordCheck: Sendable {
    typealias Completion = @Sendable (Result<[UInt8]?, MQTTError>) -> Void

    /// Holds itself while it is under way; let go with its result.
    private let state: Mutex<(client: MQTTClient?, completion: Completion?)>

    private init(_ completion: @escaping Completion) {
        self.state = Mutex((nil, completion))
    }

    static func read(
        _ topic: String,
        at broker: MQTTConfiguration,
        timeout: Duration,
        completion: @escaping Completion
    ) {
        var configuration = broker
        configuration.clientID = "\(broker.clientID)-check-\(UUID().uuidString)"
        let check = RecordCheck(completion)
        do throws(MQTTError) {
            let client = try MQTTClient(
                configuration,
                onConnection: { event in
                    switch event {
                    case .opened: check.ask(topic, timeout)
                    case .ended(let error): check.end(.failure(error))
                    }
                }
            )
            check.state.withLock { $0.client = client }
            client.connect()
        } catch {
            check.end(.failure(error))
        }
    }

    private func ask(_ topic: String, _ timeout: Duration) {
        self.state.withLock { $0.client }?.readRetained(topic, timeout: timeout) { self.end($0) }
    }

    /// The first result counts. Called on the client's thread, so it is not waited for.
    private func end(_ result: Result<[UInt8]?, MQTTError>) {
        let (client, completion) = self.state.withLock { state in
            defer { state = (nil, nil) }
            return state
        }
        client?.beginClose()
        completion?(result)
    }
}
