/// Something that happened to an event in a stream, or to a run because of it, or that did not, and why.
public struct TraceNote: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        // Runs of sequences.
        case started
        case notStarted = "not_started"
        /// The next step took the event.
        case moved
        /// The step that took the last one took this one too.
        case repeated
        /// The last step took it: there is a match.
        case completed
        /// A negation ended the run.
        case ended
        /// The run took too long.
        case expired
        /// The event means nothing to the run, which waits on.
        case waiting
        /// There is no run, and the event begins none.
        case idle

        // Streams.
        /// A condition, `.distinct` or `.limit` let it go no further.
        case dropped
        /// A join has no partner for it.
        case unjoined
        /// A window gathers it, and gives nothing yet.
        case gathered
        /// A window gives what it gathered.
        case fired
        case processed
        case emitted
        case sent
        /// The stream gives a result, which it does not emit.
        case resulted
        /// The result goes nowhere.
        case unread
    }

    public let kind: Kind
    /// The run's number: runs are counted in the order of their start. Nil where there is none.
    public var run: UInt64?
    /// The step that took the event, from 1.
    public var step: Int?
    /// A sentence without its end.
    public let text: String
    /// Why conditions do not hold.
    public var reasons: [ConditionReason] = []
}

/// What an event did in a stream that reads it.
public struct StreamExplanation: Codable, Hashable, Sendable {
    public let stream: String
    /// The value by which the stream tells runs apart; nil for a stream that tells none.
    public internal(set) var key: String?
    public internal(set) var notes: [TraceNote] = []
    /// Of how many further runs, to which the event means nothing, there is no note.
    public internal(set) var runsWaiting = 0

    enum CodingKeys: String, CodingKey {
        case stream, key, notes
        case runsWaiting = "more_runs_waiting"
    }
}

/// What an event did, or is going to do.
public struct EventExplanation: Sendable {
    public let event: Event
    /// 0 for an event that came, 1 for what a stream made of it, 2 for what another made of that, and so on.
    public let depth: Int
    /// The streams that read it, in the order declared.
    public internal(set) var streams: [StreamExplanation] = []

    /// What is told of one stream alone; nil where nothing is.
    public func only(stream: String) -> EventExplanation? {
        var explanation = self
        explanation.streams.removeAll { $0.stream != stream }
        return explanation.streams.isEmpty ? nil : explanation
    }
}

/// Takes notes while a pipeline processes an event.
struct TraceJournal: Sendable {
    private(set) var events: [EventExplanation] = []

    mutating func begin(_ event: Event, depth: Int) { self.events.append(EventExplanation(event: event, depth: depth)) }

    mutating func begin(_ stream: String) {
        self.withLastEvent { $0.streams.append(StreamExplanation(stream: stream)) }
    }

    mutating func add(_ note: TraceNote) { self.withLastStream { $0.notes.append(note) } }

    mutating func withLastStream(_ body: (inout StreamExplanation) -> Void) {
        self.withLastEvent { event in
            if !event.streams.isEmpty { body(&event.streams[event.streams.count - 1]) }
        }
    }

    private mutating func withLastEvent(_ body: (inout EventExplanation) -> Void) {
        if !self.events.isEmpty { body(&self.events[self.events.count - 1]) }
    }
}
