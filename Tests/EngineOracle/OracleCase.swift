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
    }

    public var event: OracleEvent
    public var form: Form

    public var line: String {
        let type = (name: "event_type", value: OracleJSON.string(self.event.type))
        let milliseconds = self.event.timestamp / 1_000_000
        let time = (name: "timestamp", value: OracleJSON.int(Int128(milliseconds)))
        let fields = (name: "data", value: OracleJSON(.map(self.event.fields)))
        switch self.form {
        case .nested(let name): return OracleJSON.object([type, time, (name, fields.value)]).text
        case .timeText:
            return OracleJSON.object([fields, ("timestamp", OracleJSON(.timestamp(self.event.timestamp))), type]).text
        case .flat:
            let rest = self.event.fields.entries.map { (name: $0.name, value: OracleJSON($0.value)) }
            // The time is one of the fields, and the type comes somewhere among them.
            return OracleJSON.object(Array(rest.prefix(1)) + [type] + rest.dropFirst()).text
        case .file:
            let fields = self.event.fields.entries.map { "\($0.name): \(OracleJSON($0.value).text)" }
            return "@\(milliseconds)ms \(self.event.type) { \(fields.joined(separator: ", ")) }"
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
}
