/// A program with its input: what one seed makes.
public struct OracleCase: Sendable {
    public var program: OracleProgram
    public var events: [OracleInput]

    public init(program: OracleProgram, events: [OracleInput]) {
        self.program = program
        self.events = events
    }

    /// The lines of the input file.
    public var lines: [String] { self.events.flatMap { $0.line.split(separator: "\n").map(String.init) } }

    /// What the specification says that the program outputs.
    public func expected() -> (outputs: [OracleEvent], beforeFinish: Int, openReason: String?) {
        Oracle.run(self.program, self.events.map(\.event))
    }
}

/// An event and the way in which its line is written.
public struct OracleInput: Sendable {
    public enum Form: Sendable {
        /// Fields under `data` or `fields`, the time in milliseconds.
        case nested(String)
        /// Fields under `data`, the time as text.
        case timeText
        /// Fields beside the type and the time.
        case flat
        /// A line of an event file with its offset.
        case file
        /// The offset on a line of its own, and text without quotes where that is possible.
        case batch
        /// JSON without a time after such a line.
        case untimed
    }

    public var event: OracleEvent
    public var form: Form

    public var line: String {
        let type = (name: "event_type", value: OracleJSON.string(self.event.type))
        let milliseconds = self.event.timestamp / 1_000_000
        let time = (name: "timestamp", value: OracleJSON.int(Int128(milliseconds)))
        let fields = (name: "data", value: OracleJSON(.map(self.event.fields)))
        switch self.form {
        case .nested(let name):
            return OracleJSON.object([(name == "data" ? "event_type" : "type", type.value), time, (name, fields.value)])
                .text
        case .timeText:
            let (later, overflow) = self.event.timestamp.addingReportingOverflow(5_400_000_000_000)
            let isLater = self.event.fields.entries.count % 2 == 0 && !overflow
            let text = CivilTime(isLater ? later : self.event.timestamp).text
            let written = isLater ? text.dropLast() + "+01:30" : Substring(text)
            return OracleJSON.object([fields, ("timestamp", .string(String(written))), type]).text
        case .flat:
            let rest = self.event.fields.entries.map { (name: $0.name, value: OracleJSON($0.value)) }
            // The time is one of the fields, and the type comes somewhere among them.
            return OracleJSON.object(Array(rest.prefix(1)) + [type] + rest.dropFirst()).text
        case .file:
            let fields = self.event.fields.entries.map { "\($0.name): \(OracleJSON($0.value).text)" }
            return "@\(Self.offset(milliseconds)) \(self.event.type) { \(fields.joined(separator: ", ")) }"
        case .untimed: return "BATCH \(milliseconds)\n" + OracleJSON.object([type, fields]).text
        case .batch:
            let fields = self.event.fields.entries.map { entry in
                if case .string(let word) = entry.value, ["x", "y", "xy", "a", "b"].contains(word) {
                    return "\(entry.name): \(word)"
                }
                return "\(entry.name):\(OracleJSON(entry.value).text)"
            }
            return "BATCH \(milliseconds)\n\(self.event.type) {\(fields.joined(separator: ", "))};"
        }
    }

    /// In the largest unit without a fraction, or in none.
    private static func offset(_ milliseconds: Int64) -> String {
        switch milliseconds {
        case let time where time % 60_000 == 0: "\(time / 60_000)m"
        case let time where time % 1000 == 0: "\(time / 1000)s"
        case let time where time % 250 == 0: "\(time)ms"
        default: "\(milliseconds)"
        }
    }
}
