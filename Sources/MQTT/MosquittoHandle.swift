internal import CMosquitto
import Glibc

/// One `struct mosquitto`, used by the thread that made it and by no other.
///
/// It is told that there are threads (`mosquitto_threaded_set`), which makes the library only queue what it wants to send.
/// Packets, acknowledgements of received messages among them, leave in `write` and nowhere else.
struct MosquittoHandle: ~Copyable {
    private let mosquitto: OpaquePointer

    /// What a broker gives as the reason to a client whose session another one has taken over.
    static let takenOverReason = CInt(MQTT_RC_SESSION_TAKEN_OVER.rawValue)

    /// The library's own initialisation, once per process and never undone.
    private static let isLibraryReady: Bool = mosquitto_lib_init() == 0

    init(_ configuration: MQTTConfiguration, inbox: CallbackInbox) throws(MQTTError) {
        precondition(Self.isLibraryReady, "libmosquitto does not start.")
        let object = Unmanaged.passUnretained(inbox).toOpaque()
        let made = mosquitto_new(configuration.clientID, configuration.session == .clean, object)
        guard let made else {
            throw MQTTError(.invalid, "libmosquitto refuses the client id '\(configuration.clientID)'.")
        }
        mosquitto_threaded_set(made, true)
        mosquitto_int_option(made, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5)
        mosquitto_int_option(made, MOSQ_OPT_TCP_NODELAY, 1)
        mosquitto_int_option(made, MOSQ_OPT_RECEIVE_MAXIMUM, CInt(configuration.batchMessagesMax))
        // The broker's own limit, told in its answer, is obeyed when it is lower.
        mosquitto_int_option(made, MOSQ_OPT_SEND_MAXIMUM, 1000)
        if let username = configuration.username {
            mosquitto_username_pw_set(made, username, configuration.password)
        }
        CallbackInbox.install(on: made)
        self.mosquitto = made
    }

    deinit {
        mosquitto_destroy(self.mosquitto)
    }

    /// The socket of the open connection, or of the one being opened.
    var descriptor: CInt? {
        let descriptor = mosquitto_socket(self.mosquitto)
        return descriptor < 0 ? nil : descriptor
    }

    var wantsToWrite: Bool {
        mosquitto_want_write(self.mosquitto)
    }

    /// Opens a connection to an address and queues the connect packet. Messages of QoS 1 that an earlier connection
    /// left unacknowledged are sent again by the library.
    func connect(to address: String, _ configuration: MQTTConfiguration) throws(MQTTError) {
        var properties: OpaquePointer?
        defer { mosquitto_property_free_all(&properties) }
        let expiry = configuration.sessionExpirySeconds
        mosquitto_property_add_int32(&properties, CInt(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue), expiry)
        let packetBytesMax = UInt32(clamping: configuration.packetBytesMax)
        mosquitto_property_add_int32(&properties, CInt(MQTT_PROP_MAXIMUM_PACKET_SIZE.rawValue), packetBytesMax)
        let keepAliveSeconds = CInt(clamping: configuration.keepAlive.components.seconds)
        let result = mosquitto_connect_bind_v5(
            self.mosquitto,
            address,
            CInt(configuration.port),
            min(keepAliveSeconds, 65_535),
            nil,
            properties
        )
        try MQTTError.check(result, .unreachable, "Cannot connect to \(configuration.host):\(configuration.port)")
    }

    /// Queues a subscribe packet and returns its message id. Retained messages come only for a subscription the broker
    /// does not hold yet, so continuing a session does not repeat them; unless they are what is asked for.
    func subscribe(to subscription: MQTTSubscription, asksForRetained: Bool = false) throws(MQTTError) -> CInt {
        var id: CInt = 0
        let rule = asksForRetained ? MQTT_SUB_OPT_SEND_RETAIN_ALWAYS : MQTT_SUB_OPT_SEND_RETAIN_NEW
        let options = CInt(rule.rawValue)
        let result = mosquitto_subscribe_v5(
            self.mosquitto,
            &id,
            subscription.topicFilter,
            CInt(subscription.qos.rawValue),
            options,
            nil
        )
        try MQTTError.check(result, .connectionLost, "Cannot subscribe to '\(subscription.topicFilter)'")
        return id
    }

