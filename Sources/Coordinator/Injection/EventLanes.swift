import ClusterAPI
import ClusterState
import Engine

/// A batch of events, sorted by the placement that each goes to: JSON lines, in the order in which they came.
struct EventLanes {
    struct Lane {
        /// Each line with its newline.
        var bytes: [UInt8] = []
        /// Where each line ends.
        var ends: [Int] = []
    }

    private let routing: EventRouting
    /// By the place among the group's placements.
    private(set) var lanes: [Int: Lane] = [:]

    init(_ routing: EventRouting) { self.routing = routing }

    mutating func append(_ event: EventBody) throws(APIError) {
        let pipeline = try self.routing.pipeline(for: event.eventType)
        let key = pipeline.partitionKey.flatMap { event.fields[$0] }
        self.append(APIJSON.encode(event)[...], at: try self.routing.place(in: pipeline, key: key))
    }

    /// Takes a text of events apart, in the notation of event files, JSON lines among them. One line that can't be read
    /// refuses the whole text, so that what was sent is never in doubt.
    mutating func append(_ text: String) throws(APIError) {
        var reader = EventFileReader()
        let bytes = Array(text.utf8)
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let event: Event?
            do throws(EventFileError) { event = try reader.read(line.span) } catch {
                throw .routing("line \(error.line): \(error.message)")
            }
            guard let event else { continue }
            let pipeline = try self.routing.pipeline(for: event.type)
            let key = try pipeline.partitionKey.flatMap { event.fields[$0] }.map(Self.json)
            // A line that is JSON goes on as it is: it may have a time of its own.
            let json = line.drop { $0 <= 0x20 }
            let isJSON = json.first == UInt8(ascii: "{")
            self.append(isJSON ? json : Self.line(event)[...], at: try self.routing.place(in: pipeline, key: key))
        }
    }

    private mutating func append(_ line: ArraySlice<UInt8>, at place: Int) {
        self.lanes[place, default: Lane()].append(line)
    }

    private static func line(_ event: Event) -> [UInt8] {
        var bytes = Array(#"{"event_type":"#.utf8)
        bytes += EventEncoder.json(.string(event.type))
        bytes += Array(#","fields":"#.utf8)
        bytes += EventEncoder.json(.map(event.fields))
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// The value as events in JSON have it, so that it hashes alike wherever it comes from.
    private static func json(_ value: Value) throws(APIError) -> JSONValue {
        do throws(BodyError) { return try JSONValue(parsing: EventEncoder.json(value)) } catch {
            throw .badBody(error)
        }
    }
}

extension EventLanes.Lane {
    /// What goes to a worker in one request: a line at least, and more only within these bounds.
    static let chunkLinesMax = 1_000
    static let chunkBytesMax = 256 << 10

    mutating func append(_ line: ArraySlice<UInt8>) {
        self.bytes += line
        self.bytes.append(UInt8(ascii: "\n"))
        self.ends.append(self.bytes.count)
    }

    /// The lines from that one on that go together.
    func chunk(from first: Int) -> (bytes: ArraySlice<UInt8>, count: Int) {
        let start = first == 0 ? 0 : self.ends[first - 1]
        var last = first
        while last + 1 < self.ends.count, last + 1 - first < Self.chunkLinesMax,
            self.ends[last + 1] - start <= Self.chunkBytesMax
        {
            last += 1
        }
        return (self.bytes[start..<self.ends[last]], last + 1 - first)
    }
}
