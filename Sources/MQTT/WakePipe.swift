import Glibc

/// Ends the `poll` of a client's thread from other threads: a byte in a pipe.
struct WakePipe: ~Copyable, Sendable {
    private let readEnd: CInt
    private let writeEnd: CInt
    /// `POLLRDHUP` of poll.h, which Swift does not see: the other side has closed its half, read or not what came before.
    private static let hangUp: Int16 = 0x2000

    init() throws(MQTTError) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw MQTTError(.unreachable, "No pipe to be had: errno \(errno).")
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        self.readEnd = ends[0]
        self.writeEnd = ends[1]
    }

    deinit {
        close(self.readEnd)
        close(self.writeEnd)
    }

    func wake() {
        // A full pipe already holds a wake-up, so a failed write loses nothing.
        var byte: UInt8 = 1
        _ = write(self.writeEnd, &byte, 1)
    }

    struct Readiness {
        var isReadable = false
        var isWritable = false
    }

    /// Waits until the descriptor is ready, `wake` is called or the time is up. Readable includes "closed" and "failed", and
    /// nothing else without `forReading`.
    func poll(_ descriptor: CInt?, forReading: Bool = true, forWriting: Bool, atMost timeout: Duration) -> Readiness {
        let events = (forReading ? Int16(POLLIN) : Self.hangUp) | (forWriting ? Int16(POLLOUT) : 0)
        var entries = [
            pollfd(fd: self.readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor ?? -1, events: events, revents: 0),
        ]
        let (seconds, attoseconds) = timeout.components
        // Rounded up, or the last part of a millisecond would be spent spinning.
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        guard Glibc.poll(&entries, 2, CInt(clamping: max(0, milliseconds))) > 0 else {
            return Readiness()
        }
        if entries[0].revents != 0 {
            var bytes = (UInt64(0), UInt64(0))
            while withUnsafeMutableBytes(of: &bytes, { read(self.readEnd, $0.baseAddress, $0.count) }) == 16 {}
        }
        let ended = Int16(POLLHUP) | Int16(POLLERR) | Int16(POLLNVAL)
        return Readiness(
            isReadable: entries[1].revents & (Int16(POLLIN) | Self.hangUp | ended) != 0,
            isWritable: entries[1].revents & (Int16(POLLOUT) | ended) != 0
        )
    }
}