    /// Queues an unsubscribe packet.
    func unsubscribe(from topicFilter: String) throws(MQTTError) {
        let result = mosquitto_unsubscribe_v5(self.mosquitto, nil, topicFilter, nil)
        try MQTTError.check(result, .connectionLost, "Cannot unsubscribe from '\(topicFilter)'")
    }

    /// Queues a publish packet and returns its message id.
    func publish(_ message: MQTTMessage) throws(MQTTError) -> CInt {
        var id: CInt = 0
        let result = message.payload.withUnsafeBytes { payload in
            mosquitto_publish_v5(
                self.mosquitto,
                &id,
                message.topic,
                CInt(clamping: payload.count),
                payload.baseAddress,
                CInt(message.qos.rawValue),
                message.isRetained,
                nil
            )
        }
        try MQTTError.check(result, .refused, "Cannot publish to '\(message.topic)'")
        return id
    }

    /// Reads one packet and runs its callback. False when the socket has no more for now.
    func readPacket() throws(MQTTError) -> Bool {
        errno = 0
        let result = mosquitto_loop_read(self.mosquitto, 1)
        try MQTTError.check(result, .connectionLost, "The connection broke while reading")
        return errno != EAGAIN && errno != EWOULDBLOCK && mosquitto_socket(self.mosquitto) >= 0
    }

    /// Sends what is queued, as far as the socket takes it.
    func write() throws(MQTTError) {
        let result = mosquitto_loop_write(self.mosquitto, 1)
        try MQTTError.check(result, .connectionLost, "The connection broke while writing")
    }

    /// Pings when it is time to, and gives up a silent broker.
    func keepAlive() throws(MQTTError) {
        let result = mosquitto_loop_misc(self.mosquitto)
        try MQTTError.check(result, .connectionLost, "The broker does not answer")
    }

    /// Ends the connection in good order: sends what is queued, acknowledgements first, and the packet that says so. The
    /// broker keeps the session for its expiry.
    ///
    /// The library closes its socket with that packet. With messages unread in it the kernel would then send a reset, on
    /// which the broker may drop acknowledgements it has not looked at, and repeat to the next client what this one has
    /// done. So a second descriptor keeps the connection until the broker has closed its side.
    func disconnect(atMost timeout: Duration, wake: borrowing WakePipe) {
        guard let descriptor = self.descriptor else { return }
        let second = dup(descriptor)
        defer { close(second) }
        let deadline = ContinuousClock.now + timeout
        mosquitto_disconnect_v5(self.mosquitto, 0, nil)
        while self.descriptor != nil, self.wantsToWrite, mosquitto_loop_write(self.mosquitto, 1) == 0 {
            let remaining = deadline - .now
            guard remaining > .zero else { return }
            if self.wantsToWrite { _ = wake.poll(self.descriptor, forWriting: true, atMost: remaining) }
        }
        shutdown(second, CInt(SHUT_WR))
        var unread = [UInt8](repeating: 0, count: 65_536)
        while ContinuousClock.now < deadline {
            _ = wake.poll(second, forWriting: false, atMost: deadline - .now)
            let count = recv(second, &unread, unread.count, CInt(MSG_DONTWAIT))
            guard count > 0 || (count < 0 && errno == EAGAIN) else { return }
        }
    }

    /// Ends the connection with nothing more sent: what is queued, acknowledgements too, is forgotten.
    func drop() {
        guard let descriptor = self.descriptor else { return }
        shutdown(descriptor, CInt(SHUT_RDWR))
        // The library closes its socket when a read finds the end, after what the kernel had received.
        while mosquitto_loop_read(self.mosquitto, 1) == 0, mosquitto_socket(self.mosquitto) >= 0 {}
    }
}
