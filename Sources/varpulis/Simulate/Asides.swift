import Engine
import VPL

/// What a program gives beside its output: lines it prints, entries of its log, events it sends to connectors.
struct Asides: ~Copyable {
    private var files: [SinkID: LineWriter] = [:]
    private let consoles: Set<SinkID>
    /// Where text for people goes; nil for nowhere.
    private let people: StandardStream?
    private let isVerbose: Bool

    /// - Parameter position: Where files ended at the checkpoint from which the program goes on.
    init(_ plan: Plan, people: StandardStream?, isVerbose: Bool, from position: SimulationPosition?) throws {
        for sink in plan.sinks where sink.connector.type == "file" {
            guard let path = sink.parameter("path")?.string else {
                throw FileFailure(description: "the file connector \(sink.connector.name) has no `path`")
            }
            self.files[sink.id] = try LineWriter(path: path, appends: true, keeping: position?.length(of: path))
        }
        self.consoles = Set(plan.sinks.filter { ["console", "stdout"].contains($0.connector.type) }.map(\.id))
        self.people = people
        self.isVerbose = isVerbose
    }

    mutating func carryOut(_ outputs: Outputs) throws {
        for delivery in outputs.deliveries {
            if self.consoles.contains(delivery.sink) {
                self.people?.write(delivery.payload + [UInt8(ascii: "\n")])
            } else {
                try self.files[delivery.sink]?.write(delivery.payload)
            }
        }
        guard let people = self.people else { return }
        for line in outputs.printed { people.write(line + "\n") }
        if self.isVerbose {
            for event in outputs.emitted { people.write("\(event.type) \(event.fields.text)\n") }
        }
        for entry in outputs.logged { self.log(entry) }
    }

    private func log(_ entry: LogEntry) {
        let isDetail = entry.level == .debug || entry.level == .trace
        if isDetail, !self.isVerbose { return }
        let data = entry.data.map { " \($0.text)" } ?? ""
        StandardStream.error.write("[\(entry.level.rawValue)] \(entry.stream): \(entry.message)\(data)\n")
    }

    /// Writes what is buffered, and notes how long files are then.
    mutating func note(in position: inout SimulationPosition) throws {
        for sink in self.files.keys { try self.files[sink]?.note(in: &position) }
    }

    /// Writes what is buffered.
    mutating func flush() throws {
        for sink in self.files.keys { try self.files[sink]?.flush() }
    }
}
