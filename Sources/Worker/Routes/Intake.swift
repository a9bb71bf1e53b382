import ClusterAPI
import MQTT

/// Which messages of a connection are this pipeline's own: those of its share, if it is a replica, and of the types that
/// its routes bring.
struct Intake: Sendable {
    private let index: Int
    private let count: Int
    private let key: [UInt8]?
    /// For the topics of which not every type is wanted.
    private let typesByTopic: [String: EventTypePatterns]

    /// Nil where every message is the pipeline's own.
    init?(_ replica: ReplicaShare?, typesByTopic: [String: EventTypePatterns] = [:]) {
        self.index = Int(replica?.index ?? 0)
        self.count = Int(replica?.count ?? 1)
        self.key = replica?.partitionKey.map { Array($0.utf8) }
        self.typesByTopic = typesByTopic.filter { !$0.value.fitAll }
        if self.count <= 1 && self.typesByTopic.isEmpty { return nil }
    }

    /// The messages that are the pipeline's own. The others are acknowledged with them.
    func own(of messages: [MQTTMessage]) -> [MQTTMessage] { messages.filter(self.takes) }

    private func takes(_ message: MQTTMessage) -> Bool {
        guard PayloadLook.replica(of: message.payload, key: self.key, count: self.count) == self.index else {
            return false
        }
        guard !self.typesByTopic.isEmpty, let patterns = self.typesByTopic[message.topic] else { return true }
        return patterns.match(PayloadLook.type(of: message.payload) ?? MQTTSource.lastLevel(of: message.topic))
    }
}
