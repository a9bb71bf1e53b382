internal import CMosquitto
import Glibc

/// What libmosquitto's callbacks have reported and the client's loop has not looked at yet.
///
/// Callbacks run inside `mosquitto_loop_read` and `mosquitto_loop_write`, on the client's own thread, and do nothing
/// but copy into this box. It belongs to that thread alone.
final class CallbackInbox {
    /// Filters of a kept session, to tell messages that an earlier configuration asked for; nil when none can come.
    private let wantedFilters: [String]?

    var connectAnswer: CInt?
    var isSessionPresent = false
    /// The reason given when the connection ended: the library's code, or the broker's from 128 on.
    var disconnectReason: CInt?
    private(set) var messages: [MQTTMessage] = []
    private(set) var messageBytes = 0
    var unwantedCount: UInt64 = 0
    /// Subscribe packets answered: message id, and the reason code of the filter.
    var subscribed: [(id: CInt, reason: CInt)] = []
    /// Publish packets that need nothing more: message id and reason code.
    private var published: [(id: CInt, reason: CInt)] = []

    /// The topic of the last message, as most messages repeat it.
    private var lastTopic: (name: String, isWanted: Bool) = ("", false)

    init(_ configuration: MQTTConfiguration) {
        let filters = configuration.subscriptions.map(\.topicFilter)
        // A shared subscription's filter is not what its messages' topics match.
        let isComparable = configuration.session != .clean && !filters.contains { $0.hasPrefix("$share/") }
        self.wantedFilters = isComparable ? filters : nil
    }

    func received(_ message: mosquitto_message) {
        guard let topic = message.topic else { return }
        if strcmp(topic, self.lastTopic.name) != 0 {
            let isWanted = self.wantedFilters?.contains { MQTTTopic.matches(topic, filter: $0) } ?? true
            self.lastTopic = (String(cString: topic), isWanted)
        }
        guard self.lastTopic.isWanted else {
            self.unwantedCount += 1
            return
        }
        let payload = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
        self.messageBytes += payload.count
        self.messages.append(
            MQTTMessage(
                topic: self.lastTopic.name,
                payload: [UInt8](payload),
                qos: message.qos == 0 ? .atMostOnce : .atLeastOnce,
                isRetained: message.retain
            )
        )
    }

    /// Gives the collected messages away.
    func takeMessages() -> [MQTTMessage] {
        defer {
            self.messages.removeAll(keepingCapacity: false)
            self.messageBytes = 0
        }
        return self.messages
    }

    /// Gives the collected answers to publish packets away.
    func takePublished() -> [(id: CInt, reason: CInt)] {
        defer { self.published.removeAll(keepingCapacity: true) }
        return self.published
    }

    /// Installs the callbacks on a handle that was made with this box as its user object. The box must outlive the handle.
    static func install(on mosquitto: OpaquePointer) {
        mosquitto_connect_v5_callback_set(mosquitto) { _, object, reason, flags, _ in
            let inbox = CallbackInbox.from(object)
            inbox.connectAnswer = reason
            inbox.isSessionPresent = flags & 1 != 0
        }
        mosquitto_disconnect_v5_callback_set(mosquitto) { _, object, reason, _ in
            CallbackInbox.from(object).disconnectReason = reason
        }
        mosquitto_message_v5_callback_set(mosquitto) { _, object, message, _ in
            guard let message else { return }
            CallbackInbox.from(object).received(message.pointee)
        }
        mosquitto_subscribe_v5_callback_set(mosquitto) { _, object, id, count, reasons, _ in
            guard count > 0, let reasons else { return }
            CallbackInbox.from(object).subscribed.append((id, reasons[0]))
        }
        mosquitto_publish_v5_callback_set(mosquitto) { _, object, id, reason, _ in
            CallbackInbox.from(object).published.append((id, reason))
        }
    }

    private static func from(_ object: UnsafeMutableRawPointer?) -> CallbackInbox {
        // libmosquitto hands back the pointer given to `mosquitto_new`, which is never nil.
        Unmanaged<CallbackInbox>.fromOpaque(object!).takeUnretainedValue()
    }
}
