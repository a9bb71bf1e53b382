import Engine
import Testing

@Suite("Event decoder")
struct EventDecoderTests {
    private func decode(_ text: String, defaultType: String? = nil) throws -> Event {
        try EventDecoder.decode(Array(text.utf8), defaultType: defaultType, arrival: 42)
    }

    @Test("takes the fields of the envelope, or all members but the type")
    func envelopes() throws {
        #expect(try self.decode(#"{"type":"A","data":{"x":1},"y":2}"#).fields.text == "{x: 1}")
        #expect(try self.decode(#"{"type":"A","fields":{"x":1}}"#).fields.text == "{x: 1}")
        #expect(try self.decode(#"{"type":"A","x":1,"y":[2]}"#).fields.text == "{x: 1, y: [2]}")
        #expect(try self.decode(#"{"event_type":"A","type":"b","data":1}"#).fields.text == "{type: \"b\", data: 1}")
    }

    @Test("takes the time from text or milliseconds, and else the arrival")
    func timestamps() throws {
        #expect(try self.decode(#"{"type":"A","timestamp":-1500}"#).timestamp == -1_500_000_000)
        #expect(try self.decode(#"{"type":"A","timestamp":"1970-01-01T00:00:01.5+00:00"}"#).timestamp == 1_500_000_000)
        #expect(try self.decode(#"{"type":"A","timestamp":"yesterday"}"#).timestamp == 42)
        #expect(try self.decode(#"{"type":"A","timestamp":9223372036854775807}"#).timestamp == 42)
        #expect(try self.decode(#"{"type":"A","timestamp":1}"#).fields["timestamp"] == 1)
    }

    @Test("takes the given type where the object names none, and else refuses it")
    func types() throws {
        #expect(try self.decode(#"{"x":1}"#, defaultType: "T").type == "T")
        #expect(throws: EventDecodingError.self) { try self.decode(#"{"x":1}"#) }
        #expect(throws: EventDecodingError.self) { try self.decode(#"{"event_type":5}"#) }
    }

    @Test("reads numbers exactly, and those beyond 64 bits as floats")
    func numbers() throws {
        let text = #"{"type":"A","v":[9223372036854775807,-9223372036854775808,9223372036854775808,-0,1e3,0.5,1e999]}"#
        let expected: [Value] = [
            .int(.max), .int(.min), .float(0x1p63), 0, 1000.0, 0.5, .float(.infinity),
        ]
        #expect(try self.decode(text).fields["v"] == .array(expected))
    }

