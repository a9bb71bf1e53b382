import Testing
import VPL

@testable import Engine

/// What is too much is cut where a frame is written, as it is where JSON is read, and refused where one is read.
@Suite("Limits on frames of events")
struct EventFrameLimitsTests {
    private func deep(_ levels: Int) -> Value { (0..<levels).reduce(1) { value, _ in .array([value]) } }

    /// Whether the writer needs no other frame for the event.
    private func isTaken(_ event: Event, _ writer: inout EventFrameWriter) -> Bool { writer.append(event) == nil }

    @Test("a writer cuts as the reader of JSON does")
    func cuts() throws {
        let long = String(repeating: "é", count: EventLimits.stringBytesMax / 2) + "x"
        var many = Fields([("first", .string("é" + long))])
        for number in 0..<1100 { many["f\(number)"] = .int(Int64(number)) }
        let events = [
            Event(type: "E", timestamp: 5, fields: ["a": .string("x" + long), "b": .array([.string(long)])]),
            Event(type: "E", timestamp: 5, fields: many),
            Event(type: "E", timestamp: 5, fields: ["a": self.deep(32), "b": .map(["m": self.deep(32)])]),
            Event(type: "E", timestamp: 5, fields: ["a": .array(Array(repeating: 1, count: 10_001))]),
            Event(type: "E", timestamp: 5, fields: [long: 1]),
        ]
        var writer = EventFrameWriter()
        for event in events {
            #expect(self.isTaken(event, &writer))
            var cuts = EventCuts()
            let fields = EventEncoder.json(.map(event.fields))
            let json = Array(#"{"type":"E","timestamp":0,"data":"#.utf8) + fields + Array("}".utf8)
            let expected = try EventDecoder.decode(json.span, defaultType: nil, arrival: 5, cuts: &cuts)
            let finished = writer.finish()
            let events = try EventFrame.decode(try #require(finished))
            let decoded = try #require(events.first)
            #expect(decoded.fields.entries.map(\.name) == expected.fields.entries.map(\.name))
            #expect(Value.map(decoded.fields) == .map(expected.fields))
            #expect(writer.cuts == cuts)
            writer = EventFrameWriter()
        }
    }

    @Test("an event larger than a payload may be is left out, and counted")
    func tooLarge() throws {
        let text = Value.string(String(repeating: "x", count: 200_000))
        let large = Event(type: "E", timestamp: 1, fields: Fields((0..<6).map { ("f\($0)", text) }))
        let small = Event(type: "E", timestamp: 1, fields: ["a": 1])
        var writer = EventFrameWriter()
        for event in [small, large, small] { #expect(self.isTaken(event, &writer)) }
        #expect(writer.leftOut == 1)
        #expect(writer.count == 2)
        let (frame, nothing) = (writer.finish(), writer.finish())
        #expect(try EventFrame.decode(try #require(frame)).count == 2)
        #expect(nothing == nil)
    }

    @Test("a frame ends before it is too large")
    func split() throws {
        let text = Value.string(String(repeating: "é", count: 100_000))
        let events = (0..<100).map {
            Event(type: "E", timestamp: Int64($0), fields: ["a": text, "n": .int(Int64($0))])
        }
        let frames = EventFrame.encode(events)
        #expect(frames.count == 3)
        #expect(frames.allSatisfy { $0.count <= EventFrame.bytesMax })
        #expect(try frames.flatMap { try EventFrame.decode($0) }.map(\.timestamp) == events.map(\.timestamp))
    }
}
