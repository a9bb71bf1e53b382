/// What a pipeline holds for one value of its keys.
///
/// A list for each kind of operator that holds something: one that is new to the language gets a list of its own here.
public struct KeyTrace: Codable, Hashable, Sendable {
    public let key: String
    /// The streams with a sequence, in the order declared.
    public internal(set) var sequences: [SequenceTrace] = []
    /// The windows that hold events of the key.
    public internal(set) var windows: [WindowTrace] = []
    /// Keys that look like this one, where nothing is known of it.
    public internal(set) var nearest: [String] = []

    enum CodingKeys: String, CodingKey {
        case key, sequences, windows
        case nearest = "nearest_keys"
    }

    /// What one stream alone holds.
    public func only(stream: String) -> KeyTrace {
        var trace = self
        trace.sequences.removeAll { $0.stream != stream }
        trace.windows.removeAll { $0.stream != stream }
        return trace
    }

    /// Whether some stream that tells keys apart knows it.
    public var isKnown: Bool {
        !self.windows.isEmpty || self.sequences.contains { $0.keyField != nil && $0.isKnown }
    }
}

/// The partition of a key in a stream's sequence.
public struct SequenceTrace: Codable, Hashable, Sendable {
    public let stream: String
    /// The field by which the stream tells runs apart; nil where all of its runs are in one partition, whatever the key.
    public let keyField: String?
    /// Whether the stream has a partition for the key.
    public let isKnown: Bool
    /// The latest time of its events, in nanoseconds since 1970. Nil where the stream's runs may take any time.
    public internal(set) var time: Int64?
    /// How long a run may take, in nanoseconds.
    public let within: Int64?
    /// What ends runs.
    public let negations: [String]
    public let first: StepOutline
    public internal(set) var runCount = 0
    /// How many runs of the stream did not begin because their keys had so many.
    public let runsDropped: UInt64
    /// The first of them, in the order of their start.
    public internal(set) var runs: [RunTrace] = []

    enum CodingKeys: String, CodingKey {
        case stream
        case keyField = "key_field"
        case isKnown = "known"
        case time
        case within
        case negations
        case first = "begins_with"
        case runCount = "run_count"
        case runsDropped = "runs_dropped"
        case runs
    }
}

/// A run: a partial match.
public struct RunTrace: Codable, Hashable, Sendable {
    /// Runs are counted in the order of their start.
    public let number: UInt64
    /// The time of its first event, and until when the last one may come.
    public let start: Int64
    public let until: Int64?
    public let taken: [StepTaken]
    public let awaited: [StepOutline]

    enum CodingKeys: String, CodingKey {
        case number, start, until, taken
        case awaited = "waits_for"
    }
}

/// A step that has taken an event for a run.
public struct StepTaken: Codable, Hashable, Sendable {
    public let step: StepOutline
    /// What the run remembers of the step's events.
    public let values: [ShownValue]
}

/// `a.amount` and what it is.
public struct ShownValue: Codable, Hashable, Sendable {
    public let name: String
    public let value: String
}

/// A window that holds events of the key.
public struct WindowTrace: Codable, Hashable, Sendable {
    public let stream: String
    public let keyField: String
    public let heldCount: Int
    public let kind: String

    enum CodingKeys: String, CodingKey {
        case stream
        case keyField = "key_field"
        case heldCount = "held"
        case kind
    }
}

/// The keys of a stream with the most runs.
public struct BusyKeys: Codable, Hashable, Sendable {
    public struct Entry: Codable, Hashable, Sendable {
        public let key: String
        public let runCount: Int

        enum CodingKeys: String, CodingKey {
            case key
            case runCount = "run_count"
        }
    }

    public let stream: String
    /// Nil for a stream all of whose runs are together.
    public let keyField: String?
    public let runCount: Int
    public let keyCount: Int
    public let keys: [Entry]

    enum CodingKeys: String, CodingKey {
        case stream
        case keyField = "key_field"
        case runCount = "run_count"
        case keyCount = "key_count"
        case keys
    }
}
