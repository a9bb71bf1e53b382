import Glibc

/// Finds an address of the broker that answers, before libmosquitto is asked to connect.
///
/// `mosquitto_connect_bind_v5` (the only call that takes the session expiry) connects in the calling thread and cannot be
/// interrupted; where packets vanish that takes minutes. So we knock first, on a socket of our own that a deadline
/// and `WakePipe.wake` can end, and hand on the numeric address that was open.
enum Dial {
    static func address(
        of host: String,
        port: UInt16,
        timeout: Duration,
        wake: borrowing WakePipe,
        isClosing: () -> Bool
    ) throws(MQTTError) -> String {
        let deadline = ContinuousClock.now + timeout
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &list)
        guard result == 0 else {
            throw MQTTError(.unreachable, "Cannot resolve '\(host)': \(String(cString: gai_strerror(result))).")
        }
        defer { freeaddrinfo(list) }

        var failure = "no address"
        var entry = list
        while let candidate = entry?.pointee {
            let knocked = self.knock(candidate, deadline: deadline, wake: wake, isClosing: isClosing)
            guard let errorNumber = knocked else {
                throw MQTTError(.closed, "The client is closing.")
            }
            if errorNumber == 0 {
                return self.numericHost(candidate)
            }
            failure = String(cString: strerror(errorNumber))
            entry = candidate.ai_next
        }
        throw MQTTError(.unreachable, "Cannot reach \(host):\(port): \(failure).")
    }

    /// The errno of a connection attempt, 0 when it succeeded, nil when the client is closing.
    private static func knock(
        _ candidate: addrinfo,
        deadline: ContinuousClock.Instant,
        wake: borrowing WakePipe,
        isClosing: () -> Bool
    ) -> CInt? {
        let kind = candidate.ai_socktype | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(candidate.ai_family, kind, candidate.ai_protocol)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        if connect(descriptor, candidate.ai_addr, candidate.ai_addrlen) == 0 {
            return 0
        }
        guard errno == EINPROGRESS else { return errno }
        while true {
            if isClosing() { return nil }
            let remaining = deadline - .now
            guard remaining > .zero else { return ETIMEDOUT }
            if wake.poll(descriptor, forWriting: true, atMost: remaining).isWritable {
                break
            }
        }
        var errorNumber: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &errorNumber, &size)
        return errorNumber
    }

    private static func numericHost(_ candidate: addrinfo) -> String {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        getnameinfo(candidate.ai_addr, candidate.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
}
