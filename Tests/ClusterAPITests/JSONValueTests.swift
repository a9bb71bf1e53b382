import ClusterAPI
import Testing

@Suite("JSONValue")
struct JSONValueTests {
    @Test("every kind of value survives, and keys come out sorted")
    func values() throws {
        let text =
            #"{"a":null,"b":true,"c":-9223372036854775808,"d":1.5,"e":"x/y","f":[1,"2",[]],"g":{"k":{}},"h":1e+300}"#
        let value = try JSONValue(parsing: text.utf8)
        #expect(
            value
                == .object([
                    "a": .null, "b": .bool(true), "c": .integer(.min), "d": .double(1.5), "e": .string("x/y"),
                    "f": .array([.integer(1), .string("2"), .array([])]), "g": .object(["k": .object([:])]),
                    "h": .double(1e300),
                ])
        )
        #expect(value.text == text)
        #expect(try JSONValue(parsing: " { \"b\" :\t1 ,\r\n\"a\":[ ] } ".utf8).text == #"{"a":[],"b":1}"#)
    }

    @Test(
        "a whole double is not an integer, coming or going",
        arguments: [
            ("7", .integer(7)), ("7.0", .double(7)), ("7e0", .double(7)), ("0.10", .double(0.1)),
            ("-0.5", .double(-0.5)),
            ("1E-2", .double(0.01)), ("9223372036854775807", .integer(.max)),
            ("18446744073709551616", .double(18_446_744_073_709_551_616)),
        ] as [(String, JSONValue)]
    )
    func numbers(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text.utf8) == value)
        #expect(try JSONValue(parsing: value.text.utf8) == value)
    }

    @Test("an event keeps its doubles on the way through")
    func event() throws {
        let text = #"{"event_type":"T","fields":{"n":7,"x":7.0}}"#
        let event: EventBody = try APIJSON.decode(from: text.utf8)
        #expect(event.fields == ["n": .integer(7), "x": .double(7)])
        #expect(String(decoding: APIJSON.encode(event), as: UTF8.self) == text)
    }

    @Test("what JSON has no number for is null")
    func notFinite() {
        #expect(JSONValue.array([.double(.nan), .double(.infinity)]).text == "[null,null]")
    }

    @Test(
        "escapes are read",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\u0041""#, "éA"), (#""\uD83E\uDD8A""#, "🦊"),
            (#""\uD83Ex""#, "\u{FFFD}x"), (#""\uDD8A""#, "\u{FFFD}"), (#""\uD83E\u0041""#, "\u{FFFD}A"),
            (#""🦊é""#, "🦊é"),
        ]
    )
    func escapes(text: String, string: String) throws {
        #expect(try JSONValue(parsing: text.utf8) == .string(string))
        #expect(try JSONValue(parsing: JSONValue.string(string).text.utf8) == .string(string))
    }

    @Test("control characters are escaped")
    func control() {
        #expect(JSONValue.string("a\u{1}\"\\\n\u{1f}/").text == #""a\u0001\"\\\n\u001f/""#)
    }

    @Test(
        "what is no JSON is refused",
        arguments: [
            "", " ", "{", "[", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "-", "1.", ".5", "1e", "+1",
            "tru", "nul", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\n\"", "1 2", "[1 2]", "NaN", "'a'", "[]]",
        ]
    )
    func invalid(text: String) {
        let error = #expect(throws: BodyError.self) { try JSONValue(parsing: text.utf8) }
        #expect(error?.message.hasPrefix("the body is not valid JSON (byte ") == true)
    }

    @Test("bytes that are no text, numbers without bounds and nesting without end are refused")
    func hostile() throws {
        #expect(throws: BodyError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: BodyError(message: "the number 1e999 is out of range")) { try JSONValue(parsing: "1e999".utf8) }
        let deep = { (levels: Int) in String(repeating: "[", count: levels) + String(repeating: "]", count: levels) }
        _ = try JSONValue(parsing: deep(64).utf8)
        #expect(throws: BodyError(message: "the body is nested more than 64 levels deep")) {
            try JSONValue(parsing: deep(65).utf8)
        }
        #expect(throws: BodyError.self) { try JSONValue(parsing: String(repeating: "[", count: 1_000_000).utf8) }
    }

    @Test("cuts and flipped bits of a valid text never do worse than being refused")
    func mutations() throws {
        let text = Array(#"{"event_type":"T","fields":{"a":[1,-2.5e3,"x\u00e9\n",null,true]}}"#.utf8)
        for index in text.indices {
            #expect(throws: BodyError.self) { try JSONValue(parsing: text[..<index]) }
            for bit in 0..<8 {
                var flipped = text
                flipped[index] ^= 1 << UInt8(bit)
                // Both outcomes are right; what is read must also be written so that it reads back.
                guard let value = try? JSONValue(parsing: flipped) else { continue }
                #expect(try JSONValue(parsing: value.text.utf8) == value)
            }
        }
    }

    @Test(
        "a body with the wrong shape says what is wrong",
        arguments: [
            ("[]", "the body has the wrong type"), ("{}", "missing field `event_type`"),
            (#"{"event_type":null}"#, "missing field `event_type`"),
            (#"{"event_type":1}"#, "field `event_type` has the wrong type"),
            (#"{"event_type":"T","fields":[]}"#, "field `fields` has the wrong type"),
        ]
    )
    func shapes(body: String, message: String) {
        #expect(throws: BodyError(message: message)) { try APIJSON.decode(EventBody.self, from: body.utf8) }
    }

    @Test("counts out of range are refused")
    func counts() {
        let body = #"{"accepted":-1,"output_events":[],"processing_time_us":-1}"#
        #expect(throws: BodyError(message: "field `processing_time_us` is out of range")) {
            try APIJSON.decode(EventsBatchResponse.self, from: body.utf8)
        }
    }
}
