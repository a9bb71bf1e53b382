/// Names a command, so that it takes effect once however often it is proposed.
///
/// Whoever proposes draws the token before the first attempt and keeps it for every other. Two commands never share one.
public struct CommandToken: Hashable, Sendable {
    /// Who tells the request from all others.
    public enum Origin: Hashable, Sendable {
        /// A command of a client that has opened a session and numbers what it asks for.
        case session(SessionStamp)
        /// A command of a request that its sender has named by a key of its own.
        case key(KeyStamp)
    }

    public var origin: Origin
    /// Which command of the request: one request may take several, always the same in the same order.
    public var part: UInt8

    public init(_ origin: Origin, part: UInt8 = 0) {
        self.origin = origin
        self.part = part
    }
}

/// A session's name: the index of the log entry that opened it.
public struct SessionID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (a: SessionID, b: SessionID) -> Bool { a.rawValue < b.rawValue }
    public var description: String { "s\(self.rawValue)" }
}

/// A request's number in its session (Raft dissertation, section 6.3).
public struct SessionStamp: Hashable, Sendable {
    public var session: SessionID
    /// Each request of the session has its own; later ones have greater ones.
    public var sequence: UInt64
    /// The lowest number whose answer the client still waits for, at most `sequence`. The replies before it are let go,
    /// and a command with a number before it is never applied any more.
    public var lowest: UInt64

    public init(session: SessionID, sequence: UInt64, lowest: UInt64) {
        self.session = session
        self.sequence = sequence
        self.lowest = lowest
    }
}

/// A request that its sender named: a digest of the name, and one of the request, to tell a repetition from another
/// request under the same name.
public struct KeyStamp: Hashable, Sendable {
    public var key: Digest128
    public var fingerprint: Digest128

    public init(key: Digest128, fingerprint: Digest128) {
        self.key = key
        self.fingerprint = fingerprint
    }
}

/// The first 128 bits of a cryptographic digest.
public struct Digest128: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
