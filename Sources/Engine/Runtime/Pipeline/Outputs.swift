/// What a pipeline gives, in order. A buffer to be used again: the pipeline appends, the caller takes and clears.
public struct Outputs: Sendable {
    /// The program's output: the events of `.emit` and `.process`.
    public var emitted: [Event] = []
    /// What goes to connectors.
    public var deliveries: [Delivery] = []
    /// The lines of `.print`, without newlines.
    public var printed: [String] = []
    /// The entries of `.log`.
    public var logged: [LogEntry] = []

    public init() {}

    public var isEmpty: Bool {
        self.emitted.isEmpty && self.deliveries.isEmpty && self.printed.isEmpty && self.logged.isEmpty
    }

    /// What a line of `.print` shows.
    enum Printed {
        case values([Value?])
        case event(Event)
    }

    static func printedLine(of stream: String, _ printed: Printed) -> String {
        switch printed {
        case .values(let values): "[PRINT] " + values.map { ($0 ?? .null).text }.joined(separator: " ")
        case .event(let event): "[PRINT] \(stream) \(event.type) \(event.fields.text)"
        }
    }

    /// Forgets everything but keeps the memory.
    public mutating func clear() {
        self.emitted.removeAll(keepingCapacity: true)
        self.deliveries.removeAll(keepingCapacity: true)
        self.printed.removeAll(keepingCapacity: true)
        self.logged.removeAll(keepingCapacity: true)
    }
}

/// An event for a sink, as JSON (`EventEncoder.sinkPayload`).
public struct Delivery: Sendable {
    public let sink: SinkID
    public let payload: [UInt8]
}

/// An entry that a program writes to the log.
public struct LogEntry: Sendable {
    public enum Level: String, Sendable {
        case error, warning, info, debug, trace

        /// The level of a name, `info` for any that is not known.
        init(named name: String?) {
            self = name == "warn" ? .warning : name.flatMap(Level.init(rawValue:)) ?? .info
        }
    }

    public let stream: String
    public let level: Level
    public let message: String
    public let data: Value?

    /// - Parameter message: Nil where none was asked for: the entry then tells of the event.
    init(stream: String, level: Value?, message: Value??, data: Value?, event: @autoclosure () -> Event) {
        self.stream = stream
        self.level = Level(named: level?.text)
        if let message {
            self.message = (message ?? .null).text
        } else {
            let event = event()
            self.message = "\(event.type) \(event.fields.text)"
        }
        self.data = data
    }
}
