/// What a state machine of ownership asks its driver to do, in this order.
public enum OwnershipEffect: Equatable, Sendable {
    /// Open a session, without publishing, subscribing or reading its messages. One `sessionConnected` or `sessionLost` is
    /// the answer; a connected session is lost once, and never connected again without being told.
    case connect(SessionID)
    /// Read the owner record of a broker, over a session that is held together with the pipeline's at this broker.
    case readRecord(BrokerID, attempt: UInt64)
    /// Write the owner record over that same session, and report when the broker has acknowledged it.
    case writeRecord(BrokerID, attempt: UInt64)
    /// Subscribe, and let the pipeline publish.
    case unmute
    /// Let nothing more leave: what is not acknowledged waits, and the engine with it.
    case mute
    /// Ask any coordinator for the present assignment of this place, for a bounded time.
    case askCoordinator(attempt: UInt64)
    /// Read the owner record of a broker over a connection of its own, which takes nothing over.
    case checkRecord(BrokerID, attempt: UInt64)
    /// Call `timerFired` after this time, shortened at random so that many do not come back at the same moment.
    case startTimer(Duration, attempt: UInt64)
    /// Close every session at once.
    case disconnectAll
    /// The place belongs to a newer assignment: the pipeline must stop for good.
    case stopSuperseded
}

/// One connection of a pipeline at a broker, by its place in the list of all.
public struct SessionID: Hashable, Sendable {
    public let rawValue: Int

    public init(_ rawValue: Int) { self.rawValue = rawValue }
}

/// One broker that a pipeline uses, by its place in the list of all.
public struct BrokerID: Hashable, Sendable {
    public let rawValue: Int

    public init(_ rawValue: Int) { self.rawValue = rawValue }
}

/// What came of reading an owner record.
public enum OwnerRecordReading: Equatable, Sendable {
    /// The broker keeps none.
    case absent
    case epoch(UInt64)
    /// The broker did not answer, or what it keeps is no owner record. Nothing may be concluded from it.
    case unreadable
}

/// What the coordinators say about the assignment a worker believes to have.
public enum AssignmentAnswer: Equatable, Sendable {
    /// It is the present one, of this worker and this process.
    case current
    /// There is another one, or the place is gone.
    case superseded
    /// No coordinator that has a quorum answered in time.
    case none
}
