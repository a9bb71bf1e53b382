import Synchronization

/// What became of a connection that the client's owner had asked for.
public enum MQTTConnectionEvent: Sendable, Equatable {
    /// The broker has accepted it, and thrown out whoever had this client's id.
    case opened
    /// It could not be opened, or has ended. The client does not connect again until it is told to.
    case ended(MQTTError)
}

/// What the owner of a client that does not connect by itself has told it.
struct Steering: Sendable {
    private var isConnectionWanted = false
    /// The open connection subscribes, reads and publishes.
    private(set) var isFlowing = false

    mutating func connect() {
        self.isConnectionWanted = true
        self.isFlowing = false
    }

    mutating func takeConnect() -> Bool {
        defer { self.isConnectionWanted = false }
        return self.isConnectionWanted
    }

    mutating func setFlowing(_ isFlowing: Bool) { self.isFlowing = isFlowing }
}

extension MQTTClient {
    /// Opens one connection, without publishing, subscribing or reading messages over it. `onConnection` is told once that it
    /// is open and once that it has ended, or only that it could not be opened; not before that may this be called again.
    ///
    /// - Precondition: The client's configuration says `whenTold`.
    public func connect() {
        self.shared.steering.withLock { $0.connect() }
        self.shared.wake.wake()
    }

    /// Lets the open connection subscribe, read and publish, until `pause` or its end.
    public func resume() {
        self.shared.steering.withLock { $0.setFlowing(true) }
        self.shared.wake.wake()
    }

    /// Gives the connection nothing more to publish, and reads no more messages from it. What is published waits.
    public func pause() {
        self.shared.steering.withLock { $0.setFlowing(false) }
        self.shared.wake.wake()
    }
}
