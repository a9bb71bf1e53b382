import NIOCore
import Testing

@testable import Worker

@Suite struct IntakeTests {
    // MARK: - Lines

    private static func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    @Test func `small chunks are given up with their whole lines, and the rest stays`() {
        var pieces = LinePieces()
        #expect(pieces.add(ByteBuffer(string: "{\"a\"")) == nil)
        #expect(Self.text(pieces.add(ByteBuffer(string: ":1}\n{\"b\":2}\n{"))) == "{\"a\":1}\n{\"b\":2}\n")
        #expect(pieces.add(ByteBuffer()) == nil)
        #expect(Self.text(pieces.add(ByteBuffer(string: "}\n"))) == "{}\n")
        #expect(Self.text(pieces.finish()) == nil)
        _ = pieces.add(ByteBuffer(string: "last"))
        #expect(Self.text(pieces.finish()) == "last")
    }

    @Test func `where the end is near, small chunks wait for it`() {
        var pieces = LinePieces(endIsNear: true)
        #expect(pieces.add(ByteBuffer(string: "a\n")) == nil)
        #expect(pieces.add(ByteBuffer(string: "b\n")) == nil)
        #expect(Self.text(pieces.finish()) == "a\nb\n")
    }

    @Test(arguments: [1, 2, 3, 7, 100, 16_383, 16_384, 60_000, 300_000])
    func `whatever the chunks are, the pieces are the text`(size: Int) {
        let line = String(repeating: "x", count: 98) + "\n"
        // Chunks of single bytes take long, and show no more than a short text does.
        let text = Array(String(repeating: line, count: size < 100 ? 30 : 9_000).utf8)
        var pieces = LinePieces()
        var seen: [UInt8] = []
        var largest = 0
        var start = 0
        while start < text.count {
            let end = min(start + size, text.count)
            if let piece = pieces.add(ByteBuffer(bytes: text[start..<end])) {
                #expect(piece.last == UInt8(ascii: "\n"))
                largest = max(largest, piece.count)
                seen += piece
            }
            start = end
        }
        seen += pieces.finish() ?? []
        #expect(seen == text)
        #expect(largest <= LinePieces.pieceBytes + size + line.utf8.count)
    }

    @Test func `a line that is too long is counted and passed over without being held`() {
        var pieces = LinePieces()
        _ = pieces.add(ByteBuffer(string: "a\n"))
        var seen: [UInt8] = []
        for _ in 0..<80 { seen += pieces.add(ByteBuffer(repeating: UInt8(ascii: "x"), count: 32_768)) ?? [] }
        #expect(pieces.longLines == 1)
        seen += pieces.add(ByteBuffer(string: "still\nb\n")) ?? []
        seen += pieces.finish() ?? []
        #expect(Self.text(seen) == "b\n")
    }

    // MARK: - A document

    private static func places(_ text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        return try EventArrayReader.places(in: bytes.span).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    @Test func `events are found where they are`() throws {
        #expect(try Self.places(#"{"events":[]}"#) == [])
        let first = #"{"event_type":"A","fields":{"x":[1,{"y":"}]\"\\é\n"}]}}"#
        let second = #"{ "type" : "B", "n":-0.5e+3, "b":true,"c":null }"#
        #expect(try Self.places(#" {"a":[{}],"events": [ \#(first) ,\#(second)] , "z":"events"} "#) == [first, second])
        #expect(try Self.places(#"{"events":[\#(first)],"events":[\#(second)]}"#) == [second])
    }

    @Test(arguments: [
        "", "[]", "{", "{}", #"{"events":{}}"#, #"{"events":[1]}"#, #"{"events":[{}]}"#, #"{"events":[]"#,
        #"{"events":[{"event_type":1}]}"#, #"{"events":[{"event_type":"A","fields":[]}]}"#, #"{"events":[]}x"#,
        #"{"events":[{"event_type":"A"},]}"#, #"{"events":[{"event_type":"A",}]}"#, #"{"events":[{"event_type":"A}]}"#,
        #"{"events":[{"event_type":"\x"}]}"#, #"{"events":[{"event_type":"\u12"}]}"#, #"{"events":[],"a":01}"#,
        #"{"events":[],"a":.5}"#, #"{"events":[],"a":1.}"#, #"{"events":[],"a":+1}"#, #"{"events":[],"a":tru}"#,
        #"{"events":[],"a":"\#u{1}"}"#, "{\"events\":[],\"a\":\(String(repeating: "[", count: 100_000))",
    ])
    func `what is no document of events is refused`(text: String) {
        #expect(throws: EventArrayReader.Refusal.self) { try Self.places(text) }
    }

    @Test func `documents cut or changed anywhere are refused or read, and nothing else`() throws {
        let text = Array(#"{"events":[{"event_type":"A","fields":{"x":"\u00e9","y":[1.5e3,null]}},{"type":"B"}]}"#.utf8)
        for end in 0..<text.count {
            let part = Array(text[..<end])
            #expect(throws: EventArrayReader.Refusal.self) { try EventArrayReader.places(in: part.span) }
        }
        for place in text.indices {
            for byte in [UInt8(ascii: "\""), UInt8(ascii: "}"), UInt8(ascii: "\\"), 0, 0xFF, UInt8(ascii: "[")] {
                var changed = text
                changed[place] = byte
                guard let places = try? EventArrayReader.places(in: changed.span) else { continue }
                for range in places { #expect(range.lowerBound < range.upperBound && range.upperBound < text.count) }
            }
        }
    }

    // MARK: - Memory

    @Test func `bodies wait for room in their order, and no longer than they have time`() async {
        let budget = ByteBudget(bytes: 10)
        let holds = Promise<Void>()
        async let first = budget.hold(10, within: .seconds(20)) { await holds.value() != nil }
        // Its turn comes when the first is through; that the first got in before is seen by the refusal of a third.
        while await budget.hold(1, within: .zero, { true }) == true { await Task.yield() }
        async let second = budget.hold(10, within: .seconds(20)) { true }
        holds.fulfil(())
        #expect(await first == true)
        #expect(await second == true)
        #expect(await budget.hold(10, within: .zero) { true } == true)
        #expect(await budget.hold(11, within: .zero) { true } == nil)
    }

    @Test func `those behind one that waited too long get the room that it did not find`() async {
        let budget = ByteBudget(bytes: 10)
        let holds = Promise<Void>()
        async let first = budget.hold(6, within: .seconds(20)) { await holds.value() != nil }
        while await budget.hold(6, within: .zero, { true }) == true { await Task.yield() }
        async let large = budget.hold(8, within: .seconds(1)) { true }
        // Whoever comes while it waits is behind it.
        let deadline = ContinuousClock.now + .seconds(1)
        while .now < deadline, await budget.hold(1, within: .zero, { true }) == true { await Task.yield() }
        async let small = budget.hold(4, within: .seconds(20)) { true }
        #expect(await large == nil)
        #expect(await small == true)
        holds.fulfil(())
        #expect(await first == true)
    }
}
