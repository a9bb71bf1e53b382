/// What a pipeline holds for one value of its keys.
///
/// A list for each kind of operator that holds something: one that is new to the language gets a list of its own here.
public struct KeyTrace: Codable, Hashable, Sendable {
    public let key: String
    /// The streams with a sequence, in the order declared.
    public internal(set) var sequences: [SequenceTrace] = []
    /// The windows that hold events of the key.
    public internal(set) var windows: [WindowTrace] = []
    /// The streams that count trends, in the order declared.
    public internal(set) var trends: [TrendTrace] = []
    /// The streams with a watermark, whatever the key.
    public internal(set) var watermarks: [WatermarkTrace] = []
    /// Keys that look like this one, where nothing is known of it.
    public internal(set) var nearest: [String] = []

    enum CodingKeys: String, CodingKey {
        case key, sequences, windows, trends, watermarks
        case nearest = "nearest_keys"
    }

    /// What one stream alone holds.
    public func only(stream: String) -> KeyTrace {
        var trace = self
        trace.sequences.removeAll { $0.stream != stream }
        trace.windows.removeAll { $0.stream != stream }
        trace.trends.removeAll { $0.stream != stream }
        trace.watermarks.removeAll { $0.stream != stream }
        return trace
    }

    /// Whether some stream that tells keys apart knows it.
    public var isKnown: Bool {
        !self.windows.isEmpty || self.sequences.contains { $0.keyField != nil && $0.isKnown }
            || self.trends.contains { $0.keyField != nil && $0.isKnown }
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
    /// What ends runs, some of it only where they stay at certain steps.
    public let negations: [String]
    /// The steps that may take the first event of a run: several if those before them may be skipped.
    public let starters: [StepOutline]
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
        case starters = "begins_with"
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
    /// The step that took the last event, from 1; nil for a pattern with `AND` or `OR`, whose operands go on side by side.
    public let step: Int?
    public let taken: [StepTaken]
    public let awaited: [StepOutline]
    /// It has all its events, and is a match when its time is over.
    public let waitsForDeadline: Bool
    /// What ends it where it is now.
    public let endedBy: [String]
    /// For a pattern with `AND` or `OR` how far each operand has come.
    public let operands: [String]

    enum CodingKeys: String, CodingKey {
        case number, start, until, step, taken, operands
        case awaited = "waits_for"
        case waitsForDeadline = "waits_for_deadline"
        case endedBy = "ended_by"
    }
}

/// A step that has taken an event for a run.
public struct StepTaken: Codable, Hashable, Sendable {
    public let step: StepOutline
    /// What the run remembers of the step's events.
    public let values: [ShownValue]
    /// The step may have been skipped instead: nothing was to be remembered of its events.
    public let isUncertain: Bool

    enum CodingKeys: String, CodingKey {
        case step, values
        case isUncertain = "uncertain"
    }
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
    /// Which watermark its next events wait for; nil where no watermark decides, or the next one will do.
    public let until: Int64?

    enum CodingKeys: String, CodingKey {
        case stream
        case keyField = "key_field"
        case heldCount = "held"
        case kind
        case until = "until_watermark"
    }
}

/// The window of a key in a stream that counts trends.
public struct TrendTrace: Codable, Hashable, Sendable {
    /// A step, and what it has of the window's events.
    public struct Step: Codable, Hashable, Sendable {
        public let step: StepOutline
        /// How many partial trends end there, or at the last step complete ones.
        public let trendCount: Int64

        enum CodingKeys: String, CodingKey {
            case step
            case trendCount = "trends"
        }
    }

    public let stream: String
    public let keyField: String?
    /// Whether events of the key came.
    public let isKnown: Bool
    /// The time of the window's first event, and until when others may come; nil without an open window.
    public internal(set) var start: Int64?
    public internal(set) var until: Int64?
    public internal(set) var steps: [Step] = []
    /// How many trends are complete.
    public internal(set) var completeCount: Int64 = 0

    enum CodingKeys: String, CodingKey {
        case stream, start, until, steps
        case keyField = "key_field"
        case isKnown = "known"
        case completeCount = "complete_trends"
    }
}

/// How far the time of a stream has come.
public struct WatermarkTrace: Codable, Hashable, Sendable {
    public struct Source: Codable, Hashable, Sendable {
        public let type: String
        /// Nil before the first event of the type.
        public let watermark: Int64?
    }

    public let stream: String
    /// Nil before the first event.
    public let effective: Int64?
    /// In the order written.
    public let sources: [Source]
    /// The type that holds the others back, where there are several.
    public let slowest: String?
    /// What is later than this behind the watermark is dropped; nil where nothing is for that.
    public let lateness: Int64?
    /// How many events were dropped because they were too late.
    public let dropped: UInt64

    enum CodingKeys: String, CodingKey {
        case stream, sources, slowest
        case effective = "watermark"
        case lateness = "allowed_lateness"
        case dropped = "late_dropped"
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
