public import MQTT
import Threads

/// Collects what a client reports, and waits for it.
public final class Recorder: Sendable {
    private let batches = Monitor<[[MQTTMessage]]>([])
    private let statuses = Monitor<[MQTTStatus]>([])

    public init() {}

    public var onStatus: @Sendable (MQTTStatus) -> Void {
        { [statuses] status in statuses.change { $0.append(status) } }
    }

    public var onBatch: @Sendable ([MQTTMessage]) -> MQTTBatchOutcome {
        { [batches] batch in
            batches.change { $0.append(batch) }
            return .accepted
        }
    }

    /// The texts of all messages once there are this many; fewer when they do not come in 20 seconds.
    public func payloads(count: Int) -> [String] {
        func texts(_ batches: [[MQTTMessage]]) -> [String] {
            batches.joined().map { String(decoding: $0.payload, as: UTF8.self) }
        }
        let complete = self.batches.wait(atMost: .seconds(20)) { batches in
            batches.reduce(0) { $0 + $1.count } >= count ? texts(batches) : nil
        }
        return complete ?? self.batches.withLock { texts($0) }
    }

    /// Waits for a message with this text; false when it does not come in 20 seconds.
    public func payload(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return self.batches.wait(atMost: .seconds(20)) { batches in
            batches.contains { $0.contains { $0.payload == bytes } } ? true : nil
        } ?? false
    }

    public var messages: [MQTTMessage] {
        self.batches.withLock { Array($0.joined()) }
    }

    /// Waits for a report that fits; nil after 20 seconds. Earlier reports count too, from `start` on.
    @discardableResult
    public func status(from start: Int = 0, where fits: (MQTTStatus) -> Bool) -> MQTTStatus? {
        self.statuses.wait(atMost: .seconds(20)) { $0.dropFirst(start).first(where: fits) }
    }

    /// Reports so far, to look only at later ones.
    public var statusCount: Int {
        self.statuses.withLock { $0.count }
    }
}

/// Outcomes of publishing, in the order of completion.
public final class Completions: Sendable {
    private let outcomes = Monitor<[MQTTError?]>([])

    public init() {}

    public var record: MQTTPublishCompletion {
        { [outcomes] failure in outcomes.change { $0.append(failure) } }
    }

    public func wait(count: Int) -> [MQTTError?] {
        let complete = self.outcomes.wait(atMost: .seconds(20)) { $0.count >= count ? $0 : nil }
        return complete ?? self.outcomes.withLock { $0 }
    }
}

extension MQTTMessage {
    public init(_ topic: String, _ text: String, qos: MQTTQoS = .atLeastOnce, isRetained: Bool = false) {
        self.init(topic: topic, payload: Array(text.utf8), qos: qos, isRetained: isRetained)
    }
}
