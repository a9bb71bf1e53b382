/// The part of a replicated state that makes commands take effect once: the replies to those that were applied, for as
/// long as somebody may ask again.
///
/// A pure value, part of the state machine. For each entry of the log, in this order: `advance` to the entry's time,
/// `admit` the command's token, and if the answer is `apply`, apply the command and `keep` its reply. Collections are
/// persistent, so a copy for a snapshot is cheap.
public struct SessionTable: Sendable {
    /// What is to be done with a command.
    public enum Admission: Hashable, Sendable {
        /// It has not been applied: apply it, and keep the reply.
        case apply
        /// It has been applied, with this reply.
        case replay([UInt8])
        /// It is not applied, and nothing is changed.
        case reject(Rejection)
    }

    /// Why a command is neither applied nor answered with an earlier reply.
    public enum Rejection: UInt8, Hashable, Sendable {
        /// Never opened here, or expired. A new session would not know what was applied in the old one, so the client
        /// has to open one, and to know itself which of its commands it may ask for anew.
        case unknownSession = 1
        /// The client has said that it has the answer. This is another copy of the command, too late.
        case alreadyAnswered = 2
        /// Too many replies wait in the session.
        case sessionFull = 3
        /// The key names another request.
        case keyConflict = 4
    }

    /// Not encoded: whoever decodes a table has to know the same ones.
    public let limits: SessionLimits
    /// The log's time, in milliseconds since 1970, as of the last entry.
    public internal(set) var timeMilliseconds: UInt64 = 0
    /// Few, and the replies in them too: here an ordinary dictionary costs less, although what is written first after a
    /// copy was taken copies it once.
    var sessions: [SessionID: Session] = [:]
    /// What the replies of all sessions weigh.
    var sessionsWeight = 0
    var keys: KeyTable

    public init(limits: SessionLimits = SessionLimits()) {
        self.limits = limits
        self.keys = KeyTable(limits)
    }

    /// An entry of the log, stamped with this time, is about to be applied. What has expired goes.
    public mutating func advance(to timeMilliseconds: UInt64) {
        guard timeMilliseconds > self.timeMilliseconds else { return }
        let isNewMinute = timeMilliseconds / 60_000 != self.timeMilliseconds / 60_000
        self.timeMilliseconds = timeMilliseconds
        self.keys.expire(at: timeMilliseconds)
        // An expired session is found out when it is used; looking for the others is for the sake of memory alone.
        if isNewMinute { self.removeExpiredSessions() }
    }

    /// Opens a session, named after the entry that does.
    public mutating func open(at index: UInt64) -> SessionID {
        while !self.sessions.isEmpty, self.sessions.count >= self.limits.sessionsMax {
            self.removeLeastRecentlyUsed(but: nil)
        }
        let id = SessionID(index)
        self.sessions[id] = Session(lastUsedMilliseconds: self.timeMilliseconds)
        return id
    }

    /// Says what is to be done with a command, as of the time that the table was last advanced to. The replies that a
    /// session's client no longer waits for are let go, whatever the answer is; of a key nothing changes before `keep`.
    public mutating func admit(_ token: CommandToken) -> Admission {
        switch token.origin {
        case .key(let stamp):
            return self.keys.admit(stamp, part: token.part)
        case .session(let stamp):
            guard let place = self.sessions.index(forKey: stamp.session) else { return .reject(.unknownSession) }
            guard !self.hasExpired(self.sessions.values[place].lastUsedMilliseconds) else {
                self.remove(stamp.session)
                return .reject(.unknownSession)
            }
            let time = self.timeMilliseconds
            return self.sessions.values[place].admit(
                stamp,
                part: token.part,
                at: time,
                self.limits,
                &self.sessionsWeight
            )
        }
    }

    /// Keeps the reply to a command that was admitted with `apply`.
    public mutating func keep(_ reply: [UInt8], to token: CommandToken) {
        switch token.origin {
        case .key(let stamp):
            self.keys.keep(reply, to: stamp, part: token.part, at: self.timeMilliseconds)
        case .session(let stamp):
            self.sessions[stamp.session]?.keep(reply, to: stamp.sequence, part: token.part, &self.sessionsWeight)
            while self.sessionsWeight > self.limits.bytesMax, self.sessions.count > 1 {
                self.removeLeastRecentlyUsed(but: stamp.session)
            }
        }
    }

    // MARK: Looking

    /// What is remembered of a named request.
    public enum Memory: Hashable, Sendable {
        case nothing
        /// The key names another request.
        case conflict
        /// The replies to its parts so far, in their order.
        case replies([[UInt8]])
    }

    /// What is remembered of that request. Changes nothing, so any copy of the table may be asked.
    public func memory(of stamp: KeyStamp) -> Memory { self.keys.memory(of: stamp) }

    /// Sessions that have expired are counted until they are used, or the log's next minute begins.
    public var sessionCount: Int { self.sessions.count }
    public var keyCount: Int { self.keys.count }
    /// The newest session's name.
    public var newestSession: SessionID? { self.sessions.keys.max() }

    // MARK: Removing

    private func hasExpired(_ lastUsedMilliseconds: UInt64) -> Bool {
        // Times of the log never decrease, so the difference can't be negative.
        self.timeMilliseconds - lastUsedMilliseconds >= self.limits.sessionLifetimeMilliseconds
    }

    private mutating func remove(_ id: SessionID) {
        guard let session = self.sessions.removeValue(forKey: id) else { return }
        self.sessionsWeight -= session.weight
    }

    private mutating func removeExpiredSessions() {
        for (id, session) in self.sessions where self.hasExpired(session.lastUsedMilliseconds) { self.remove(id) }
    }

    /// The oldest name decides between sessions that were used at the same time.
    private mutating func removeLeastRecentlyUsed(but kept: SessionID?) {
        let oldest = self.sessions.lazy.filter { $0.key != kept }.min {
            ($0.value.lastUsedMilliseconds, $0.key) < ($1.value.lastUsedMilliseconds, $1.key)
        }
        if let oldest { self.remove(oldest.key) }
    }
}