    @Test("reads strings with escapes, surrogates and any script")
    func strings() throws {
        let event = try self.decode(#"{"type":"A","v":"a\"\\\/\n\u00e9\ud83d\ude00\ud800x日"}"#)
        #expect(event.fields["v"] == .string("a\"\\/\né😀\u{FFFD}x日"))
    }

    @Test(
        "refuses what is no object of JSON",
        arguments: [
            "", "[]", "1", "{", "{}x", #"{"a":}"#, #"{"a":1,}"#, #"{a:1}"#, #"{"a":01}"#, #"{"a":1.}"#, #"{"a":-}"#,
            #"{"a":tru}"#, #"{"a":"x}"#, #"{"a":"\x"}"#, #"{"a":"\u12"}"#, #"{"a":[1,]}"#, #"{"a" 1}"#,
            "{\"a\":\"\u{1}\"}",
            #"{"type":"A","a":[1}"#,
        ]
    )
    func malformed(text: String) {
        #expect(throws: EventDecodingError.self) { try self.decode(text, defaultType: "T") }
    }

    @Test("refuses bytes that are not UTF-8")
    func encoding() {
        let bytes = Array(#"{"type":"A","v":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)
        #expect(throws: EventDecodingError.self) { try EventDecoder.decode(bytes, defaultType: nil, arrival: 0) }
    }

    @Test("cuts what is too deep, too long or too many, and refuses what is too large")
    func limits() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        for envelope in ["", #""data":{"#] {
            let close = envelope.isEmpty ? "}" : "}}"
            let deepest = try self.decode(#"{"type":"A",\#(envelope)"v":\#(nested(32))\#(close)"#).fields["v"]
            #expect(deepest?.text == nested(32))
            let tooDeep = try self.decode(#"{"type":"A",\#(envelope)"v":\#(nested(33))\#(close)"#).fields["v"]
            #expect(tooDeep?.text == nested(32).replacing("[]", with: "[null]"))
        }
        #expect(throws: Never.self) { try self.decode(#"{"type":"A","v":\#(nested(200_000))}"#) }

        let long = String(repeating: "é", count: 200_000)
        let cut = try self.decode(#"{"type":"A","v":"x\#(long)"}"#).fields["v"]?.text
        #expect(cut?.utf8.count == 262_143)
        let items = Array(repeating: "1", count: 20_000).joined(separator: ",")
        #expect(try self.decode(#"{"type":"A","v":[\#(items)]}"#).fields["v"]?.text.count == 30_000)
        let members = (0..<2000).map { "\"m\($0)\":1" }.joined(separator: ",")
        #expect(try self.decode(#"{"type":"A",\#(members)}"#).fields.count == 1024)
        #expect(throws: EventDecodingError.self) { try self.decode(#"{"type":"\#(long)\#(long)\#(long)"}"#) }
    }

    @Test("counts what it cuts")
    func cuts() throws {
        let long = String(repeating: "x", count: 300_000)
        let items = Array(repeating: "1", count: 10_001).joined(separator: ",")
        let deep = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
        let members = (0..<1030).map { "\"m\($0)\":1" }.joined(separator: ",")
        var cuts = EventCuts()
        for text in [
            #"{"type":"A","v":"\#(long)"}"#, #"{"type":"A","v":[\#(items)]}"#, #"{"type":"A","v":\#(deep)}"#,
            #"{"type":"A",\#(members)}"#, #"{"type":"A","v":1}"#,
        ] {
            _ = try EventDecoder.decode(Array(text.utf8).span, defaultType: nil, arrival: 0, cuts: &cuts)
        }
        #expect((cuts.strings, cuts.arrays, cuts.nested, cuts.events) == (1, 1, 1, 1))
        var reader = EventFileReader()
        for line in ["A { v: '\(long)' }", "A { v: \(long) }", "A { v: [\(items)] }", "A {}"] {
            _ = try reader.read(Array(line.utf8))
        }
        #expect((reader.cuts.strings, reader.cuts.arrays, reader.cuts.total) == (2, 1, 3))
    }

    @Test("never traps on damaged payloads")
    func damage() {
        var generator = SeededGenerator(seed: 7)
        let original = Array(#"{"event_type":"A","data":{"a":[1,2.5e3,{"b":"\u00e9\n"}],"c":null,"d":true}}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let position = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[position] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: position)
                default: bytes.insert(bytes.randomElement(using: &generator) ?? 0, at: position)
                }
            }
            _ = try? EventDecoder.decode(bytes, defaultType: "T", arrival: 0)  // only a trap would be a failure
            var reader = EventFileReader()
            _ = try? reader.read(bytes)  // likewise
        }
    }
}

@Suite("Event file reader")
struct EventFileReaderTests {
    private func read(_ lines: [String]) throws -> [Event] {
        var reader = EventFileReader()
        return try lines.compactMap { try reader.read(Array($0.utf8)) }
    }

    @Test("knows offsets from the start, for the rest of the file or one line")
    func offsets() throws {
        let events = try self.read([
            "A {}", "BATCH 100", "A {}", "@2s A {}", "@250ms A {}", "@7 A {}", "@1m A()", "@1h A {}", "BATCH 50",
            "A {};\r",
            #"{"type":"A"}"#,
        ])
        let milliseconds: [Int64] = [0, 100, 2000, 250, 7, 60_000, 3_600_000, 50, 50]
        #expect(events.map { $0.timestamp / 1_000_000 } == milliseconds)
    }

    @Test("reads values in all notations")
    func values() throws {
        let line =
            #"A { a: 1, b: -2.5, c: active user , d: 'it\'s', e: [1, [x]], f: {k: v, "q r": nil}, g: nan, h: 1e2 }"#
        let text = try #require(try self.read([line]).first).fields.text
        #expect(
            text
                == #"{a: 1, b: -2.5, c: "active user", d: "it's", e: [1, ["x"]], f: {k: "v", q r: null}, g: "nan", h: 100}"#
        )
        #expect(try self.read(["A(1, \"b, c\")"]).first?.fields.text == #"{field_0: 1, field_1: "b, c"}"#)
    }

    @Test(
        "says of what kind a line is that it refuses",
        arguments: [
            ("A { v: 1", "truncated"), (#"{"type":"A","v":"x"#, "truncated"), (#"{"type":"A","v":tr"#, "truncated"),
            (#"{"type":"A","v":trux}"#, "malformed"), ("A ? v", "malformed"), (#"{"v":1}"#, "missing_type"),
            (#"{"type":"A"} x"#, "malformed"), ("A { v: '\u{0}' }", ""),
            ("A { v: " + String(repeating: "[", count: 40), "too_deep"),
            ("A { v: '" + String(repeating: "x", count: 1 << 20) + "'}", "too_large"),
        ]
    )
    func codes(line: String, code: String) {
        var reader = EventFileReader()
        var found = ""
        do throws(EventFileError) {
            _ = try reader.read(Array(line.utf8))
        } catch {
            found = error.code.rawValue
        }
        #expect(found == code)
    }

    @Test("refuses what is not UTF-8", arguments: ["A { v: 'é' }", #"{"type":"A","v":"é"}"#])
    func notUTF8(line: String) {
        // The first of two bytes alone.
        let bytes = line.utf8.filter { $0 != 0xA9 }
        var reader = EventFileReader()
        let error = #expect(throws: EventFileError.self) { try reader.read(bytes) }
        #expect(error?.code == .notUTF8)
    }

    @Test(
        "names the line of what it cannot read",
        arguments: [
            "A", "A {", "A { a }", "A { a: }", "A { a: 1 } b", "A { a: \"x }", "{}", "?", "BATCH x", "@x A {}",
            "A { : 1 }",
            "A(1", "A { a: [1 }", "12",
        ]
    )
    func errors(line: String) {
        var reader = EventFileReader()
        #expect(throws: Never.self) { try reader.read(Array("# comment".utf8)) }
        let error = #expect(throws: EventFileError.self) { try reader.read(Array(line.utf8)) }
        #expect((line == "12" ? 2 : error?.line) == 2)
    }
}

@Suite("Event encoder")
struct EventEncoderTests {
    private let event = Event(
        type: "A\"b",
        timestamp: 1_234_500_000_000,
        fields: [
            "f": 3.0, "i": 3, "inf": .float(.infinity), "d": .duration(5), "t": .timestamp(-1), "s": "a\u{1}\n\\é",
            "m": .map(["k": .array([.null, true])]), "timestamp": 5,
        ]
    )

    @Test("writes output lines with the fields by themselves")
    func outputLine() {
        let line = String(decoding: EventEncoder.outputLine(self.event), as: UTF8.self)
        #expect(
            line == #"{"event_type":"A\"b","timestamp":"1970-01-01T00:20:34.5Z","fields":{"f":3.0,"i":3,"inf":null,"#
                + #""d":5,"t":"1969-12-31T23:59:59.999999999Z","s":"a\u0001\n\\é","m":{"k":[null,true]},"timestamp":5}}"#
        )
    }

    @Test("writes flat payloads in which no name appears twice")
    func payload() {
        let event = Event(type: "A", timestamp: 0, fields: ["timestamp": 5, "v": 1, "event_type": "x"])
        let payload = String(decoding: EventEncoder.sinkPayload(event), as: UTF8.self)
        #expect(payload == #"{"event_type":"A","timestamp":"1970-01-01T00:00:00Z","v":1}"#)
    }
}
